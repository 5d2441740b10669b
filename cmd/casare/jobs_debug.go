package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"casare"
	"casare/client"
)

func jobsPause(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "pause ID",
		Short: "Stop a running job before its next step",
		Args:  oneID,
		RunE: aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Debugging, error) {
			return c.Pause(ctx, id)
		}, printDebug),
	}
}

func jobsResume(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "resume ID",
		Short: "Let a job that is stopped go on",
		Args:  oneID,
		RunE: aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Debugging, error) {
			return c.Resume(ctx, id)
		}, printDebug),
	}
}

// debugFlags are what casare jobs debug is to do, in the order in which it does it.
type debugFlags struct {
	breaks  []string
	clears  []string
	watches []string
	sets    []string
	step    string
	runTo   string
	goOn    bool
}

func jobsDebug(connect *connectFlags) *cobra.Command {
	f := &debugFlags{}
	cmd := &cobra.Command{
		Use:   "debug ID",
		Short: "Show where a job is stopped, set breakpoints and watches, and step through it",
		Long: `Show where a job is stopped: the step that is next, why it stopped, what is around it, its variables and watches.

--break STEP stops the job before a step; --break 'STEP if EXPRESSION' only where that holds, --break 'STEP hits N' from the
N-th time on, --break 'STEP log TEXT' writes the text, a template, to the log instead. --clear STEP takes a breakpoint away.`,
		Args: oneID,
		RunE: aboutOne(connect, f.do, printDebug),
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.breaks, "break", nil, "stop before this step (repeatable)")
	flags.StringArrayVar(&f.clears, "clear", nil, "take the breakpoints of this step away; all with \"*\"")
	flags.StringArrayVar(&f.watches, "watch", nil, "show the value of this expression at each stop (repeatable)")
	flags.StringArrayVar(&f.sets, "set", nil, "set a variable: NAME=VALUE, the value as JSON or else as text (repeatable)")
	flags.StringVar(&f.step, "step", "", "take a step: over, into or out")
	flags.StringVar(&f.runTo, "run-to", "", "go on to this step")
	flags.BoolVar(&f.goOn, "continue", false, "go on to the next breakpoint")
	cmd.MarkFlagsMutuallyExclusive("step", "run-to", "continue")
	return cmd
}

func (f *debugFlags) do(ctx context.Context, c *client.Client, id string) (client.Debugging, error) {
	state, err := c.Debug(ctx, id)
	if err != nil {
		return state, err
	}
	if len(f.breaks)+len(f.clears)+len(f.watches) > 0 {
		spec, err := f.spec(&state)
		if err != nil {
			return state, err
		}
		if state, err = c.SetDebug(ctx, id, spec); err != nil {
			return state, err
		}
	}
	for _, set := range f.sets {
		name, text, ok := strings.Cut(set, "=")
		if !ok {
			return state, usageError("--set %s is not NAME=VALUE", set)
		}
		raw := json.RawMessage(text)
		if !json.Valid(raw) {
			if raw, err = json.Marshal(text); err != nil {
				return state, usageError("--set %s: %w", set, err)
			}
		}
		if state, err = c.DebugDo(ctx, id, casare.DebugSetVariable, client.DebugCommand{Name: name, Value: raw}); err != nil {
			return state, err
		}
	}
	return f.move(ctx, c, id, state)
}

// move lets the job go on as far as is asked for.
func (f *debugFlags) move(ctx context.Context, c *client.Client, id string, state client.Debugging) (client.Debugging, error) {
	switch {
	case f.runTo != "":
		return c.DebugDo(ctx, id, casare.DebugRunTo, client.DebugCommand{Step: f.runTo})
	case f.goOn:
		return c.DebugDo(ctx, id, casare.DebugContinue, client.DebugCommand{})
	case f.step == "":
		return state, nil
	}
	verbs := map[string]casare.DebugVerb{"over": casare.DebugStepOver, "into": casare.DebugStepInto, "out": casare.DebugStepOut}
	verb, ok := verbs[f.step]
	if !ok {
		return state, usageError("--step is over, into or out, not %s", f.step)
	}
	return c.DebugDo(ctx, id, verb, client.DebugCommand{})
}

