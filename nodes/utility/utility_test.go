package utility_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/utility"
	"casare/value"
	"casare/workflow"
)

func TestLog_Texts(t *testing.T) {
	t.Parallel()
	vars := node.Values{
		"x": 5, "price": 2.5, "d": node.Values{"k": "v"}, "secret": value.NewSecret("hidden"), "text": "{x}",
	}
	for _, c := range []struct {
		config node.Values
		want   string // "" fails
	}{
		{node.Values{"message": "{x:03d} {price:.2f} {d[k]}"}, "[n] 005 2.50 v"},
		{node.Values{"message": "{nope} {x}"}, "[n] {nope} {x}"},
		{node.Values{"message": "{{nope}} {x}"}, "[n] {nope} 5"},
		{node.Values{"message": "{{text}}"}, "[n] 5"},
		{node.Values{"message": "50% {"}, "[n] 50% {"},
		{node.Values{"message": 0}, "[n] "},
		{node.Values{"message": []any{}}, "[n] "},
		{node.Values{"message": "0"}, "[n] 0"},
		{node.Values{"message": "{}"}, ""},
		{node.Values{"message": "{secret} {{secret}}", "data": value.List{value.NewSecret("hidden")}}, "[n] *** | Data: ['***']"},
		{node.Values{"message": "m", "data": "", "include_node_id": "no"}, "m | Data: "},
		{node.Values{}, "[n] "},
	} {
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: "LogNode", Config: c.config.Dict(), Vars: vars.Dict()})
		if c.want == "" {
			require.Error(t, r.Err)
			continue
		}
		require.NoError(t, r.Err)
		require.Equal(t, []string{c.want}, r.Host.Lines())
	}
}

// levels keeps the levels of the lines beside the rest of a host.
type levels struct {
	*nodetest.Host
	seen []string
}

func (l *levels) Line(level, text string) {
	l.seen = append(l.seen, level)
	l.Host.Line(level, text)
}

func TestLog_Levels(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "CRITICAL", "warn": "WARNING", "debug": "DEBUG", "Error": "ERROR", "loud": "INFO"} {
		b, _ := node.Default.Bind(&workflow.Step{ID: "n", Type: "LogMessageNode", Config: node.Values{"level": given}.Dict()})
		host := &levels{Host: nodetest.NewHost(nil)}
		_, err := b.Exec(t.Context(), host, nil)
		require.NoError(t, err)
		require.Equal(t, []string{want}, host.seen, given)
	}
}

func TestWait_AsksForTheTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config node.Values
		want   time.Duration // negative: fails
	}{
		{node.Values{}, time.Second},
		{node.Values{"duration": "0.25"}, 250 * time.Millisecond},
		{node.Values{"seconds": 2}, 2 * time.Second},
		{node.Values{"duration_ms": 20}, 20 * time.Millisecond},
		{node.Values{"duration": 0}, 0},
		{node.Values{"duration": -1}, -1},
		{node.Values{"duration": "abc"}, -1},
		{node.Values{"duration": "nan"}, -1},
		{node.Values{"duration": "inf"}, -1},
		{node.Values{"duration": 1e300}, -1},
	} {
		b, _ := node.Default.Bind(&workflow.Step{ID: "n", Type: "WaitNode", Config: c.config.Dict()})
		require.False(t, b.Control())
		out, err := b.Exec(t.Context(), nodetest.NewHost(nil), nil)
		if c.want < 0 {
			require.Error(t, err, c.config)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, out.Sleep)
		if c.want == 0 {
			require.Equal(t, []string{"exec_out"}, out.Next)
		}
	}
}
