package value_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/value"
)

func big10(text string) *big.Int {
	x, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic(text)
	}
	return x
}

func TestDictKeepsItsOrderAndNeverChanges(t *testing.T) {
	t.Parallel()
	b := value.NewDict()
	for i := range 20 { // beyond the size where the index begins
		b.Set(fmt.Sprint("k", 19-i), int64(i))
	}
	b.Set(7, "seven")
	d := b.Dict()
	b.Set("k3", "later")
	b.Delete("k19")
	v, ok := d.Get("k3")
	require.True(t, ok)
	require.Equal(t, int64(16), v)
	require.Equal(t, "k19", d.At(0).Key)
	require.Equal(t, int64(7), d.At(20).Key)

	with := d.With("k5", nil).With("new", true)
	require.Equal(t, 21, d.Len())
	require.Equal(t, 22, with.Len())
	require.Equal(t, "k5", with.At(14).Key, "a known key keeps its place")
	without := with.Without("k19")
	require.Equal(t, "k18", without.At(0).Key)
	_, ok = without.Get("k19")
	require.False(t, ok)
	v, ok = without.Get(int64(7))
	require.True(t, ok)
	require.Equal(t, "seven", v)
	require.Same(t, d, d.Without("nothing"))

	var none *value.Dict
	require.Zero(t, none.Len())
	require.Empty(t, none.Keys())
	require.Equal(t, 1, none.With("a", 1).Len())
	require.Panics(t, func() { value.NewDict().Set(1.5, nil) })
	require.Equal(t, "x", value.DictOf(value.Pair{Key: "a", Value: "x"}).GetText("a"))
}

// model is what a dict should do, done simply.
type model []value.Pair

func (m model) find(k value.Value) int {
	return slices.IndexFunc(m, func(p value.Pair) bool { return p.Key == k })
}

func TestDictBehavesAsAListOfPairs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m model
		b := value.NewDict()
		for i := range rapid.IntRange(0, 40).Draw(t, "n") {
			var k value.Value = rapid.StringMatching("[a-f][a-d]?").Draw(t, "k")
			if rapid.Bool().Draw(t, "int") {
				k = rapid.Int64Range(0, 9).Draw(t, "i")
			}
			at := m.find(k)
			if rapid.IntRange(0, 4).Draw(t, "op") == 0 {
				b.Delete(k)
				if at >= 0 {
					m = slices.Delete(m, at, at+1)
				}
			} else {
				b.Set(k, int64(i))
				if at >= 0 {
					m[at].Value = int64(i)
				} else {
					m = append(m, value.Pair{Key: k, Value: int64(i)})
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "freeze") == 0 {
				d, snapshot := b.Dict(), slices.Clone(m)
				defer func() { requireSame(t, snapshot, d) }()
			}
		}
		requireSame(t, m, b.Dict())
	})
}

func requireSame(t *rapid.T, m model, d *value.Dict) {
	if d.Len() != len(m) {
		t.Fatalf("%d keys, not %d", d.Len(), len(m))
	}
	for i, p := range m {
		if v, ok := d.Get(p.Key); !ok || v != p.Value || d.At(i) != p {
			t.Fatalf("at %d: %v, not %v", i, d.At(i), p)
		}
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	got, err := value.From(map[string]any{"b": 1, "a": []string{"x"}, "c": []byte("y"), "d": uint64(math.MaxUint64), "e": []any{float32(0.5)}})
	require.NoError(t, err)
	require.Equal(t, `{'a': ['x'], 'b': 1, 'c': b'y', 'd': 18446744073709551615, 'e': [0.5]}`, value.Repr(got))
	_, err = value.From(struct{}{})
	require.Error(t, err)
}

func TestSecretShowsNothing(t *testing.T) {
	t.Parallel()
	s := value.NewSecret("canary")
	d := value.DictOf(value.Pair{Key: "p", Value: value.List{s}})
	hidden := struct {
		s value.Secret
		d *value.Dict
	}{s, d}
	var logged bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(h).LogAttrs(t.Context(), slog.LevelInfo, "m", slog.Any("s", s), slog.Any("d", d))
	}
	raw, err := json.Marshal(map[string]any{"s": s, "d": d, "map": map[string]value.Secret{"k": s}})
	require.NoError(t, err)
	shown := fmt.Sprintf("%v %+v %#v %s %q %x|%v %+v %#v|%v %+v %#v", s, s, s, s, s, s, d, d, d, hidden, hidden, hidden)
	for _, text := range []string{shown, logged.String(), string(raw), value.Repr(d), value.Str(s)} {
		require.NotContains(t, text, "canary")
		require.NotContains(t, text, fmt.Sprintf("%x", "canary"))
	}
	require.Contains(t, logged.String(), "***")
	require.Equal(t, "canary", s.Reveal())
	require.True(t, value.Equal(s, value.NewSecret("canary")))
	require.Empty(t, value.Secret{}.Reveal())
	_, err = value.EncodeCBOR(d)
	require.Equal(t, casare.CodeUnsupported, casare.CodeOf(err))
	_, err = cbor.Marshal(s)
	require.Error(t, err)
}