// spec is what the debugger has, with what the flags change.
func (f *debugFlags) spec(state *client.Debugging) (casare.DebugSpec, error) {
	spec := casare.DebugSpec{Breakpoints: state.Breakpoints}
	for _, w := range state.Watches {
		spec.Watches = append(spec.Watches, w.Expression)
	}
	for _, step := range f.clears {
		spec.Breakpoints = slices.DeleteFunc(spec.Breakpoints, func(b casare.Breakpoint) bool { return step == "*" || b.Step == step })
	}
	for _, text := range f.breaks {
		b, err := parseBreakpoint(text)
		if err != nil {
			return spec, err
		}
		spec.Breakpoints = append(spec.Breakpoints, b)
	}
	for _, w := range f.watches {
		if !slices.Contains(spec.Watches, w) {
			spec.Watches = append(spec.Watches, w)
		}
	}
	return spec, nil
}

// parseBreakpoint reads "STEP", "STEP if EXPRESSION", "STEP hits N" or "STEP log TEXT".
func parseBreakpoint(text string) (casare.Breakpoint, error) {
	step, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	b := casare.Breakpoint{Step: step}
	what, how, _ := strings.Cut(strings.TrimSpace(rest), " ")
	how = strings.TrimSpace(how)
	switch {
	case step == "":
		return b, usageError("a breakpoint needs the id of a step")
	case what == "":
	case what == "if" && how != "":
		b.Condition = how
	case what == "log" && how != "":
		b.Log = how
	case what == "hits":
		n, err := strconv.Atoi(how)
		if err != nil || n < 1 {
			return b, usageError("hits %s is no number of times", how)
		}
		b.Hits = n
	default:
		return b, usageError("a breakpoint is STEP, STEP if EXPRESSION, STEP hits N or STEP log TEXT, not %q", text)
	}
	return b, nil
}

// printDebug shows a person how a debugger stands.
func printDebug(w io.Writer, d client.Debugging) error {
	rows := [][]string{{"job", d.JobID}}
	if d.Paused {
		rows = append(rows, []string{"stopped", fmt.Sprintf("before step %s (%s), since %s", d.Step, d.Type, clockTime(d.Since))}, []string{"why", d.Text})
	} else {
		rows = append(rows, []string{"stopped", "no, it runs"})
	}
	for _, f := range d.Stack {
		if f.Body != "" {
			rows = append(rows, []string{"in", fmt.Sprintf("%s of step %s (%s), round %d", f.Body, f.Step, f.Type, f.Round)})
		}
	}
	for _, b := range d.Breakpoints {
		rows = append(rows, []string{"breakpoint", breakpointText(b)})
	}
	for _, x := range d.Watches {
		rows = append(rows, []string{"watch", x.Expression + " = " + shownValue(x.Value, x.Text, x.Error)})
	}
	for _, v := range d.Variables {
		rows = append(rows, []string{"variable", v.Name + " = " + shownValue(v.Value, v.Text, "")})
	}
	if d.More > 0 {
		rows = append(rows, []string{"", fmt.Sprintf("and %d more", d.More)})
	}
	return table(w, rows)
}

func breakpointText(b casare.Breakpoint) string {
	text := b.Step
	if b.Condition != "" {
		text += " if " + b.Condition
	}
	if b.Hits > 0 {
		text += fmt.Sprintf(" hits %d", b.Hits)
	}
	if b.Log != "" {
		text += " log " + b.Log
	}
	if b.Disabled {
		text += " (off)"
	}
	return fmt.Sprintf("%s, reached %d times", text, b.Count)
}

func shownValue(raw json.RawMessage, text, failure string) string {
	switch {
	case failure != "":
		return "error: " + failure
	case text != "":
		return text
	}
	return string(raw)
}
