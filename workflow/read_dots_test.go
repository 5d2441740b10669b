package workflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow"
)

// The designer names a dot's ports in and out, whatever the wire carries.
func TestRead_DotsOnControlWires(t *testing.T) {
	t.Parallel()
	doc, problems := workflow.Read([]byte(`{"nodes": {
		"s": {"node_id": "s", "node_type": "StartNode"}, "v": {"node_id": "v", "node_type": "GetVariableNode"},
		"d1": {"node_id": "d1", "node_type": "RerouteNode"}, "d2": {"node_id": "d2", "node_type": "RerouteNode"},
		"d3": {"node_id": "d3", "node_type": "RerouteNode"}, "l": {"node_id": "l", "node_type": "LogNode"}
	}, "connections": [
		{"source_node": "s", "source_port": "exec_out", "target_node": "d1", "target_port": "in"},
		{"source_node": "d1", "source_port": "out", "target_node": "d2", "target_port": "in"},
		{"source_node": "d2", "source_port": "out", "target_node": "l", "target_port": "exec_in"},
		{"source_node": "d2", "source_port": "out", "target_node": "d1", "target_port": "in"},
		{"source_node": "v", "source_port": "value", "target_node": "d3", "target_port": "in"},
		{"source_node": "d3", "source_port": "out", "target_node": "l", "target_port": "data"}
	]}`))
	require.Empty(t, workflow.Errors(problems))
	var ports []string
	for _, w := range doc.Wires {
		ports = append(ports, w.ToPort)
	}
	require.Equal(t, []string{"exec_in", "exec_in", "exec_in", "exec_in", "in", "data"}, ports)
}
