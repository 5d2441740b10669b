package value

import "casare"

// ParseJSON reads one JSON value: 15 stays an int and 15.0 a float, keys keep their order (of equal keys the last value wins, in
// the first one's place), integers have no upper bound but MaxIntBits. Refused, with the place: nesting deeper than MaxDepth,
// text that is not UTF-8, NaN and infinities, numbers a float64 cannot hold, anything after the value.
// An object {"$bytes": base64} is Bytes, {"$float": "nan"}, "inf" or "-inf" that number and {"$handle": {"kind", "id"}} a Handle. The caller caps the length of b.
func ParseJSON(b []byte) (Value, error) {
	p := jsonParser{src: b}
	return p.document()
}

// JSON returns v as JSON; see AppendJSON.
func JSON(v Value) ([]byte, error) { return AppendJSON(nil, v) }

// AppendJSON appends v as JSON to dst, so that ParseJSON reads the same kinds again: a float always has a point or an exponent.
// Bytes are written {"$bytes": base64}, what JSON has no number for {"$float": "nan"}, a Handle {"$handle": …}, a Secret "***", an int key of a dict as its digits; bytes of a
// text that are no UTF-8 become U+FFFD. Nesting deeper than MaxDepth is refused.
func AppendJSON(dst []byte, v Value) ([]byte, error) { return appendJSON(dst, v, 0) }

// EncodeCBOR returns v as CBOR that DecodeCBOR turns into an equal value of the same kinds and key order. A secret is refused.
func EncodeCBOR(v Value) ([]byte, error) { return cborWriter{}.append(nil, v, 0) }

// EncodeSealed is EncodeCBOR for values that may hold secrets: the text of each goes through seal. Who can open what seal returns
// can read the secrets; nobody else can.
func EncodeSealed(v Value, seal func(text string) ([]byte, error)) ([]byte, error) {
	return cborWriter{seal: seal}.append(nil, v, 0)
}

// AppendSealed is EncodeSealed to the end of dst; without seal a secret is refused. On an error what it returns is of no use.
func AppendSealed(dst []byte, v Value, seal func(text string) ([]byte, error)) ([]byte, error) {
	return cborWriter{seal: seal}.append(dst, v, 0)
}

// DecodeSealed reads what EncodeSealed wrote; open undoes seal. Its error is returned, as one of CodeInvalid.
func DecodeSealed(b []byte, open func(sealed []byte) (string, error)) (Value, error) {
	p := cborParser{src: b, open: open}
	return p.document()
}

// DecodeCBOR reads what EncodeCBOR wrote. The input may come from another robot: lengths are checked against what is there
// before anything is allocated, and whatever EncodeCBOR never writes is refused.
func DecodeCBOR(b []byte) (Value, error) {
	p := cborParser{src: b}
	return p.document()
}

func errDepth() error {
	return casare.Errorf(casare.CodeInvalid, "the value nests deeper than %d levels", MaxDepth)
}
