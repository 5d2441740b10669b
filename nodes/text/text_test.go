package text_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
)

func TestTexts_Kinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ          string
		given, wired node.Values
		vars         node.Values
		want         node.Values
		fails        string
	}{
		{
			typ: "TextReplaceNode", given: node.Values{"text": "a1b22", "old_value": `\d+`, "new_value": "<\\g<0>>", "use_regex": "yes", "count": "1"},
			want: node.Values{"result": "a<1>b22", "replacements": 1},
		},
		{ // 0 is every match for a regular expression, and none for a text
			typ: "TextReplaceNode", given: node.Values{"text": "aa", "old_value": "a", "new_value": "b", "use_regex": true, "count": 0},
			want: node.Values{"result": "bb", "replacements": 2},
		},
		{
			typ: "TextReplaceNode", given: node.Values{"text": "aa", "old_value": "a", "new_value": "b", "count": 0},
			want: node.Values{"result": "aa", "replacements": 0},
		},
		{
			typ: "TextReplaceNode", given: node.Values{"text": "aa", "old_value": "(a", "use_regex": true},
			fails: "missing ), unterminated subpattern at position 0",
		},
		{
			typ: "TextReplaceNode", given: node.Values{"text": "aa", "old_value": "a", "new_value": `\1`, "use_regex": true},
			fails: "invalid group reference 1 at position 1",
		},
		{
			typ: "TextExtractNode", given: node.Values{"text": "ab", "pattern": "(a)|(b)", "all_matches": true},
			want: node.Values{"match": []any{"a", "b"}, "groups": []any{[]any{"a", nil}, []any{nil, "b"}}, "found": true},
		},
		{
			typ: "TextExtractNode", given: node.Values{"text": "X\nY", "pattern": "^x.y$", "ignore_case": true, "dotall": true},
			want: node.Values{"match": "X\nY", "found": true},
		},
		{typ: "TextExtractNode", given: node.Values{"text": "a", "pattern": ""}, fails: "Regex pattern is required"},
		{typ: "TextExtractNode", given: node.Values{"text": strings.Repeat("a", 50) + "!", "pattern": "(a+)+$"}, fails: "backtracks too much"},
		{typ: "TextSplitNode", given: node.Values{"text": "a-b", "delimiter": "-"}, want: node.Values{"result": []any{"a", "b"}}},
		{typ: "TextSplitNode", given: node.Values{"text": "a5b"}, wired: node.Values{"separator": 5}, want: node.Values{"result": []any{"a", "b"}}},
		{typ: "TextPadNode", given: node.Values{"text": 42, "width": "5", "pad_char": "0", "side": "right"}, want: node.Values{"result": "42000"}},
		{typ: "TextPadNode", given: node.Values{"text": "a", "length": 1e300}, fails: "longer than"},
		{typ: "TextPadNode", given: node.Values{"text": "a", "length": "wide"}, want: node.Values{"result": "a"}},
		{typ: "TextLinesNode", given: node.Values{"mode": "join", "lines": "no list"}, want: node.Values{"text": "", "count": 0}},
		{
			typ: "TextLinesNode", given: node.Values{"mode": "join", "lines": "{{l}}", "line_separator": "crlf"}, vars: node.Values{"l": []any{1, "x"}},
			want: node.Values{"text": "1\r\nx", "count": 2},
		},
		{typ: "TextJoinNode", given: node.Values{"separator": ","}, fails: "'items'"},
		{typ: "TextJoinNode", wired: node.Values{"items": []any{}}, want: node.Values{"result": ""}},
		{typ: "TextContainsNode", given: node.Values{"text": "abc"}, want: node.Values{"contains": true, "position": 0, "count": 4}},
		{typ: "TextCountNode", want: node.Values{"count": 0}},
		{typ: "TextCountNode", given: node.Values{"text": "{{missing}}"}, want: node.Values{"count": 11}},
		{typ: "TextSuperNode", given: node.Values{"action": "Extract (Regex)", "text": "a"}, fails: "Regex pattern is required"},
		{
			typ: "TextSuperNode", given: node.Values{"action": "{{what}}", "text": "abc"}, vars: node.Values{"what": "Reverse"},
			want: node.Values{"result": "cba"},
		},
		{
			typ: "TextSuperNode", given: node.Values{"action": "Lines", "text": "a\n\nb", "remove_empty": true},
			want: node.Values{"lines": []any{"a", "b"}, "count": 2},
		},
		{typ: "TextSuperNode", given: node.Values{"action": "Replace", "text": "AA", "old_value": "a", "use_regex": true, "ignore_case": true, "replace_count": 1}, want: node.Values{"result": "A", "replacements": 1}},
	} {
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: c.typ, Config: c.given.Dict(), Inputs: c.wired.Dict(), Vars: c.vars.Dict()})
		if c.fails != "" {
			require.ErrorContains(t, r.Err, c.fails, "%s %v", c.typ, c.given)
			continue
		}
		require.NoError(t, r.Err, "%s %v", c.typ, c.given)
		require.True(t, nodetest.Within(c.want.Dict(), r.Outcome.Outputs), "%s %v gives %s", c.typ, c.given, value.Repr(r.Outcome.Outputs))
	}
}

// A text that multiplies ends with an error, not with the robot.
func TestTexts_GrowToALimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	items := make(value.List, 1000)
	for i := range items {
		items[i] = long
	}
	lines := node.Values{"action": "Lines", "lines_mode": "join"}
	for _, c := range []nodetest.Case{
		{Type: "TextReplaceNode", Inputs: node.Values{"text": long, "old_value": "x", "new_value": strings.Repeat("y", 1000)}.Dict()},
		{Type: "TextJoinNode", Inputs: node.Values{"items": items}.Dict()},
		{Type: "TextPadNode", Inputs: node.Values{"text": "a", "length": int64(1) << 40}.Dict()},
		{Type: "TextSuperNode", Config: lines.Dict(), Inputs: node.Values{"lines": items}.Dict()},
	} {
		r := nodetest.Run(t.Context(), node.Default, c)
		require.ErrorContains(t, r.Err, "longer than 64 MiB", c.Type)
	}
	given := node.Values{"text": strings.Repeat("x", 100), "old_value": "", "new_value": long}
	r := nodetest.Run(t.Context(), node.Default, nodetest.Case{
		Type: "TextReplaceNode", Config: node.Values{"use_regex": true}.Dict(), Inputs: given.Dict(),
	})
	require.ErrorContains(t, r.Err, "the result is too long")
}

// What is made of a secret is one.
func TestTexts_KeepSecrets(t *testing.T) {
	t.Parallel()
	vars := node.Values{"key": value.NewSecret("s3cr3t")}
	for typ, given := range map[string]node.Values{
		"TextCaseNode":    {"text": "{{key}}", "case": "upper"},
		"TextReplaceNode": {"text": "abc", "old_value": "b", "new_value": "{{key}}"},
		"TextSplitNode":   {"text": "{{key}}", "separator": "3"},
		"TextExtractNode": {"text": "{{key}}", "pattern": "s."},
	} {
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: given.Dict(), Vars: vars.Dict()})
		require.NoError(t, r.Err)
		text := value.Repr(r.Outcome.Outputs)
		require.NotContains(t, text, "s3")
		require.Contains(t, text, "***", typ)
	}
}
