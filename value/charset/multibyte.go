package charset

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// multibyte are the East Asian codecs. Where Python has several of a family, as shift_jis and cp932, the larger one serves for both.
func multibyte(name string) *Codec {
	var e encoding.Encoding
	switch name {
	case "gbk", "gb2312":
		e = simplifiedchinese.GBK
	case "gb18030":
		e = simplifiedchinese.GB18030
	case "big5":
		e = traditionalchinese.Big5
	case "shift_jis", "cp932":
		e = japanese.ShiftJIS
	case "euc_jp":
		e = japanese.EUCJP
	case "euc_kr", "cp949":
		e = korean.EUCKR
	default:
		return nil
	}
	return &Codec{name: name, decode: asianDecode(e.NewDecoder()), encode: asianEncode(e.NewEncoder())}
}

// maxAsian is how many bytes a character has at most.
const maxAsian = 4

func asianDecode(d *encoding.Decoder) decoder {
	return func(data []byte) (rune, int, string) {
		if data[0] < utf8.RuneSelf {
			return rune(data[0]), 1, ""
		}
		for n := 1; n <= min(maxAsian, len(data)); n++ {
			text, err := d.Bytes(data[:n])
			if r, size := utf8.DecodeRune(text); err == nil && size == len(text) && r != utf8.RuneError {
				return r, n, ""
			}
		}
		return 0, 1, "illegal multibyte sequence"
	}
}

func asianEncode(e *encoding.Encoder) encoder {
	return func(dst []byte, r rune) ([]byte, bool) {
		if r < utf8.RuneSelf {
			return append(dst, byte(r)), true //nolint:gosec // it is below 128
		}
		data, err := e.Bytes(utf8.AppendRune(nil, r))
		if err != nil {
			return dst, false
		}
		return append(dst, data...), true
	}
}
