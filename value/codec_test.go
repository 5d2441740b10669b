package value_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/value"
)

// values draws any value; plain leaves out what JSON cannot hold.
func values(plain bool) *rapid.Generator[value.Value] {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z$é☕"\\\n]{0,6}`))
	float := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{15, 0, math.Copysign(0, -1), 1e16, 1e-5, 5e-324, math.MaxFloat64, 0.1}))
	if !plain {
		float = rapid.OneOf(float, rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1)}))
	}
	leaf := rapid.OneOf(
		rapid.Just[value.Value](nil),
		rapid.Map(rapid.Bool(), func(b bool) value.Value { return b }),
		rapid.Map(rapid.Int64(), func(i int64) value.Value { return i }),
		rapid.Map(float, func(f float64) value.Value { return f }),
		rapid.Map(text, func(s string) value.Value { return s }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) value.Value { return value.Bytes(b) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 8, 40), func(b []byte) value.Value {
			x := new(big.Int).SetBytes(b)
			if b[0]&1 == 0 {
				x.Neg(x)
			}
			return value.Int(x)
		}),
		rapid.Custom(func(t *rapid.T) value.Value { return value.Handle{Kind: text.Draw(t, "kind"), ID: text.Draw(t, "id")} }),
	)
	var tree func(depth int) *rapid.Generator[value.Value]
	tree = func(depth int) *rapid.Generator[value.Value] {
		if depth == 0 {
			return leaf
		}
		inner := tree(depth - 1)
		return rapid.OneOf(
			leaf,
			rapid.Map(rapid.SliceOfN(inner, 0, 12), func(items []value.Value) value.Value { return value.List(append([]value.Value{}, items...)) }),
			rapid.Custom(func(t *rapid.T) value.Value {
				b := value.NewDict()
				for range rapid.IntRange(0, 12).Draw(t, "len") {
					if !plain && rapid.Bool().Draw(t, "int key") {
						b.Set(rapid.Int64().Draw(t, "key"), inner.Draw(t, "value"))
						continue
					}
					b.Set("k"+text.Draw(t, "key"), inner.Draw(t, "value")) // k: no key is $bytes
				}
				return b.Dict()
			}),
		)
	}
	return tree(3)
}

func TestJSONKeepsEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := values(true).Draw(t, "v")
		raw, err := value.JSON(v)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(raw) {
			t.Fatalf("no JSON: %s", raw)
		}
		got, err := value.ParseJSON(raw)
		if err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		if value.Repr(v) != value.Repr(got) { // prints kinds, order and signs of zero
			t.Fatalf("%s became %s", value.Repr(v), value.Repr(got))
		}
	})
}

func TestCBORKeepsEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := values(false).Draw(t, "v")
		raw, err := value.EncodeCBOR(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := cbor.Wellformed(raw); err != nil {
			t.Fatalf("no CBOR: %v %x", err, raw)
		}
		got, err := value.DecodeCBOR(raw)
		if err != nil {
			t.Fatalf("%v: %x", err, raw)
		}
		if value.Repr(v) != value.Repr(got) {
			t.Fatalf("%s became %s", value.Repr(v), value.Repr(got))
		}
	})
}

func TestJSONReads(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`15`: "15", `15.0`: "15.0", `-0`: "0", `-0.0`: "-0.0", `1e2`: "100.0", `1E-7`: "1e-07", `12345678901234567890`: "12345678901234567890",
		` [ 1 , "a" , null , true , false ] `: "[1, 'a', None, True, False]", `{"b":1,"a":2,"b":3}`: "{'b': 3, 'a': 2}", `{}`: "{}", `[]`: "[]",
		`"\u00e9\ud83d\ude00\n\/"`: "'é😀\\n/'", `"\ud83d"`: "'\ufffd'", `"\ud83dx"`: "'\ufffdx'", `"\ude00"`: "'\ufffd'", `"☕"`: "'☕'", `"\ud83d\u0041"`: "'\ufffdA'",
		`{"$bytes":"YWI="}`: "b'ab'", `{"$bytes":"?"}`: "{'$bytes': '?'}", `{"$bytes":"YQ==","x":1}`: "{'$bytes': 'YQ==', 'x': 1}",
		`{"$handle":{"kind":"page","id":"p"}}`: "<page p>", `{"$handle":{"kind":"page"}}`: "{'$handle': {'kind': 'page'}}", `{"$handle":null}`: "{'$handle': None}",
		"\n0.5\n": "0.5",
	} {
		got, err := value.ParseJSON([]byte(in))
		require.NoError(t, err, in)
		require.Equal(t, want, value.Repr(got), in)
	}
}

func TestJSONRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", " ", "nul", "NaN", "Infinity", "-", "01", "1.", ".5", "1e", "1e999", "+1", "[1,]", "[1 2]", `{"a"}`, `{"a":1,}`, `{a:1}`, `{'a':1}`, `"`, `"\x"`, `"\u12"`, `"\`,
		"\"a\nb\"", "\"\xff\"", "\"\\n\xff\"", "1 2", "[", "{", `{"a":`, "\x00", "--1", "1_0", "tru", strings.Repeat("9", 40_000),
		strings.Repeat("[", 101) + strings.Repeat("]", 101), strings.Repeat(`{"a":`, 1_000_000), strings.Repeat("[", 1_000_000),
	} {
		_, err := value.ParseJSON([]byte(in))
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err), "%.40s", in)
		require.Less(t, len(err.Error()), 200)
	}
	_, err := value.ParseJSON([]byte("{\"a\": 1,\n \"b\": x}"))
	require.EqualError(t, err, "JSON line 2, column 7: no JSON value starts here")
	_, err = value.ParseJSON([]byte(strings.Repeat("[", 100) + strings.Repeat("]", 100)))
	require.NoError(t, err)
}

func TestJSONWrites(t *testing.T) {
	t.Parallel()
	got, err := value.AppendJSON([]byte("x"), value.DictOf(
		value.Pair{Key: "b\"\n\x01", Value: 15.0}, value.Pair{Key: 7, Value: value.NewSecret("canary")}, value.Pair{Key: "bad", Value: "a\xffb"},
		value.Pair{Key: "html", Value: "<&>\u2028"},
	))
	require.NoError(t, err)
	require.Equal(t, `x{"b\"\n\u0001":15.0,"7":"***","bad":"a`+"\ufffd"+`b","html":"<&>`+"\u2028"+`"}`, string(got))
	for _, v := range []value.Value{struct{}{}, nested(101)} {
		_, err := value.JSON(v)
		require.Error(t, err)
	}
	_, err = value.JSON(nested(100))
	require.NoError(t, err)
}

func TestJSON_NumbersThatJSONDoesNotHave(t *testing.T) {
	t.Parallel()
	raw, err := value.JSON(value.List{math.Inf(1), math.Inf(-1), math.NaN()})
	require.NoError(t, err)
	plain, err := value.Loads(string(raw))
	require.NoError(t, err)
	require.Equal(t, "[{'$float': 'inf'}, {'$float': '-inf'}, {'$float': 'nan'}]", value.Str(plain))
	back, err := value.ParseJSON(raw)
	require.NoError(t, err)
	require.Equal(t, "[inf, -inf, nan]", value.Str(back))
	odd, err := value.ParseJSON([]byte(`{"$float": "1.5"}`))
	require.NoError(t, err)
	require.Equal(t, "{'$float': '1.5'}", value.Str(odd))
}

func nested(depth int) value.Value {
	var v value.Value = value.List{}
	for range depth - 1 {
		v = value.List{v}
	}
	return v
}

