package daemon_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare/node"
	_ "casare/nodes/all"
)

// atOnce is how many meshes run at a time: they mostly wait.
const atOnce = "3"

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == f.DefValue {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			panic(err)
		}
	}
	node.Register("TestGateNode", func() node.Node { return new(gateStep) })
	goleak.VerifyTestMain(m)
}

// gates are where the steps of running jobs stop until the test lets them go on.
var gates = struct {
	sync.Mutex
	all map[string]*gate
}{all: map[string]*gate{}}

// gate is one of them. Every robot of a test runs in this process, so the test sees each time a step comes to it.
type gate struct {
	name string

	mu     sync.Mutex
	opened bool
	visits []*visit
	change chan struct{} // closed and replaced with each change
}

// visit is one execution of a step that stops at a gate.
type visit struct {
	pass  chan struct{} // closed: it may go on
	ended string        // "passed", "killed", or "" while it waits
}

// newGate makes a gate that steps of type TestGateNode stop at.
func newGate(t *testing.T) *gate {
	t.Helper()
	gates.Lock()
	defer gates.Unlock()
	g := &gate{change: make(chan struct{})}
	for i := 1; g.name == "" || gates.all[g.name] != nil; i++ {
		g.name = fmt.Sprintf("%s %d", t.Name(), i)
	}
	gates.all[g.name] = g
	t.Cleanup(g.open) // so that no robot waits for it in the end
	return g
}

func (g *gate) changed() {
	close(g.change)
	g.change = make(chan struct{})
}

// open lets every step pass, those that come later too.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened {
		return
	}
	g.opened = true
	for _, v := range g.visits {
		v.release()
	}
}

// pass lets one visit go on, in the order they came, and waits until it has.
func (g *gate) pass(t *testing.T, i int) {
	t.Helper()
	g.mu.Lock()
	g.visits[i].release()
	g.mu.Unlock()
	g.await(t, fmt.Sprintf("visit %d of gate %s passed", i, g.name), func() bool { return g.visits[i].ended == "passed" })
}

func (v *visit) release() {
	select {
	case <-v.pass:
	default:
		close(v.pass)
	}
}

// visited waits until steps have come to the gate n times.
func (g *gate) visited(t *testing.T, n int) {
	t.Helper()
	g.await(t, fmt.Sprintf("%d visits of gate %s", n, g.name), func() bool { return len(g.visits) >= n })
}

// killed waits until the robot of a visit has ended it.
func (g *gate) killed(t *testing.T, i int) {
	t.Helper()
	g.await(t, fmt.Sprintf("visit %d of gate %s ended", i, g.name), func() bool { return g.visits[i].ended == "killed" })
}

// await waits until something holds of the gate.
func (g *gate) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		g.mu.Lock()
		held, change := holds(), g.change
		g.mu.Unlock()
		if held {
			return
		}
		select {
		case <-change:
		case <-limit.C:
			require.Fail(t, "waited in vain for "+what)
		}
	}
}

// count says how many times a step came to the gate, and how many times one passed it.
func (g *gate) count() (visits, passed int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, v := range g.visits {
		if v.ended == "passed" {
			passed++
		}
	}
	return len(g.visits), passed
}

func (g *gate) enter() *visit {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := &visit{pass: make(chan struct{})}
	if g.opened {
		close(v.pass)
	}
	g.visits = append(g.visits, v)
	g.changed()
	return v
}

func (g *gate) leave(v *visit, how string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v.ended = how
	g.changed()
}

// gateStep is a step that takes as long as the test wants.
type gateStep struct{ gate string }

// Spec describes the type.
func (n *gateStep) Spec(s *node.Spec) {
	s.Describe("Gate", "Waits until the test opens the gate.")
	s.Category("test")
	s.String(node.Param, &n.gate, "gate").Must().Says("Name of the gate.")
}

// Run waits.
func (n *gateStep) Run(ctx context.Context, _ *node.Run) error {
	gates.Lock()
	g := gates.all[n.gate]
	gates.Unlock()
	if g == nil {
		return node.Fail(node.TypeInput, "there is no gate %s", n.gate)
	}
	v := g.enter()
	select {
	case <-v.pass:
		g.leave(v, "passed")
		return nil
	case <-ctx.Done():
		g.leave(v, "killed")
		return context.Cause(ctx)
	}
}
