package nodetest_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node/nodetest"
	"casare/value"
)

func TestEqual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected string // JSON
		actual   value.Value
		want     bool
	}{
		{`15`, 15.0, true},
		{`0.3`, 0.1 + 0.2, true},
		{`0.3`, 0.31, false},
		{`1`, true, false},
		{`true`, int64(1), false},
		{`null`, nil, true},
		{`null`, int64(0), false},
		{`0`, nil, false},
		{`"5"`, int64(5), false},
		{`5`, "5", false},
		{`"a<any>c"`, "a\nbc", true},
		{`"a<any>c"`, "abd", false},
		{`"a.c"`, "abc", false},
		{`"<any>"`, nil, true},
		{`[1, "<any>"]`, value.List{1.0, false}, true},
		{`[1]`, value.List{int64(1), nil}, false},
		{`{"a": 1, "b": 2}`, value.DictOf(value.Pair{Key: "b", Value: 2.0}, value.Pair{Key: "a", Value: int64(1)}), true},
		{`{"a": null}`, value.DictOf(), false},
		{`{"$float": "-inf"}`, math.Inf(-1), true},
		{`{"$float": "nan"}`, math.NaN(), true},
		{`{"$bytes": "aGk="}`, value.Bytes("hi"), true},
		{`{"$bytes": "aGk="}`, "hi", false},
	} {
		expected, err := value.ParseJSON([]byte(c.expected))
		require.NoError(t, err)
		require.Equal(t, c.want, nodetest.Equal(expected, c.actual), "%s and %s", c.expected, value.Repr(c.actual))
	}
}
