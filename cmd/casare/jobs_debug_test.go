package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
)

func stateWith(s casare.DebugState) *client.Debugging {
	return &client.Debugging{JobID: "j", DebugState: s}
}

func TestParseBreakpoint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]casare.Breakpoint{
		"a":                 {Step: "a"},
		" a ":               {Step: "a"},
		"a if x > 1 and y":  {Step: "a", Condition: "x > 1 and y"},
		"a hits 3":          {Step: "a", Hits: 3},
		"a log n is  {{n}}": {Step: "a", Log: "n is  {{n}}"},
	} {
		got, err := parseBreakpoint(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "a if", "a hits x", "a hits 0", "a log", "a b"} {
		_, err := parseBreakpoint(text)
		require.Error(t, err, text)
	}
}

func TestDebugFlags_KeepWhatTheDebuggerHas(t *testing.T) {
	t.Parallel()
	f := &debugFlags{breaks: []string{"c if x"}, clears: []string{"a"}, watches: []string{"x", "y"}}
	state := stateWith(casare.DebugState{
		Breakpoints: []casare.Breakpoint{{Step: "a"}, {Step: "b"}}, Watches: []casare.DebugWatch{{Expression: "x"}},
	})
	spec, err := f.spec(state)
	require.NoError(t, err)
	require.Equal(t, casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "b"}, {Step: "c", Condition: "x"}}, Watches: []string{"x", "y"}}, spec)
}