func TestConversions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   value.Value
		want value.Value // nil: a ValueError or TypeError
	}{
		{true, int64(1)},
		{false, int64(0)},
		{int64(5), int64(5)},
		{5.99, int64(5)},
		{-5.99, int64(-5)},
		{1e19, big10("10000000000000000000")},
		{" 42\n", int64(42)},
		{"-0", int64(0)},
		{"1_000", int64(1000)},
		{"٣٤", int64(34)},
		{"9223372036854775808", big10("9223372036854775808")},
		{value.Bytes("12"), int64(12)},
		{"", nil},
		{"1__0", nil},
		{"1.5", nil},
		{"0x10", nil},
		{"abc", nil},
		{nil, nil},
		{value.List{}, nil},
		{math.NaN(), nil},
		{value.NewSecret("5"), nil},
		{"--5", nil},
		{"+ 5", nil},
		{"_5", nil},
	} {
		got, err := value.ToInt(c.in)
		if c.want == nil {
			require.Error(t, err, "%v", c.in)
			require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
			require.NotEmpty(t, value.KindOf(err))
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	for in, want := range map[value.Value]float64{
		"1.5": 1.5, " 1e3 ": 1000, "inf": math.Inf(1), "-Infinity": math.Inf(-1), "1_0.5": 10.5, ".5": 0.5, "5.": 5, "1e400": math.Inf(1), true: 1,
		int64(3): 3, 2.5: 2.5, "٣": 3,
	} {
		got, err := value.ToFloat(in)
		require.NoError(t, err, "%v", in)
		require.Equal(t, value.Repr(want), value.Repr(got), "%v", in)
	}
	for _, in := range []value.Value{"", "abc", "0x1p4", "1__0", "_1", "1_", nil, value.List{}} {
		_, err := value.ToFloat(in)
		require.Error(t, err, "%v", in)
	}
	_, err := value.ToFloat(new(big.Int).Lsh(big.NewInt(1), 2000))
	require.Equal(t, value.OverflowError, value.KindOf(err))
	for in, want := range map[value.Value]bool{
		"true": true, "True": true, "1": true, "yes": true, "ON": true, " on ": true, "false": false, "0": false, "x": false, "": false,
		int64(2): true, int64(0): false, 0.5: true, true: true,
	} {
		require.Equal(t, want, value.ToBool(in), "%v", in)
	}
	require.False(t, value.ToBool(nil))
}

func TestEqualAndCompare(t *testing.T) {
	t.Parallel()
	one, huge := int64(1), big10("12345678901234567890")
	equal := [][2]value.Value{
		{one, 1.0},
		{one, true},
		{true, 1.0},
		{0.0, false},
		{math.Copysign(0, -1), int64(0)},
		{huge, 12345678901234567168.0 + 1024*0},
		{value.List{one, "a"}, value.List{1.0, "a"}},
		{nil, nil},
		{value.Bytes("a"), value.Bytes("a")},
		{
			value.DictOf(value.Pair{Key: "a", Value: one}, value.Pair{Key: "b", Value: nil}),
			value.DictOf(value.Pair{Key: "b", Value: nil}, value.Pair{Key: "a", Value: 1.0}),
		},
		{value.Handle{Kind: "page", ID: "1"}, value.Handle{Kind: "page", ID: "1"}},
	}
	equal[5][0] = big10("12345678901234567168")
	for _, p := range equal {
		require.True(t, value.Equal(p[0], p[1]), "%v == %v", p[0], p[1])
		require.True(t, value.Equal(p[1], p[0]), "%v == %v", p[1], p[0])
	}
	for _, p := range [][2]value.Value{
		{one, "1"},
		{nil, false},
		{nil, int64(0)},
		{"", nil},
		{math.NaN(), math.NaN()},
		{int64(9007199254740993), 9007199254740992.0},
		{value.List{}, value.DictOf()},
		{"a", value.Bytes("a")},
		{value.List{one}, value.List{one, one}},
		{value.Handle{Kind: "a"}, value.Handle{}},
	} {
		require.False(t, value.Equal(p[0], p[1]), "%v != %v", p[0], p[1])
	}
	for _, c := range []struct {
		a, b value.Value
		want int
	}{
		{one, 2.5, -1},
		{huge, one, 1},
		{huge, math.Inf(1), -1},
		{math.Inf(-1), huge, -1},
		{huge, math.NaN(), value.Unordered},
		{"a", "b", -1},
		{math.NaN(), one, value.Unordered},
		{value.List{one}, value.List{one, one}, -1},
		{value.Bytes("b"), value.Bytes("a"), 1},
		{true, 0.5, 1},
		{int64(math.MaxInt64), 9223372036854775808.0, -1},
		{"é", "z", 1},
		{"\U0001F600", "\uffff", 1},
		{one, one, 0},
	} {
		got, err := value.Compare(c.a, c.b)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%v ? %v", c.a, c.b)
	}
	_, err := value.Compare(one, "a")
	require.EqualError(t, err, "'<' not supported between instances of 'int' and 'str'")
	require.Equal(t, value.TypeError, value.KindOf(err))
}

func TestPrintsAsPython(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]value.Value{
		"None": nil, "True": true, "-7": int64(-7), "15.0": 15.0, "1e+16": 1e16, "1000000000000000.0": 1e15, "1e-05": 1e-5, "0.0001": 1e-4, "-0.0": math.Copysign(0, -1),
		"inf": math.Inf(1), "nan": math.NaN(), "0.30000000000000004": 0.30000000000000004, "123456789.125": 123456789.125, "5e-324": 5e-324, "1e+22": 1e22,
		"12345678901234567890": big10("12345678901234567890"), `'it\'s "x"'`: `it's "x"`, `"it's"`: "it's", `'a\nb\t\\'`: "a\nb\t\\",
		`'\x00\x7f\xa0é☕\u200b😀\U000e0001'`: "\x00\x7f\u00a0é☕\u200b😀\U000e0001", `b'a\x00\xff"'`: value.Bytes("a\x00\xff\""), `'\udcff'`: "\xff",
		`[1, 'x', None, [3]]`: value.List{int64(1), "x", nil, value.List{int64(3)}}, "{}": value.DictOf(), "[]": value.List{}, "<page p1>": value.Handle{Kind: "page", ID: "p1"},
		`{'a': 1, 2: {'b': True}}`: value.DictOf(value.Pair{Key: "a", Value: int64(1)}, value.Pair{Key: 2, Value: value.DictOf(value.Pair{Key: "b", Value: true})}),
	} {
		require.Equal(t, want, value.Repr(v))
	}
	require.Equal(t, "it's", value.Str("it's"))
	for name, v := range map[string]value.Value{
		"NoneType": nil, "bool": true, "int": big10("5"), "float": 1.5, "str": "", "bytes": value.Bytes(""), "list": value.List{}, "dict": value.DictOf(), "Secret": value.Secret{},
		"Handle": value.Handle{},
	} {
		require.Equal(t, name, value.TypeName(v))
	}
}

