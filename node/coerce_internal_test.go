package node

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
)

// The rules stand once, here; node types rely on them without tests of their own.
func TestField_Accept(t *testing.T) {
	t.Parallel()
	huge, ok := new(big.Int).SetString("123456789012345678901234567890", 10)
	require.True(t, ok)
	list, dict := value.List{int64(1)}, value.DictOf(value.Pair{Key: "a", Value: int64(1)})
	const fails = "fails"
	for _, c := range []struct {
		name  string
		kind  Kind
		def   Value
		given Value
		want  Value // fails: an error that names the field
	}{
		{"missing without default", KindText, nil, nil, nil},
		{"missing", KindText, "d", nil, "d"},
		{"empty text is a text", KindText, "d", "", ""},
		{"empty text is a value of any kind", KindAny, "d", "", ""},
		{"empty text is no int", KindInt, int64(3), "", int64(3)},
		{"empty text is no float", KindFloat, 1.5, "", 1.5},
		{"empty text is no bool", KindBool, true, "", true},
		{"empty text is no list", KindList, list, "", list},
		{"empty text is no dict", KindDict, dict, "", dict},

		{"text to int", KindInt, nil, " 12 ", int64(12)},
		{"text with a point to int", KindInt, nil, "5.7", fails},
		{"word to int", KindInt, nil, "abc", fails},
		{"float to int", KindInt, nil, 5.7, int64(5)},
		{"bool to int", KindInt, nil, true, int64(1)},
		{"nan to int", KindInt, nil, math.NaN(), fails},
		{"more than 64 bits", KindInt, nil, huge, fails},
		{"list to int", KindInt, nil, list, fails},

		{"text to float", KindFloat, nil, "1e3", 1000.0},
		{"int to float", KindFloat, nil, int64(2), 2.0},
		{"big int to float", KindFloat, nil, big.NewInt(4), 4.0},
		{"word to float", KindFloat, nil, "abc", fails},

		{"true", KindBool, nil, "TRUE", true},
		{"one", KindBool, nil, "1", true},
		{"yes", KindBool, nil, "yes", true},
		{"on", KindBool, nil, "On", true},
		{"any other word", KindBool, nil, "sure", false},
		{"zero", KindBool, nil, int64(0), false},
		{"a number", KindBool, nil, 0.5, true},
		{"an empty list", KindBool, nil, value.List{}, false},

		{"int to text", KindText, nil, int64(5), "5"},
		{"float to text", KindText, nil, 15.0, "15.0"},
		{"bool to text", KindText, nil, true, "True"},
		{"list to text", KindText, nil, value.List{"a"}, "['a']"},
		{"secret to text", KindText, nil, value.NewSecret("hidden"), "***"},

		{"bytes", KindBytes, nil, value.Bytes("\xff"), value.Bytes("\xff")},
		{"text to bytes", KindBytes, nil, "é", value.Bytes("é")},
		{"number to bytes", KindBytes, nil, int64(1), fails},

		{"list", KindList, nil, list, list},
		{"text to list", KindList, nil, "[1]", fails},
		{"dict to list", KindList, nil, dict, fails},
		{"dict", KindDict, nil, dict, dict},
		{"text to dict", KindDict, nil, "{}", fails},
		{"any", KindAny, nil, huge, huge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := &Field{name: "speed", kind: c.kind, def: c.def}
			got, err := f.accept(c.given)
			if c.want == fails {
				require.ErrorContains(t, err, "'speed'")
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, TypeInput, e.Type)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestField_AdviceAndStrictness(t *testing.T) {
	t.Parallel()
	advising := (&Field{name: "n", kind: KindInt}).Min(1).Max(3)
	for _, v := range []Value{int64(0), int64(4)} {
		got, err := advising.accept(v)
		require.NoError(t, err)
		require.Equal(t, v, got)
		require.NotEmpty(t, advising.advise(got))
	}
	require.Empty(t, advising.advise(int64(2)))

	strict := (&Field{name: "n", kind: KindText}).OneOf("a", "b").Strict()
	_, err := strict.accept("c")
	require.ErrorContains(t, err, "'c' is none of the known choices")
	_, err = strict.accept("a")
	require.NoError(t, err)
}

func TestField_OtherSpellings(t *testing.T) {
	t.Parallel()
	f := (&Field{name: "method", kind: KindText}).OneOf("GET").Strict().Same("GET Request", "GET")
	got, err := f.accept("GET Request")
	require.NoError(t, err)
	require.Equal(t, "GET", got)
}
