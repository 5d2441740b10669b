package prompt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/prompt"
	"casare/value"
)

func run(t *testing.T, typ string, given node.Values) *nodetest.Result {
	t.Helper()
	r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: given.Dict()})
	return &r
}

// The ids and variables are those that documents of CasareRPA name.
func TestTemplates_AreThoseOfCasareRPA(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"extract_entities":    "['text']",
		"classify_document":   "['document', 'categories']",
		"summarize_meeting":   "['notes', 'additional_instructions']",
		"translate_formal":    "['text', 'source_language', 'target_language']",
		"generate_email":      "['purpose', 'recipient', 'key_points', 'tone', 'additional_context']",
		"analyze_sentiment":   "['text']",
		"extract_invoice":     "['invoice_text']",
		"convert_data_format": "['data', 'source_format', 'target_format', 'conversion_rules']",
	}
	list, ok := run(t, "ListTemplatesNode", nil).Output("templates").(value.List)
	require.True(t, ok)
	require.Len(t, list, len(want))
	for _, v := range list {
		entry, ok := v.(*value.Dict)
		require.True(t, ok)
		id := entry.GetText("id")
		names, _ := entry.Get("variables")
		require.Equal(t, want[id], value.Repr(names), id)
		r := run(t, "GetTemplateInfoNode", node.Values{"template_id": id})
		require.NoError(t, r.Err)
		require.NotEmpty(t, r.Output("system_prompt"), id)
		info, ok := r.Output("template_info").(*value.Dict)
		require.True(t, ok)
		require.Equal(t, entry.GetText("description"), info.GetText("description"))
		places, ok := r.Output("variables").(value.List)
		require.True(t, ok)
		for _, p := range places {
			place, ok := p.(*value.Dict)
			require.True(t, ok)
			def, _ := place.Get("default")
			required, _ := place.Get("required")
			require.Equal(t, def == nil, required, "%s: what has no default must be filled in", place.GetText("name"))
			require.NotEmpty(t, place.GetText("description"))
		}
	}
}

func TestList_Conditions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given node.Values
		want  int64
	}{
		{node.Values{"category": "no such category"}, 8},
		{node.Values{"search": "business"}, 3},
		{node.Values{"search": "invoice"}, 1},
		{node.Values{"search": "json"}, 0},
		{node.Values{"search": "business", "category": "GENERATION"}, 1},
		{node.Values{"search": "text", "include_builtin": "no"}, 0},
	} {
		require.Equal(t, c.want, run(t, "ListTemplatesNode", c.given).Output("count"), c.given)
	}
	r := run(t, "GetTemplateInfoNode", node.Values{"template_id": ""})
	require.Error(t, r.Err)
	require.Equal(t, "Template ID is required", r.Output("error"))
}
