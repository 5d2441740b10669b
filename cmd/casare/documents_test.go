package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A document refers to one beside it, which refers to one beside itself, wherever the program was started.
func TestRun_FindsDocumentsBesideThoseThatRefer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "lib"), 0o700))
	for name, content := range map[string]string{
		"main.json": `{"metadata": {"name": "m"}, "nodes": {
			"f": {"node_type": "SubflowNode", "config": {"subflow_path": "lib/sub.json", "in": "hi"}},
			"z": {"node_type": "LogNode", "config": {"message": "{{f.out}}"}}},
			"connections": [{"source_node": "f", "target_node": "z"}]}`,
		"lib/sub.json": `{"name": "Sub", "inputs": [{"name": "in"}], "outputs": [{"name": "out"}], "nodes": {
			"g": {"node_type": "SubflowNode", "config": {"subflow_path": "inner.json", "a": "{{in}}"}},
			"o": {"node_type": "SetVariableNode", "config": {"variable_name": "out", "value": "{{g.b}}"}}},
			"connections": [{"source_node": "g", "target_node": "o"}]}`,
		"lib/inner.json": `{"name": "Inner", "inputs": [{"name": "a"}], "outputs": [{"name": "b"}], "nodes": {
			"x": {"node_type": "SetVariableNode", "config": {"variable_name": "b", "value": "<{{a}}>"}}}, "connections": []}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, filepath.FromSlash(name)), []byte(content), 0o600))
	}
	out, err := execute(t, "", "run", filepath.Join(folder, "main.json"))
	require.NoError(t, err, out)
	require.Contains(t, out, "[z] <hi>")
}
