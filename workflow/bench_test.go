package workflow_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow"
)

// largest is a chain of as many steps as a document may have.
func largest(tb testing.TB) []byte {
	tb.Helper()
	d := &workflow.Document{Name: "largest", Settings: workflow.DefaultSettings()}
	for i := range workflow.MaxSteps {
		s := &workflow.Step{ID: fmt.Sprintf("step_%d", i), Type: "LogNode"}
		s.Config = s.Config.With("message", "Hello {{name}}").With("level", "info")
		d.Steps = append(d.Steps, s)
		if i > 0 {
			d.Wires = append(d.Wires, workflow.Wire{From: d.Steps[i-1].ID, FromPort: workflow.PortOut, To: s.ID, ToPort: workflow.PortIn})
		}
	}
	raw, err := d.JSON()
	require.NoError(tb, err)
	return raw
}

func BenchmarkRead(b *testing.B) {
	raw := largest(b)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		d, problems := workflow.Read(raw)
		require.NotNil(b, d)
		require.Empty(b, problems)
	}
}

func BenchmarkCheck(b *testing.B) {
	d, _ := workflow.Read(largest(b))
	for b.Loop() {
		require.Empty(b, d.Check(fakeTypes{}))
	}
}