func TestCBORRefuses(t *testing.T) {
	t.Parallel()
	good, err := value.EncodeCBOR(value.DictOf(value.Pair{Key: "a", Value: value.List{int64(1), "x", 1.5}}))
	require.NoError(t, err)
	for n := range good { // cut short anywhere
		_, err := value.DecodeCBOR(good[:n])
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	}
	for name, in := range map[string][]byte{
		"more":              append(append([]byte{}, good...), 0),
		"huge list":         {0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"huge map":          {0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"huge text":         {0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"indefinite":        {0x9f, 0xff},
		"undefined":         {0xf7},
		"float32":           {0xfa, 0, 0, 0, 0},
		"not UTF-8":         {0x61, 0xff},
		"key twice":         {0xa2, 0x61, 'a', 1, 0x61, 'a', 2},
		"key a list":        {0xa1, 0x80, 1},
		"unknown tag":       {0xc1, 0x00},
		"unknown object":    {0xd8, 27, 0x83, 0x61, 'x', 0x60, 0x60},
		"handle of numbers": {0xd8, 27, 0x83, 1, 2, 3},
	} {
		_, err := value.DecodeCBOR(in)
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err), name)
	}
	deep := make([]byte, 1_000_000)
	for i := range deep {
		deep[i] = 0x81
	}
	_, err = value.DecodeCBOR(deep)
	require.Error(t, err)
	for _, v := range []value.Value{nested(101), struct{}{}} {
		_, err = value.EncodeCBOR(v)
		require.Error(t, err)
	}
}

func TestOtherReadersUnderstandTheCBOR(t *testing.T) {
	t.Parallel()
	raw, err := value.EncodeCBOR(value.DictOf(
		value.Pair{Key: "n", Value: int64(-5)}, value.Pair{Key: "f", Value: 15.0}, value.Pair{Key: "big", Value: big10("-12345678901234567890123")},
		value.Pair{Key: "b", Value: value.Bytes("x")}, value.Pair{Key: "u", Value: big10("18446744073709551615")},
	))
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, cbor.Unmarshal(raw, &got))
	require.Equal(t, map[string]any{
		"n": int64(-5), "f": 15.0, "big": *big10("-12345678901234567890123"), "b": []byte("x"), "u": *big10("18446744073709551615"),
	}, got)
	v, err := value.DecodeCBOR([]byte{0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	require.NoError(t, err)
	require.Equal(t, big10("18446744073709551615"), v)
	v, err = value.DecodeCBOR([]byte{0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	require.NoError(t, err)
	require.Equal(t, big10("-18446744073709551616"), v)
}

func TestValuesInStructs(t *testing.T) {
	t.Parallel()
	type record struct {
		Any  value.Box   `cbor:"1,keyasint" json:"any"`
		Dict *value.Dict `cbor:"2,keyasint" json:"dict"`
		List value.List  `cbor:"3,keyasint" json:"list"`
	}
	in := record{
		Any: value.Box{Value: 15.0}, Dict: value.DictOf(value.Pair{Key: "z", Value: int64(1)}, value.Pair{Key: "a", Value: 2.0}),
		List: value.List{int64(15), 15.0, nil},
	}
	raw, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"any":15.0,"dict":{"z":1,"a":2.0},"list":[15,15.0,null]}`, string(raw))
	var out record
	require.NoError(t, json.Unmarshal(raw, &out))
	require.Equal(t, in, out)

	raw, err = cbor.Marshal(in)
	require.NoError(t, err)
	out = record{}
	require.NoError(t, cbor.Unmarshal(raw, &out))
	require.Equal(t, in, out)

	require.Error(t, json.Unmarshal([]byte(`{"dict":[1]}`), &out))
	require.Error(t, json.Unmarshal([]byte(`{"list":{}}`), &out))
}

func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,15.0,-0.0,null,true,"\ud83d\ude00"]}`, `12345678901234567890`, `{"$bytes":"YQ=="}`, `{"$handle":{"kind":"a","id":"b"}}`, `[[[]]]`, `"\u0000"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := value.ParseJSON(in)
		require.Equal(t, err == nil, json.Valid(in) && err == nil)
		if err != nil {
			return
		}
		raw, err := value.JSON(v)
		require.NoError(t, err)
		again, err := value.ParseJSON(raw)
		require.NoError(t, err)
		require.Equal(t, value.Repr(v), value.Repr(again))
	})
}

func FuzzDecodeCBOR(f *testing.F) {
	for _, v := range []value.Value{nil, int64(-1), 1.5, "é", value.Bytes("\xff"), value.List{true}, value.Handle{Kind: "a", ID: "b"}, value.DictOf(value.Pair{Key: 1, Value: "x"}), big10("99999999999999999999")} {
		raw, err := value.EncodeCBOR(v)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := value.DecodeCBOR(in)
		if err != nil {
			return
		}
		raw, err := value.EncodeCBOR(v)
		require.NoError(t, err)
		again, err := value.DecodeCBOR(raw)
		require.NoError(t, err)
		require.Equal(t, value.Repr(v), value.Repr(again))
	})
}

func BenchmarkCodecs(b *testing.B) {
	var v value.Value = value.DictOf(value.Pair{Key: "name", Value: "Alice"}, value.Pair{Key: "rows", Value: value.List{int64(1), 2.5, nil, true, "text"}})
	raw, err := value.JSON(v)
	require.NoError(b, err)
	bin, err := value.EncodeCBOR(v)
	require.NoError(b, err)
	b.Run("json write", func(b *testing.B) {
		buf := make([]byte, 0, 256)
		for b.Loop() {
			if buf, err = value.AppendJSON(buf[:0], v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json read", func(b *testing.B) {
		for b.Loop() {
			if _, err := value.ParseJSON(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cbor write", func(b *testing.B) {
		for b.Loop() {
			if _, err := value.EncodeCBOR(v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cbor read", func(b *testing.B) {
		for b.Loop() {
			if _, err := value.DecodeCBOR(bin); err != nil {
				b.Fatal(err)
			}
		}
	})
}
