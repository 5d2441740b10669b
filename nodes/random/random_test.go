package random_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/random"
	"casare/value"
)

func run(t *testing.T, typ string, given node.Values) *nodetest.Result {
	t.Helper()
	r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: given.Dict()})
	return &r
}

// draw runs a step many times and counts what it gives.
func draw(t *testing.T, times int, typ string, given node.Values) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for range times {
		r := run(t, typ, given)
		require.NoError(t, r.Err)
		counts[value.Repr(r.Output("result"))]++
	}
	return counts
}

// evenly demands that all of n results came up about equally often. The bound is missed once in more than a million runs.
func evenly(t *testing.T, counts map[string]int, n, times int) {
	t.Helper()
	require.Len(t, counts, n)
	expected := float64(times) / float64(n)
	for result, count := range counts {
		require.InDelta(t, expected, count, 6*math.Sqrt(expected), result)
	}
}

func TestNumber_Bounds(t *testing.T) {
	t.Parallel()
	evenly(t, draw(t, 4000, "RandomNumberNode", node.Values{"min": -1, "max": 2.9, "integer_only": "yes"}), 4, 4000)
	for _, c := range []struct {
		given    node.Values
		lo, hi   float64
		distinct bool
	}{
		{node.Values{}, 0, 100, true},
		{node.Values{"min_value": "5", "max_value": "4.5"}, 4.5, 5, true},
		{node.Values{"min_value": -5.5, "max_value": -1.5}, -5.5, -1.5, true},
		{node.Values{"min_value": 2, "max_value": 2}, 2, 2, false},
		{node.Values{"min_value": 1e300, "max_value": 2e300, "integer_only": true}, 1e300, 2e300, true},
	} {
		seen := map[string]bool{}
		for range 50 {
			r := run(t, "RandomNumberNode", c.given)
			require.NoError(t, r.Err)
			f, err := value.ToFloat(r.Output("result"))
			require.NoError(t, err)
			require.GreaterOrEqual(t, f, c.lo)
			require.LessOrEqual(t, f, c.hi)
			seen[value.Repr(r.Output("result"))] = true
		}
		require.Equal(t, c.distinct, len(seen) > 1, c.given)
	}
	require.IsType(t, int64(0), run(t, "RandomNumberNode", node.Values{"integer_only": true}).Output("result"))
	require.IsType(t, 0.0, run(t, "RandomNumberNode", node.Values{}).Output("result"))
	require.IsType(t, new(big.Int), run(t, "RandomNumberNode", node.Values{"min": 1e30, "max": 1e30, "integer_only": true}).Output("result"))
	for _, bad := range []any{"abc", math.Inf(1), math.NaN(), []any{}} {
		require.Error(t, run(t, "RandomNumberNode", node.Values{"max_value": bad, "integer_only": true}).Err, bad)
	}
}

func TestChoice_Counts(t *testing.T) {
	t.Parallel()
	evenly(t, draw(t, 3000, "RandomChoiceNode", node.Values{"items": []any{1, "b", nil}}), 3, 3000)
	evenly(t, draw(t, 3000, "RandomChoiceNode", node.Values{"items": "abc", "count": 2}), 6, 3000)
	evenly(t, draw(t, 3000, "RandomChoiceNode", node.Values{"items": node.Values{"a": 1, "b": 2}, "count": "2", "allow_duplicates": true}), 4, 3000)
	for _, c := range []struct {
		given  node.Values
		length int // -1 fails
	}{
		{node.Values{"items": []any{1, 2}, "count": 0}, 0},
		{node.Values{"items": []any{1, 2}, "count": 5}, 2},
		{node.Values{"items": []any{1, 2}, "count": -1}, -1},
		{node.Values{"items": []any{1, 2}, "count": -1, "allow_duplicates": true}, 0},
		{node.Values{"items": []any{1, 2}, "count": 5, "allow_duplicates": true}, 5},
		{node.Values{"items": []any{1, 2}, "count": 1 << 40, "allow_duplicates": true}, -1},
		{node.Values{"items": 5, "count": 2}, -1},
		{node.Values{"items": 0}, -1},
		{node.Values{"items": ""}, -1},
		{node.Values{}, -1},
	} {
		r := run(t, "RandomChoiceNode", c.given)
		if c.length < 0 {
			require.Error(t, r.Err, c.given)
			continue
		}
		require.NoError(t, r.Err, c.given)
		list, ok := r.Output("result").(value.List)
		require.True(t, ok)
		require.Len(t, list, c.length)
		require.Equal(t, int64(-1), r.Output("index"))
	}
}

func TestShuffle_KeepsTheItems(t *testing.T) {
	t.Parallel()
	evenly(t, draw(t, 6000, "ShuffleListNode", node.Values{"list": []any{1, 2, 3}}), 6, 6000)
	evenly(t, draw(t, 2000, "ShuffleListNode", node.Values{"items": "ab"}), 2, 2000)
	require.Equal(t, value.List{}, run(t, "ShuffleListNode", node.Values{"items": []any{}}).Output("result"))
	require.ErrorContains(t, run(t, "ShuffleListNode", node.Values{}).Err, "items")
}

func TestText_Characters(t *testing.T) {
	t.Parallel()
	evenly(t, draw(t, 3000, "RandomStringNode", node.Values{"length": 1, "custom_chars": "aé😀"}), 3, 3000)
	for pattern, given := range map[string]node.Values{
		`^[A-Za-z0-9]{8}$`:      {},
		`^[A-Za-z0-9]{500}$`:    {"length": "500"},
		`^[a-z]{300}$`:          {"length": 300, "include_uppercase": false, "include_digits": "no"},
		`^[^a-zA-Z0-9\s]{300}$`: {"length": 300, "include_uppercase": false, "include_digits": false, "include_lowercase": false, "include_special": true},
		`^[A-Za-z0-9]{7}$`:      {"length": 7, "include_uppercase": false, "include_digits": false, "include_lowercase": false},
		`^$`:                    {"length": 0},
		`^()$`:                  {"length": -5},
	} {
		r := run(t, "RandomStringNode", given)
		require.NoError(t, r.Err)
		require.Regexp(t, pattern, r.Output("result"))
	}
	require.Error(t, run(t, "RandomStringNode", node.Values{"length": 1 << 40}).Err)
	require.Error(t, run(t, "RandomStringNode", node.Values{"length": "many"}).Err)
}

func TestUUID_Forms(t *testing.T) {
	t.Parallel()
	for pattern, given := range map[string]node.Values{
		`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`:                   {},
		`^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f][13579bdf][0-9a-f]{10}$`: {"version": "1"},
		`^[0-9a-f]{12}4[0-9a-f]{19}$`: {"format": "hex", "version": 4},
		`^urn:uuid:[0-9a-f-]{13}-4`:   {"format": "urn", "version": 7},
		`^[0-9a-f]{8}-[0-9a-f]{4}-4`:  {"format": "another"},
	} {
		results := draw(t, 200, "RandomUUIDNode", given)
		require.Len(t, results, 200)
		for id := range results {
			require.Regexp(t, pattern, strings.Trim(id, "'"))
		}
	}
	// The clock of the tests stands at 2024-03-15T10:00:00Z.
	for id := range draw(t, 1, "RandomUUIDNode", node.Values{"version": 1}) {
		require.True(t, strings.HasPrefix(id, "'c90a1000-e2b2-11ee-"), id)
	}
}
