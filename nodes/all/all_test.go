package all_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/all"
)

func TestTypes_KeepTheRules(t *testing.T) {
	t.Parallel()
	nodetest.Conform(t, node.Default)
}

func TestTypes_RecordedCases(t *testing.T) {
	t.Parallel()
	nodetest.Vectors(t, node.Default)
}

// A category that all.go does not name would compile, pass its own tests, and be in no program.
func TestAll_LinksEveryCategory(t *testing.T) {
	t.Parallel()
	folders, err := os.ReadDir("..")
	require.NoError(t, err)
	source, err := os.ReadFile("all.go")
	require.NoError(t, err)
	for _, f := range folders {
		if f.IsDir() && f.Name() != "all" && f.Name() != "internal" {
			require.Contains(t, string(source), `"casare/nodes/`+f.Name()+`"`, "nodes/%s is missing from nodes/all", f.Name())
		}
	}
}

// The aliases of the original's registry, and those that the documents of its users need.
func TestTypes_Aliases(t *testing.T) {
	t.Parallel()
	for alias, typ := range map[string]string{"LogMessageNode": "LogNode", "BrowserWaitNode": "WaitNode"} {
		name, ok := node.Default.Known(alias)
		require.True(t, ok, alias)
		require.Equal(t, typ, name)
	}
	require.NotEmpty(t, strings.Join(node.Default.Types(), ""))
}
