package executor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
)

// A command whose answer was lost comes again, and must not be taken twice.
func TestBench_ACommandIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	b := newBench(nil, time.Now, func() {})
	for range 2 {
		_, err := b.do(t.Context(), casare.DebugCommand{
			Verb: casare.DebugConfigure, ID: "a", Spec: &casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "s"}}},
		})
		require.NoError(t, err)
	}
	require.True(t, b.fresh(""))
	require.False(t, b.fresh("a"))
	for i := range debugRemember {
		require.True(t, b.fresh(string(rune('b'+i))))
	}
	require.Len(t, b.known, debugRemember)
	_, err := b.do(t.Context(), casare.DebugCommand{Verb: casare.DebugContinue, ID: "new"})
	require.Equal(t, casare.CodeTransition, casare.CodeOf(err))
}

func TestBench_ASpecThatIsRefusedIsSaid(t *testing.T) {
	t.Parallel()
	b := newBench(&casare.DebugSpec{OnIdle: "sleep"}, time.Now, func() {})
	_, err := b.do(t.Context(), casare.DebugCommand{Verb: casare.DebugLook})
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
}
