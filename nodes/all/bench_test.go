package all_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/workflow"
)

// A pure node made, bound and run once: what a step costs beside the walk. About 4 microseconds are wanted.
func BenchmarkMakeBindRun(b *testing.B) {
	for _, c := range []struct {
		typ    string
		config node.Values
	}{
		{"ComparisonNode", node.Values{"a": "{{x}}", "b": 50, "operator": ">"}},
		{"SetVariableNode", node.Values{"variable_name": "y", "value": "{{x}}"}},
		{"ConcatenateNode", node.Values{"string_1": "a", "string_2": "{{x}}"}},
		{"CreateDictNode", node.Values{"key_1": "a", "value_1": "{{x}}"}},
		{"MathOperationNode", node.Values{"a": "{{x}}", "b": 5}},
		{"LogNode", node.Values{"message": "x is {{x}}"}},
	} {
		step := &workflow.Step{ID: "n", Type: c.typ, Config: c.config.Dict()}
		host := nodetest.NewHost(node.Values{"x": 75}.Dict())
		b.Run(c.typ+"/once", func(b *testing.B) {
			for b.Loop() {
				bound, _ := node.Default.Bind(step)
				if _, err := bound.Exec(b.Context(), host, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.typ+"/again", func(b *testing.B) {
			bound, _ := node.Default.Bind(step)
			for b.Loop() {
				_, err := bound.Exec(b.Context(), host, nil)
				require.NoError(b, err)
			}
		})
	}
}