func TestLetters(t *testing.T) {
	t.Parallel()
	require.Equal(t, "STRASSE", value.Upper("straße"))
	require.Equal(t, "ας", value.Lower("ΑΣ"))
	require.Equal(t, "They'Re Bill'S", value.Title("they're bill's"))
	require.Equal(t, "Éa B", value.Title("éA b"))
	require.Equal(t, "Hello world", value.Capitalize("hELLO World"))
	require.Equal(t, "hELLO", value.SwapCase("Hello"))
	require.Equal(t, "ss", value.CaseFold("ß"))
	require.Empty(t, value.Capitalize("")+value.Title(""))
}

func TestTruth(t *testing.T) {
	t.Parallel()
	for _, v := range []value.Value{nil, false, int64(0), 0.0, "", value.Bytes(""), value.List{}, value.DictOf(), value.Secret{}, new(big.Int)} {
		require.False(t, value.Truth(v), "%v", v)
	}
	for _, v := range []value.Value{true, int64(-1), math.NaN(), "False", value.List{nil}, value.Handle{}, big10("10000000000000000000000")} {
		require.True(t, value.Truth(v), "%v", v)
	}
}

func TestErrorsAreShort(t *testing.T) {
	t.Parallel()
	_, err := value.ParseInt(strings.Repeat("9", 40_000), 10)
	require.Equal(t, value.LimitError, value.KindOf(err))
	require.Less(t, len(err.Error()), 200)
}
