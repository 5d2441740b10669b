package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/node"
)

func TestTypes_ListAndGet(t *testing.T) {
	t.Parallel()
	r := setup(t, 1).robots[0]
	all := r.get("/api/v1/nodes").ok()
	require.Len(t, all["nodes"], len(node.Default.Types()))
	require.InEpsilon(t, float64(len(node.Default.Types())), all["total"], 0)

	loops, _ := r.get("/api/v1/nodes?category=control_flow&search=LOOP").ok()["nodes"].([]any)
	require.NotEmpty(t, loops)
	for _, n := range loops {
		require.Subset(t, n, map[string]any{"category": "control_flow"})
	}
	one := r.get("/api/v1/nodes/LogMessageNode").ok() // an alias
	require.Equal(t, "LogNode", one["type"])
	require.Contains(t, one["aliases"], "LogMessageNode")

	message, _ := r.get("/api/v1/nodes/Nonsense").fails(http.StatusNotFound, casare.CodeNotFound)
	require.Equal(t, "there is no node type Nonsense", message)
	r.get("/api/v1/nodes", "Authorization", "").fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
}

func TestTypes_Ports(t *testing.T) {
	t.Parallel()
	r := setup(t, 1).robots[0]
	ports := r.post("/api/v1/nodes/SwitchNode/ports", `{"config": {"cases": ["a", "b"]}}`).ok()
	require.Subset(t, ports["branches"], []any{"case_a", "case_b", "default"})
	require.Contains(t, ports["inputs"], "value")
	require.Empty(t, ports["bodies"])
	require.NotNil(t, ports["bodies"], "an empty list, not null")
	ports = r.post("/api/v1/nodes/ForLoopStartNode/ports", "").ok()
	require.Equal(t, []any{"body"}, ports["bodies"])
	require.Equal(t, true, ports["fixed"])
	require.Equal(t, false, r.post("/api/v1/nodes/SwitchNode/ports", `{"config": {"cases": "{{cases}}"}}`).ok()["fixed"])

	r.post("/api/v1/nodes/Nonsense/ports", `{}`).fails(http.StatusNotFound, casare.CodeNotFound)
	_, field := r.post("/api/v1/nodes/IfNode/ports", `{"config": []}`).fails(http.StatusUnprocessableEntity, casare.CodeValidation)
	require.Equal(t, "config", field)
}

func TestCheckWorkflow_TellsErrorsFromWarningsAndStoresNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	before := r.get("/api/v1/workflows").ok()["total"]
	good := r.post("/api/v1/workflows/check", `{"workflow_json": {"nodes": {"s": {"node_type": "StartNode"}, "l": {"node_type": "LogNode"}},
		"connections": [{"source_node": "s", "target_node": "l"}]}}`).ok()
	require.Equal(t, true, good["valid"])
	require.Equal(t, []any{}, good["errors"])
	require.NotEmpty(t, good["warnings"], "it has no name")
	require.NotEmpty(t, good["differences"], "the original refuses the form")
	require.Len(t, good["revision"], 64)

	bad := r.post("/api/v1/workflows/check", `{"workflow_json": {"nodes": {"s": {"node_type": "Nonsense"}}, "connections": [{"source_node": "s", "target_node": "x"}]}}`).ok()
	require.Equal(t, false, bad["valid"])
	require.Len(t, bad["errors"], 2)
	require.Equal(t, before, r.get("/api/v1/workflows").ok()["total"])

	r.post("/api/v1/workflows/check", `{`).fails(http.StatusBadRequest, casare.CodeInvalid)
	_, field := r.post("/api/v1/workflows/check", `{}`).fails(http.StatusUnprocessableEntity, casare.CodeValidation)
	require.Equal(t, "workflow_json", field)
}
