package data_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
)

// What CPython makes of random lists and dicts; see testdata/record.py. The values come once by wire and once in the form.
func TestListsAndDicts_AsCPython(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/python.json")
	require.NoError(t, err)
	loaded, err := value.Loads(string(raw))
	require.NoError(t, err)
	cases, _ := loaded.(value.List)
	require.Greater(t, len(cases), 2000)
	for _, v := range cases {
		c, _ := v.(*value.Dict)
		given, _ := c.Get("given")
		inputs, _ := given.(*value.Dict)
		byWire := nodetest.Case{Type: c.GetText("type"), Inputs: inputs, Config: parameters(inputs)}
		compareWithPython(t, c, nodetest.Run(t.Context(), node.Default, byWire))
		byForm := nodetest.Case{Type: c.GetText("type"), Config: inputs}
		compareWithPython(t, c, nodetest.Run(t.Context(), node.Default, byForm))
	}
}

func compareWithPython(t *testing.T, c *value.Dict, r nodetest.Result) {
	t.Helper()
	if want, ok := c.Get("error"); ok {
		require.EqualError(t, r.Err, value.Str(want), value.Repr(c))
		return
	}
	require.NoError(t, r.Err, value.Repr(c))
	wanted, _ := c.Get("outputs")
	outputs, _ := wanted.(*value.Dict)
	for port, want := range outputs.All() {
		require.Equal(t, want, value.Repr(r.Output(value.Str(port))), "%v of %s", port, value.Repr(c))
	}
}

// parameters leaves what no wire can reach: the fields of the super nodes that are no ports.
func parameters(inputs *value.Dict) *value.Dict {
	b := inputs.Edit()
	for _, port := range []string{"list", "item", "initial", "start", "end", "dict", "dict1", "dict2", "path"} {
		b.Delete(port)
	}
	return b.Dict()
}
