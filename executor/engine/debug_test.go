package engine_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/value"
)

// session is a run with a debugger, in a bubble of fake time.
type session struct {
	t    *testing.T
	d    *engine.Debugger
	done chan engine.Result
	sink *tape
	kept keeper
	seen []casare.DebugState
}

func debug(t *testing.T, source string, spec casare.DebugSpec, o engine.Options) *session {
	t.Helper()
	s := &session{t: t, done: make(chan engine.Result, 1), sink: &tape{}}
	var err error
	s.d, err = engine.NewDebugger(spec, nil, func(state casare.DebugState) { s.seen = append(s.seen, state) })
	require.NoError(t, err)
	o.Debug, o.Sink, o.Checkpoint = s.d, s.sink, s.kept.keep
	plan := compile(t, document(t, source))
	go func() { s.done <- plan.Run(t.Context(), o) }()
	synctest.Wait()
	return s
}

func (s *session) do(verb casare.DebugVerb, more ...func(*casare.DebugCommand)) casare.DebugState {
	s.t.Helper()
	c := casare.DebugCommand{Verb: verb}
	for _, m := range more {
		m(&c)
	}
	state, err := s.d.Do(s.t.Context(), c)
	require.NoError(s.t, err)
	return state
}

func (s *session) result() engine.Result {
	s.t.Helper()
	return <-s.done
}

func to(step string) func(*casare.DebugCommand) {
	return func(c *casare.DebugCommand) { c.Step = step }
}

const stepped = `
	s StartNode
	l LoopNode {"times": 2}
	a PlainNode
	b PlainNode
	e LoopEndNode {"pair": "l"}
	try TryNode
	f FlakyNode {"pattern": "F"}
	catch CatchNode {"paired_try_id": "try"}
	cb PlainNode
	z PlainNode
	s > l
	l.body > a
	a > b
	b > e
	l.completed > try
	try.try_body > f
	catch.catch_body > cb
	try > z
`

func TestDebug_Steps(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stop string // where the breakpoint is
		verb casare.DebugVerb
		want string // where the run stops one time after the other
	}{
		"into everything":       {"s", casare.DebugStepInto, "l a b e l a b e l try f catch cb z"},
		"over what has a body":  {"s", casare.DebugStepOver, "l try z"},
		"over within a body":    {"a", casare.DebugStepOver, "b e a b e try z"},
		"out of a body":         {"b", casare.DebugStepOut, "b try"},
		"out of the outermost":  {"z", casare.DebugStepOut, ""},
		"continue":              {"a", casare.DebugContinue, "a"},
		"out of a catch":        {"cb", casare.DebugStepOut, "z"},
		"over within the catch": {"catch", casare.DebugStepOver, "cb z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := debug(t, stepped, casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: tc.stop}}}, engine.Options{})
				state := s.do(casare.DebugLook)
				require.Equal(t, tc.stop, state.Step)
				if name == "over within a body" {
					s.do(casare.DebugConfigure, func(c *casare.DebugCommand) { c.Spec = &casare.DebugSpec{} })
				}
				var at []string
				for state = s.do(tc.verb); state.Paused; state = s.do(tc.verb) {
					at = append(at, state.Step)
				}
				require.Equal(t, strings.Fields(tc.want), append([]string{}, at...))
				r := s.result()
				require.Equal(t, engine.Completed, r.Status)
				require.Equal(t, []string{"s", "a", "b", "a", "b", "cb", "z"}, r.Logs, "a debugger changes nothing")
			})
		})
	}
}

