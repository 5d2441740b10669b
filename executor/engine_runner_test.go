package executor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare"
	"casare/executor"
	"casare/node"
	_ "casare/nodes/all"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func document(steps string, wires ...string) []byte {
	var list []string
	for _, w := range wires {
		from, to, _ := strings.Cut(w, ">")
		list = append(list, fmt.Sprintf(`{"source_node":%q,"source_port":"exec_out","target_node":%q,"target_port":"exec_in"}`, from, to))
	}
	return []byte(`{"metadata":{"name":"t","schema_version":"1.0.0"},"nodes":{` + steps + `},"connections":[` + strings.Join(list, ",") + `]}`)
}

func step(id, typ, config string) string {
	return fmt.Sprintf(`%q:{"node_id":%q,"node_type":%q,"config":{%s}}`, id, id, typ, config)
}

type heard struct {
	steps     []casare.StepEvent
	lines     []casare.LogLine
	snapshots []executor.Snapshot
}

func (h *heard) options(variables string, stop <-chan struct{}) executor.RunOptions {
	return executor.RunOptions{
		Variables:  []byte(variables),
		Stop:       stop,
		Now:        time.Now,
		Step:       func(e casare.StepEvent) { h.steps = append(h.steps, e) },
		Log:        func(l casare.LogLine) { h.lines = append(h.lines, l) },
		Checkpoint: func(_ context.Context, s executor.Snapshot) error { h.snapshots = append(h.snapshots, s); return nil },
		Settle:     func(context.Context, string, executor.Moment) error { return nil },
	}
}

func TestRunner_RunsADocumentAndSaysWhatHappens(t *testing.T) {
	t.Parallel()
	p, err := executor.NewRunner(node.Default).Compile(document(strings.Join([]string{
		step("start", "StartNode", ""), step("log", "LogNode", `"message":"hello {{who}}","level":"info"`), step("end", "EndNode", ""),
	}, ","), "start>log", "log>end"))
	require.NoError(t, err)
	h := &heard{}
	out := p.Run(t.Context(), h.options(`{"who":"there"}`, nil))
	require.Equal(t, casare.JobCompleted, out.State, "%+v", out.Error)
	require.Contains(t, string(out.Variables), `"who":"there"`)
	require.NotEmpty(t, h.steps)
	require.NotEmpty(t, h.lines)
	require.Contains(t, fmt.Sprint(h.lines), "hello there")
}

func TestRunner_StopsAtAStepAndResumesElsewhere(t *testing.T) {
	t.Parallel()
	p, err := executor.NewRunner(node.Default).Compile(document(strings.Join([]string{
		step("start", "StartNode", ""), step("wait", "WaitNode", `"duration":30`), step("end", "EndNode", ""),
	}, ","), "start>wait", "wait>end"))
	require.NoError(t, err)
	stop := make(chan struct{})
	close(stop)
	h := &heard{}
	out := p.Run(t.Context(), h.options("", stop))
	require.True(t, out.Released)
	require.NotEmpty(t, h.snapshots)
	again := h.options("", nil)
	again.Resume = h.snapshots[len(h.snapshots)-1].Changes
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, casare.JobCancelled, p.Run(ctx, again).State)
}

func TestRunner_BrokenDocumentsAndVariables(t *testing.T) {
	t.Parallel()
	r := executor.NewRunner(node.Default)
	_, err := r.Compile([]byte("no json"))
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	_, err = r.Compile(document(step("start", "StartNode", "") + "," + step("x", "NobodyKnowsThisNode", "")))
	require.Equal(t, casare.CodeUnsupported, casare.CodeOf(err))
	p, err := r.Compile(document(step("start", "StartNode", "")))
	require.NoError(t, err)
	h := &heard{}
	require.Equal(t, casare.JobFailed, p.Run(t.Context(), h.options("[1]", nil)).State)
	big := fmt.Sprintf(`{"small":1,"huge":%q,"large":%q}`, strings.Repeat("x", 300<<10), strings.Repeat("y", 100<<10))
	out := p.Run(t.Context(), h.options(big, nil))
	require.Equal(t, casare.JobFailed, out.State)
	require.NotNil(t, out.Error)
	require.Contains(t, out.Error.Message, "huge")
}
