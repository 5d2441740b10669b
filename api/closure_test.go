package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

// calls is a document whose steps run other documents: "sub:path" a subflow, "call:id" a workflow.
func calls(name string, refs ...string) string {
	nodes := map[string]any{"start": map[string]any{"node_type": "StartNode"}}
	var wires []any
	last := "start"
	for i, ref := range refs {
		id := fmt.Sprintf("c%d", i+1)
		kind, to, _ := strings.Cut(ref, ":")
		typ, key := "SubflowNode", "subflow_path"
		if kind == "call" {
			typ, key = "CallSubworkflowNode", "subworkflow_id"
		}
		nodes[id] = map[string]any{"node_type": typ, "config": map[string]any{key: to}}
		wires = append(wires, map[string]any{"source_node": last, "target_node": id})
		last = id
	}
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"name": name}, "nodes": nodes, "connections": wires})
	if err != nil {
		panic(err) // maps of texts
	}
	return string(text)
}

// pinned is what a job's document was found to refer to, by path or id.
func pinned(t *testing.T, w *world, answer reply) map[string]string {
	t.Helper()
	id, ok := answer.ok()["job_id"].(string)
	require.True(t, ok)
	job, err := w.store.Job(id)
	require.NoError(t, err)
	found := map[string]string{}
	for _, p := range job.Pinned {
		found[p.Path+p.ID] = p.Revision
		_, err := w.store.Document(p.Revision)
		require.NoError(t, err, "%s is stored", p.Path+p.ID)
	}
	return found
}

func submitWith(r *robot, document string, documents map[string]string) reply {
	raw := map[string]json.RawMessage{}
	for name, doc := range documents {
		raw[name] = json.RawMessage(doc)
	}
	body, err := json.Marshal(map[string]any{"workflow_json": json.RawMessage(document), "documents": raw})
	require.NoError(r.world.t, err)
	return r.post("/api/v1/jobs/submit", string(body))
}

func TestClosure_PinsWhatADocumentRefersTo(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	r := w.robots[1]
	inner := calls("inner")
	outer := calls("outer", "sub:parts/inner.json")
	found := pinned(t, w, submitWith(r, calls("main", `sub:C:\flows\outer.json`), map[string]string{
		"outer.json": outer, "parts/inner.json": inner,
	}))
	require.Equal(t, map[string]string{
		`C:\flows\outer.json`: casare.RevisionOf([]byte(outer)), "parts/inner.json": casare.RevisionOf([]byte(inner)),
	}, found)

	stored := r.post("/api/v1/workflows", `{"workflow_name": "billing", "trigger_type": "none", "workflow_json": `+inner+`}`).ok()
	id, _ := stored["workflow_id"].(string)
	for _, ref := range []string{id, "billing"} { // by id and by name
		found = pinned(t, w, submitWith(r, calls("main "+ref, "call:"+ref), nil))
		require.Equal(t, map[string]string{ref: casare.RevisionOf([]byte(inner))}, found)
	}
	changed := calls("changed")
	again := pinned(t, w, submitWith(r, calls("main", "call:billing"), map[string]string{"billing": changed}))
	require.Equal(t, casare.RevisionOf([]byte(changed)), again["billing"], "what came along wins")
	require.Empty(t, pinned(t, w, submitWith(r, calls("later", "sub:{{which}}.json"), nil)), "only the run knows")
	stale := pinned(t, w, submitWith(r, calls("other"), nil))
	require.Empty(t, stale)
}

func TestClosure_Refusals(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	r := w.robots[0]
	chain := map[string]string{"1": calls("1", "call:2")}
	for i := 2; i <= 11; i++ {
		chain[strconv.Itoa(i)] = calls(strconv.Itoa(i), "call:"+strconv.Itoa(i+1))
	}
	chain["12"] = calls("12")
	for name, c := range map[string]struct {
		document  string
		documents map[string]string
		says      string
	}{
		"nowhere": {calls("m", "sub:gone.json"), nil, "UNRESOLVED_REFERENCE"},
		"inner":   {calls("m", "sub:a.json"), map[string]string{"a.json": calls("a", "call:gone")}, "UNRESOLVED_REFERENCE"},
		"circle":  {calls("m", "call:a"), map[string]string{"a": calls("a", "call:b"), "b": calls("b", "call:a")}, "CIRCULAR_REFERENCE"},
		"deep":    {calls("m", "call:1"), chain, "REFERENCE_TOO_DEEP"},
		"subflows": {calls("m", "sub:a"), map[string]string{
			"a": calls("a", "sub:b"), "b": calls("b", "sub:c"), "c": calls("c", "sub:d"), "d": calls("d"),
		}, "REFERENCE_TOO_DEEP"},
		"broken": {calls("m", "sub:a.json"), map[string]string{"a.json": `{"nodes": {"x": {"node_type": "Nonsense"}}}`}, "in a.json: UNKNOWN_NODE_TYPE"},
	} {
		before := len(w.store.proposals)
		message, field := submitWith(r, c.document, c.documents).fails(http.StatusUnprocessableEntity, casare.CodeValidation)
		require.Contains(t, message, c.says, name)
		require.NotEmpty(t, field, name)
		require.Len(t, w.store.proposals, before, "%s leaves nothing behind", name)
	}
	many := map[string]string{}
	for i := range casare.MaxPinned + 1 {
		many[strconv.Itoa(i)] = calls("x")
	}
	_, field := submitWith(r, calls("m"), many).fails(http.StatusUnprocessableEntity, casare.CodeValidation)
	require.Equal(t, "documents", field)
}