func TestDebug_Breakpoints(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		point casare.Breakpoint
		want  string // reasons of the stops
		count int
	}{
		"plain":              {casare.Breakpoint{Step: "a"}, "breakpoint breakpoint breakpoint", 3},
		"switched off":       {casare.Breakpoint{Step: "a", Disabled: true}, "", 0},
		"condition":          {casare.Breakpoint{Step: "a", Condition: "l.index == 1"}, "breakpoint", 1},
		"condition template": {casare.Breakpoint{Step: "a", Condition: "{{l.index}} > 0"}, "breakpoint breakpoint", 2},
		"hits":               {casare.Breakpoint{Step: "a", Hits: 3}, "breakpoint", 3},
		"unreadable":         {casare.Breakpoint{Step: "a", Condition: "1 +"}, "condition condition condition", 0},
		"cannot be told":     {casare.Breakpoint{Step: "a", Condition: "nobody > 1"}, "condition condition condition", 0},
		"log":                {casare.Breakpoint{Step: "a", Log: "round {{l.index}}"}, "", 3},
		"elsewhere":          {casare.Breakpoint{Step: "nowhere"}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := debug(t, "s StartNode\nl LoopNode {\"times\": 3}\na PlainNode\ns > l\nl.body > a",
					casare.DebugSpec{Breakpoints: []casare.Breakpoint{tc.point}}, engine.Options{})
				var reasons []string
				state := s.d.State()
				for ; state.Paused; state = s.do(casare.DebugContinue) {
					require.Equal(t, "a", state.Step)
					if state.Reason == "condition" {
						require.Contains(t, state.Text, "cannot be evaluated")
					}
					reasons = append(reasons, state.Reason)
				}
				require.Equal(t, strings.Fields(tc.want), append([]string{}, reasons...))
				require.Equal(t, tc.count, s.d.State().Breakpoints[0].Count)
				require.Equal(t, engine.Completed, s.result().Status)
				if tc.point.Log == "" {
					return
				}
				var lines []string
				for _, l := range s.sink.lines {
					if strings.HasPrefix(l.Message, "round ") {
						lines = append(lines, l.Message)
					}
				}
				require.Equal(t, []string{"round 0", "round 1", "round 2"}, lines)
			})
		})
	}
}

func TestDebug_ShowsWhereItStands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := debug(t, `
			$password = "x"
			s StartNode
			try TryNode
			l LoopNode {"times": 2}
			a PlainNode
			s > try
			try.try_body > l
			l.body > a
		`, casare.DebugSpec{
			Breakpoints: []casare.Breakpoint{{Step: "a", Hits: 2}},
			Watches:     []string{"l.index + 1", "password", "1 / 0", "(", "'x' * 5000"},
		}, engine.Options{Variables: config("password", value.NewSecret("hunter2"), "long", strings.Repeat("é", 5000)), Seal: func(string) ([]byte, error) { return []byte("sealed"), nil }})
		state := s.do(casare.DebugLook)
		require.True(t, state.Paused)
		require.Equal(t, "Breakpoint at step a.", state.Text)
		require.Equal(t, 1, state.Stops)
		require.Equal(t, []casare.DebugFrame{
			{Step: "a", Type: "PlainNode"}, {Step: "l", Type: "LoopNode", Body: "body", Round: 2}, {Step: "try", Type: "TryNode", Body: "try_body", Round: 1},
		}, state.Stack)
		all := map[string]casare.DebugVariable{}
		for _, v := range state.Variables {
			all[v.Name] = v
		}
		require.Equal(t, casare.DebugVariable{Name: "l", Type: "dict", Value: json.RawMessage(`{"index":1}`), Output: true}, all["l"])
		require.Equal(t, casare.DebugVariable{Name: "count_a", Type: "int", Value: json.RawMessage(`1`)}, all["count_a"])
		require.JSONEq(t, `"***"`, string(all["password"].Value))
		require.Empty(t, all["long"].Value)
		require.Less(t, len(all["long"].Text), 2100)
		require.JSONEq(t, `2`, string(state.Watches[0].Value))
		require.JSONEq(t, `"***"`, string(state.Watches[1].Value))
		require.Contains(t, state.Watches[2].Error, "division by zero")
		require.NotEmpty(t, state.Watches[3].Error)
		require.True(t, strings.HasPrefix(state.Watches[4].Text, "'xxx"))
		raw, err := json.Marshal(state)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "hunter2")
		require.NotEmpty(t, s.kept.cuts, "a stop takes a checkpoint")

		state = s.do(casare.DebugSetVariable, func(c *casare.DebugCommand) { c.Name, c.Value = "count_a", []byte("41") })
		require.True(t, state.Paused)
		require.Equal(t, 1, state.Stops)
		state = s.do(casare.DebugSetVariable, func(c *casare.DebugCommand) { c.Name, c.Value = "password", []byte(`"hunter3"`) })
		raw, err = json.Marshal(state)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "hunter3", "what replaces a secret is one")
		require.False(t, s.do(casare.DebugContinue).Paused)
		r := s.result()
		require.Equal(t, int64(42), variable(r, "count_a"))
	})
}

