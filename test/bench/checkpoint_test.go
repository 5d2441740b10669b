package bench_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
)

// chain is a document of so many steps, one after another, each with an effect.
func chain(b *testing.B, steps int, effect, durability string) json.RawMessage {
	b.Helper()
	type object = map[string]any
	nodes := object{"s0": object{"node_type": "StartNode"}}
	var wires []any
	for i := 1; i <= steps; i++ {
		name := fmt.Sprintf("s%d", i)
		nodes[name] = object{"node_type": "SetVariableNode", "config": object{"variable_name": "n", "default_value": i, "_effect": effect}}
		wires = append(wires, object{"source_node": fmt.Sprintf("s%d", i-1), "target_node": name})
	}
	text, err := json.Marshal(object{
		"metadata": object{"name": "chain"}, "nodes": nodes, "connections": wires, "settings": object{"durability": durability},
	})
	require.NoError(b, err)
	return text
}

// BenchmarkCheckpoints measures what a step costs by how its checkpoint is kept.
func BenchmarkCheckpoints(b *testing.B) {
	r := rigOf(startFleet(b))
	c := r.client()
	defer c.Close()
	const steps = 900
	for _, kind := range []struct{ name, effect, durability string }{
		{"pure: none", "pure", ""},
		{"idempotent: one ahead", "idempotent", ""},
		{"idempotent, strict: each awaited", "idempotent", "strict"},
		{"once: intent awaited", "once", ""},
	} {
		doc := chain(b, steps, kind.effect, kind.durability)
		for range 3 {
			s, err := c.Submit(b.Context(), client.Submit{WorkflowName: "chain", Workflow: doc})
			require.NoError(b, err)
			var job client.Job
			require.Eventually(b, func() bool {
				job, err = c.Job(b.Context(), s.JobID)
				return err == nil && job.State.Terminal()
			}, time.Minute, 20*time.Millisecond)
			require.Equal(b, "completed", string(job.State), "%+v", job.Error)
			took := job.CompletedAt.Std().Sub(job.StartedAt.Std())
			report(b, "ms a step, "+kind.name, float64(took.Microseconds())/1000/steps)
		}
	}
}
