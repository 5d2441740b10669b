package workflow_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow"
)

// Whatever comes in, Read and Check return; and what could be read survives being written and read again.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/formats/*.json")
	require.NoError(f, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add([]byte(`{"nodes":{"a":{"type":"x.VisualRerouteNode"}},"connections":[{"out":["a"],"in":["a"]}]}`))
	f.Add([]byte(`{"nodes":[{"id":1,"type_":1,"custom":{"node_id":[]},"properties":1}],"base_workflow":{"nodes":{}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, problems := workflow.Read(raw)
		if d == nil {
			require.NotEmpty(t, workflow.Errors(problems))
			return
		}
		d.Check(fakeTypes{})
		if len(workflow.Errors(problems)) > 0 {
			return
		}
		out, err := d.JSON()
		require.NoError(t, err)
		again, problems := workflow.Read(out)
		require.Empty(t, workflow.Errors(problems))
		requireSame(t, d, again)
	})
}