func TestDebug_PauseRunToAndStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := "s StartNode\nw SleepNode {\"ms\": 60000}\na PlainNode\nb PlainNode\ns > w\nw > a\na > b"
		s := debug(t, source, casare.DebugSpec{BreakOnStart: true}, engine.Options{})
		state := s.do(casare.DebugLook)
		require.Equal(t, []string{"s", "start"}, []string{state.Step, state.Reason})
		require.Equal(t, "w", s.do(casare.DebugStepOver).Step)
		require.False(t, s.do(casare.DebugContinue).Paused)
		require.False(t, s.do(casare.DebugPause).Paused, "the wait goes on")
		time.Sleep(time.Minute) //nolint:forbidigo // fake time
		synctest.Wait()
		state = s.do(casare.DebugLook)
		require.Equal(t, []string{"a", "pause"}, []string{state.Step, state.Reason})
		require.True(t, s.do(casare.DebugPause).Paused, "it is stopped already")
		state = s.do(casare.DebugRunTo, to("b"))
		require.Equal(t, []string{"b", "run_to"}, []string{state.Step, state.Reason})
		_, err := s.d.Do(t.Context(), casare.DebugCommand{Verb: casare.DebugRunTo, Step: "nowhere"})
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
		require.True(t, s.d.State().Paused)
		s.do(casare.DebugContinue)
		require.Equal(t, engine.Completed, s.result().Status)
		for _, verb := range []casare.DebugVerb{casare.DebugContinue, casare.DebugPause, casare.DebugLook} {
			_, err = s.d.Do(t.Context(), casare.DebugCommand{Verb: verb})
			require.Equal(t, casare.CodeTransition, casare.CodeOf(err), "%s", verb)
		}
		require.Equal(t, []bool{true, false, true, false, true, false, true, false}, func() (paused []bool) {
			for _, state := range s.seen {
				paused = append(paused, state.Paused)
			}
			return paused
		}())
	})
}

func TestDebug_ARunThatIsNotStoppedRefusesWhatNeedsAStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := debug(t, "s StartNode\nw SleepNode {\"ms\": 60000}\ns > w", casare.DebugSpec{}, engine.Options{})
		for _, c := range []casare.DebugCommand{
			{Verb: casare.DebugContinue},
			{Verb: casare.DebugStepOver},
			{Verb: casare.DebugRunTo, Step: "w"},
			{Verb: casare.DebugSetVariable, Name: "x", Value: []byte("1")},
		} {
			_, err := s.d.Do(t.Context(), c)
			require.Equal(t, casare.CodeTransition, casare.CodeOf(err), "%s", c.Verb)
		}
		for _, c := range []casare.DebugCommand{
			{Verb: "dance"},
			{Verb: casare.DebugRunTo},
			{Verb: casare.DebugSetVariable, Name: "x"},
			{Verb: casare.DebugConfigure},
			{Verb: casare.DebugConfigure, Spec: &casare.DebugSpec{Breakpoints: []casare.Breakpoint{{}}}},
			{Verb: casare.DebugConfigure, Spec: &casare.DebugSpec{OnIdle: "sleep"}},
		} {
			_, err := s.d.Do(t.Context(), c)
			require.Equal(t, casare.CodeInvalid, casare.CodeOf(err), "%s", c.Verb)
		}
		require.Equal(t, engine.Completed, s.result().Status)
	})
}

func TestDebug_AStopEndsWithTheRun(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]engine.Status{"cancel": engine.Cancelled, "stop": engine.Released} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, err := engine.NewDebugger(casare.DebugSpec{BreakOnStart: true}, nil, nil)
				require.NoError(t, err)
				ctx, cancel := context.WithCancelCause(t.Context())
				stop, done, kept := make(chan struct{}), make(chan engine.Result, 1), keeper{}
				plan := compile(t, document(t, "s StartNode\na PlainNode\ns > a"))
				go func() { done <- plan.Run(ctx, engine.Options{Debug: d, Stop: stop, Checkpoint: kept.keep}) }()
				synctest.Wait()
				require.True(t, d.State().Paused)
				if name == "cancel" {
					cancel(engine.ErrCancelled)
				} else {
					close(stop)
				}
				require.Equal(t, want, (<-done).Status)
				require.False(t, d.State().Paused)
				cancel(nil)
				if name == "stop" {
					r := plan.Run(t.Context(), engine.Options{Resume: kept.last(t).Records})
					require.Equal(t, []string{"s", "a"}, r.Logs, "the step before which it stopped has not run")
				}
			})
		})
	}
}

