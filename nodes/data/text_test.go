package data_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
)

// How alike CPython's difflib finds texts; see testdata/similarity.py.
func TestSimilarity_AsCPython(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/similarity.json")
	require.NoError(t, err)
	loaded, err := value.Loads(string(raw))
	require.NoError(t, err)
	pairs, _ := loaded.(value.List)
	require.Greater(t, len(pairs), 200)
	for _, v := range pairs {
		pair, _ := v.(value.List)
		if pair[0] == "" {
			continue // an empty text is not looked for at all
		}
		config := node.Values{"search_string": pair[0], "candidates": value.List{pair[1]}, "threshold": 0}
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: "FuzzyStringMatchNode", Config: config.Dict()})
		require.NoError(t, r.Err)
		require.Equal(t, pair[2], r.Output("match_score"), "%q %q", pair[0], pair[1])
		config = node.Values{"filter_string": pair[0], "input_list": value.List{pair[1]}, "threshold": 0}
		r = nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: "FilterBySimilarityNode", Config: config.Dict()})
		require.NoError(t, r.Err)
		require.Equal(t, value.DictOf(value.Pair{Key: pair[1], Value: pair[2]}), r.Output("scores"))
	}
}

func TestTextSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ   string
		given node.Values
		want  node.Values
		next  string
		fails string
	}{
		{ // several best ones: the first counts
			typ: "FuzzyStringMatchNode", given: node.Values{"search_string": "a", "candidates": []any{5, "b", "a", "a"}},
			want: node.Values{"matched_string": "a", "match_index": 2, "match_score": 1.0}, next: "match_found",
		},
		{
			typ: "FuzzyStringMatchNode", given: node.Values{"search_string": "a", "candidates": "xa"},
			want: node.Values{"match_index": 1, "all_scores": node.Values{"x": 0.0, "a": 1.0}}, next: "match_found",
		},
		{
			typ: "FuzzyStringMatchNode", given: node.Values{"search_string": "a", "candidates": []any{1, 2}, "threshold": "0"},
			want: node.Values{"is_match": true, "match_index": -1, "match_score": 0.0}, next: "match_found",
		},
		{typ: "FuzzyStringMatchNode", given: node.Values{"search_string": "a", "candidates": 5}, fails: "'int' object is not iterable"},
		{
			typ: "FuzzyStringMatchNode", given: node.Values{"search_string": strings.Repeat("a", 1<<16), "candidates": []any{strings.Repeat("ab", 1<<16)}},
			fails: "too long to be compared",
		},
		{typ: "FilterBySimilarityNode", given: node.Values{"input_list": []any{"a", 5}}, want: node.Values{"filtered_list": []any{}, "count": 0}},
		{
			typ: "RegexMatchNode", given: node.Values{"text": "b", "pattern": "(a)?b"},
			want: node.Values{"match_found": true, "groups": []any{nil}, "first_match": "b"},
		},
		{
			typ: "RegexMatchNode", given: node.Values{"text": "x", "pattern": "y"},
			want: node.Values{"match_found": false, "groups": []any{}, "first_match": "", "all_matches": []any{}, "match_count": 0},
		},
		{
			typ: "RegexMatchNode", given: node.Values{"text": strings.Repeat("é", 100_001), "pattern": "y"},
			fails: "Text length (100,001 chars) exceeds maximum allowed (100,000 chars) for regex operations",
		},
		{
			typ: "RegexReplaceNode", given: node.Values{"text": "", "pattern": strings.Repeat("y", 1234)},
			fails: "Pattern length (1,234 chars) exceeds maximum allowed (1,000 chars) for regex operations",
		},
		{typ: "RegexReplaceNode", given: node.Values{"text": "a-b", "pattern": "-", "replacement": "$0", "max_count": -5}, want: node.Values{"result": "a$0b"}},
		{typ: "RegexReplaceNode", given: node.Values{"text": "aa", "pattern": "a", "max_count": "x"}, fails: "max_count"},
		{
			typ: "RegexReplaceNode", given: node.Values{"text": "É\né", "pattern": "^é", "replacement": ".", "ignore_case": true, "multiline": true},
			want: node.Values{"result": ".\n.", "count": 2},
		},
	} {
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: c.typ, Config: c.given.Dict()})
		if c.fails != "" {
			require.ErrorContains(t, r.Err, c.fails, c.typ)
			continue
		}
		require.NoError(t, r.Err, "%s %v", c.typ, c.given)
		require.True(t, nodetest.Within(c.want.Dict(), r.Outcome.Outputs), "%s %v gives %s", c.typ, c.given, value.Repr(r.Outcome.Outputs))
		if c.next != "" {
			require.Equal(t, []string{c.next}, r.Next())
		}
	}
}
