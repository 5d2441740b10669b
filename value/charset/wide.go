package charset

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// decoder reads one character. With a reason the n bytes mean nothing.
type decoder func(data []byte) (r rune, n int, reason string)

// encoder appends one character, or says that it has none.
type encoder func(dst []byte, r rune) ([]byte, bool)

// wide are the codecs that need no table.
func wide(name string) *Codec {
	switch name {
	case "utf_8":
		return &Codec{name: "utf-8", decode: utf8Decode, encode: utf8Encode}
	case "utf_8_sig":
		return &Codec{name: "utf-8", decode: utf8Decode, encode: utf8Encode, mark: []byte("\xef\xbb\xbf")}
	case "utf_16":
		return &Codec{name: "utf-16", encode: utf16Encode(binary.LittleEndian), mark: []byte("\xff\xfe"), bom: true}
	case "utf_16_le":
		return &Codec{name: "utf-16-le", decode: utf16Decode(binary.LittleEndian), encode: utf16Encode(binary.LittleEndian)}
	case "utf_16_be":
		return &Codec{name: "utf-16-be", decode: utf16Decode(binary.BigEndian), encode: utf16Encode(binary.BigEndian)}
	case "utf_32":
		return &Codec{name: "utf-32", encode: utf32Encode(binary.LittleEndian), mark: []byte("\xff\xfe\x00\x00"), bom: true}
	case "utf_32_le":
		return &Codec{name: "utf-32-le", decode: utf32Decode(binary.LittleEndian), encode: utf32Encode(binary.LittleEndian)}
	case "utf_32_be":
		return &Codec{name: "utf-32-be", decode: utf32Decode(binary.BigEndian), encode: utf32Encode(binary.BigEndian)}
	case "ascii":
		return &Codec{name: "ascii", decode: below(0x80), encode: upTo(0x80)}
	case "latin_1", "iso8859_1":
		return &Codec{name: "latin-1", decode: below(0x100), encode: upTo(0x100)}
	}
	return nil
}

// ordered reads the mark that says in which order bytes stand, and returns the codec for that order and where the text begins. Without a mark
// they stand as on this kind of machine, the small one first.
func (c *Codec) ordered(data []byte) (of *Codec, at int) {
	if c.name == "utf-16" {
		switch {
		case bytes.HasPrefix(data, []byte("\xff\xfe")):
			return wide("utf_16_le"), 2
		case bytes.HasPrefix(data, []byte("\xfe\xff")):
			return wide("utf_16_be"), 2
		}
		return wide("utf_16_le"), 0
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")):
		return wide("utf_32_le"), 4
	case bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return wide("utf_32_be"), 4
	}
	return wide("utf_32_le"), 0
}

func below(limit rune) decoder {
	return func(data []byte) (rune, int, string) {
		if r := rune(data[0]); r < limit {
			return r, 1, ""
		}
		return 0, 1, "ordinal not in range(128)"
	}
}

func upTo(limit rune) encoder {
	return func(dst []byte, r rune) ([]byte, bool) {
		if r >= limit {
			return dst, false
		}
		return append(dst, byte(r)), true //nolint:gosec // it is below 256
	}
}

func utf8Encode(dst []byte, r rune) ([]byte, bool) { return utf8.AppendRune(dst, r), true }

// utf8Decode takes as much as could have begun a character for one error, as Unicode recommends.
func utf8Decode(data []byte) (rune, int, string) {
	if data[0] < utf8.RuneSelf {
		return rune(data[0]), 1, ""
	}
	if r, n := utf8.DecodeRune(data); n > 1 {
		return r, n, ""
	}
	low, high := byte(0x80), byte(0xBF)
	var length int
	switch first := data[0]; {
	case first >= 0xC2 && first <= 0xDF:
		length = 2
	case first == 0xE0:
		length, low = 3, 0xA0
	case first == 0xED:
		length, high = 3, 0x9F
	case first >= 0xE1 && first <= 0xEF:
		length = 3
	case first == 0xF0:
		length, low = 4, 0x90
	case first == 0xF4:
		length, high = 4, 0x8F
	case first >= 0xF1 && first <= 0xF3:
		length = 4
	default:
		return 0, 1, "invalid start byte"
	}
	n := 1
	for ; n < length && n < len(data); n++ {
		if data[n] < low || data[n] > high {
			return 0, n, "invalid continuation byte"
		}
		low, high = 0x80, 0xBF
	}
	return 0, n, "unexpected end of data"
}

func utf16Decode(order binary.ByteOrder) decoder {
	return func(data []byte) (rune, int, string) {
		if len(data) < 2 {
			return 0, len(data), "truncated data"
		}
		first := rune(order.Uint16(data))
		switch {
		case !utf16.IsSurrogate(first):
			return first, 2, ""
		case first >= 0xDC00:
			return 0, 2, "illegal encoding"
		case len(data) < 4:
			return 0, len(data), "unexpected end of data"
		}
		if r := utf16.DecodeRune(first, rune(order.Uint16(data[2:]))); r != utf8.RuneError {
			return r, 4, ""
		}
		return 0, 2, "illegal UTF-16 surrogate"
	}
}

func utf16Encode(order binary.AppendByteOrder) encoder {
	return func(dst []byte, r rune) ([]byte, bool) {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			return order.AppendUint16(order.AppendUint16(dst, uint16(high)), uint16(low)), true //nolint:gosec // surrogates have 16 bits
		}
		return order.AppendUint16(dst, uint16(r)), true //nolint:gosec // it has 16 bits
	}
}

func utf32Decode(order binary.ByteOrder) decoder {
	return func(data []byte) (rune, int, string) {
		if len(data) < 4 {
			return 0, len(data), "truncated data"
		}
		switch x := order.Uint32(data); {
		case x > 0x10FFFF:
			return 0, 4, "code point not in range(0x110000)"
		case x >= 0xD800 && x <= 0xDFFF:
			return 0, 4, "code point in surrogate code point range(0xd800, 0xe000)"
		default:
			return rune(x), 4, ""
		}
	}
}

func utf32Encode(order binary.AppendByteOrder) encoder {
	return func(dst []byte, r rune) ([]byte, bool) {
		return order.AppendUint32(dst, uint32(r)), true //nolint:gosec // a rune of a text is not negative
	}
}
