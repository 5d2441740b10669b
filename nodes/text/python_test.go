package text_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/text"
	"casare/value"
)

// What CPython makes of random texts; see testdata/record.py. The values come once by wire and once in the form.
func TestTexts_AsCPython(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/python_text.json")
	require.NoError(t, err)
	loaded, err := value.Loads(string(raw))
	require.NoError(t, err)
	cases, _ := loaded.(value.List)
	require.Greater(t, len(cases), 1500)
	for _, v := range cases {
		c, _ := v.(*value.Dict)
		config, outputs := part(c, "config"), part(c, "outputs")
		for _, run := range []nodetest.Case{
			{Type: c.GetText("type"), Config: config},
			{Type: c.GetText("type"), Config: config, Inputs: config},
		} {
			r := nodetest.Run(t.Context(), node.Default, run)
			require.NoError(t, r.Err, value.Repr(c))
			require.True(t, nodetest.Within(outputs, r.Outcome.Outputs), "%s gives %s", value.Repr(c), value.Repr(r.Outcome.Outputs))
		}
	}
}

func part(c *value.Dict, key string) *value.Dict {
	v, _ := c.Get(key)
	d, _ := v.(*value.Dict)
	return d
}