func TestDebug_NobodyLooks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spec casare.DebugSpec
		want engine.Status
		took time.Duration
	}{
		"goes on":   {casare.DebugSpec{}, engine.Completed, 30 * time.Minute},
		"sooner":    {casare.DebugSpec{IdleSeconds: 60}, engine.Completed, time.Minute},
		"cancelled": {casare.DebugSpec{OnIdle: casare.IdleCancel}, engine.Cancelled, 30 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				tc.spec.Breakpoints = []casare.Breakpoint{{Step: "s"}, {Step: "a"}}
				s := debug(t, "s StartNode\na PlainNode\ns > a", tc.spec, engine.Options{})
				r := s.result()
				require.Equal(t, tc.want, r.Status)
				require.Equal(t, tc.took, time.Since(began), "once is enough")
			})
		})
	}
	t.Run("a look keeps it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			s := debug(t, "s StartNode", casare.DebugSpec{BreakOnStart: true}, engine.Options{})
			time.Sleep(20 * time.Minute) //nolint:forbidigo // fake time
			s.do(casare.DebugLook)
			require.Equal(t, engine.Completed, s.result().Status)
			require.Equal(t, 50*time.Minute, time.Since(began))
		})
	})
}

// Branches that run side by side: one stops, the others wait; what is stepped through is the branch that stopped.
func TestDebug_Branches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := debug(t, `
			$n = 1
			s StartNode
			f ForkNode
			a PlainNode
			a2 PlainNode
			a3 PlainNode
			b PlainNode
			b2 PlainNode
			j JoinNode
			z PlainNode
			s > f
			f.branch_1 > a
			a > a2
			a2 > a3
			a3 > j
			f.branch_2 > b
			b > b2
			b2 > j
			j > z
		`, casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "a2"}, {Step: "b2"}}, Watches: []string{"n"}}, engine.Options{})
		seen := map[string]bool{}
		for range 2 {
			state := s.d.State()
			require.True(t, state.Paused)
			require.False(t, seen[state.Step], "each of them stops once")
			seen[state.Step] = true
			require.Len(t, state.Stack, 2)
			require.Equal(t, "f", state.Stack[1].Step)
			require.JSONEq(t, "1", string(state.Watches[0].Value), "a branch sees what was there before it")
			if state.Step == "a2" {
				state = s.do(casare.DebugSetVariable, func(c *casare.DebugCommand) { c.Name, c.Value = "n", []byte("5") })
				require.JSONEq(t, "5", string(state.Watches[0].Value))
			}
			s.do(casare.DebugContinue)
		}
		require.Equal(t, map[string]bool{"a2": true, "b2": true}, seen)
		r := s.result()
		require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		require.Equal(t, int64(1), variable(r, "n"))
		require.Equal(t, int64(5), variable(r, "branch_1_n"), "only the branch's own variable was set")
	})
	for verb, want := range map[casare.DebugVerb]string{casare.DebugStepOver: "a3 j", casare.DebugStepOut: "j"} {
		synctest.Test(t, func(t *testing.T) {
			s := debug(t, "s StartNode\nf ForkNode\na PlainNode\na3 PlainNode\nb SleepNode {\"ms\": 1}\nb2 PlainNode\nj JoinNode\ns > f\n"+
				"f.branch_1 > a\na > a3\na3 > j\nf.branch_2 > b\nb > b2\nb2 > j", casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "a"}}}, engine.Options{})
			var at []string
			for state := s.do(verb); state.Paused; state = s.do(verb) {
				at = append(at, state.Step)
			}
			require.Equal(t, strings.Fields(want), at, "%s: the other branch is not what is stepped through", verb)
			require.Equal(t, engine.Completed, s.result().Status)
		})
	}
}
