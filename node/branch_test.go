package node_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
	"casare/workflow"
)

// starter starts as many branches as it is told, collects what comes back, and begins anew until it has enough.
type starter struct {
	count, rounds int64
	pair          string
	got           value.List
}

type starterState struct {
	Round int64 `cbor:"1,keyasint"`
}

func (n *starter) Spec(s *node.Spec) {
	describe(s)
	s.Int(node.Param, &n.count, "count").Or(2)
	s.Int(node.Param, &n.rounds, "rounds").Or(1)
	s.String(node.Param, &n.pair, "pair")
	s.List(node.Out, &n.got, "got")
	s.BranchCount("way_%d_on", "count", node.Parallel)
	s.Forks("pair")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "two", Next: []string{"way_1_on", "way_2_on"}})
}

func (n *starter) Run(_ context.Context, r *node.Run) error { return n.again(r, nil) }

func (n *starter) Resume(_ context.Context, r *node.Run, e node.Event) error {
	if e.Kind != node.Branches {
		return errors.New("called for " + e.Kind.String())
	}
	return n.again(r, e.Branches)
}

func (n *starter) again(r *node.Run, results []node.BranchResult) error {
	var state starterState
	if err := r.State(&state); err != nil {
		return err
	}
	got, _ := r.Kept("got").(value.List)
	for _, b := range results {
		got = append(got, b.Variables)
	}
	if state.Round == n.rounds {
		n.got = got
		r.Meet()
		return nil
	}
	state.Round++
	r.Put("got", got)
	r.OpenEach([]node.BranchStart{{Body: "way_1_on"}, {Body: "way_2_on"}}, node.ParallelOptions{Limit: 1})
	return nil
}

func TestBranches_AreStartedAndComeBack(t *testing.T) {
	t.Parallel()
	reg := node.NewRegistry()
	reg.Add("Starter", func() node.Node { return new(starter) })
	b, problems := reg.Bind(&workflow.Step{ID: "n", Type: "Starter", Config: node.Values{"rounds": 2}.Dict()})
	require.Empty(t, problems)
	host := nodetest.NewHost(nil)
	out, err := b.Exec(t.Context(), host, nil)
	require.NoError(t, err)
	require.Equal(t, []node.BranchStart{{Body: "way_1_on"}, {Body: "way_2_on"}}, out.Each.Branches)
	require.Equal(t, 1, out.Each.Options.Limit)
	require.Empty(t, out.Next)
	first := node.Values{"x": 1}.Dict()
	out, err = b.Resume(t.Context(), host, nil, out.Saved, node.Event{Kind: node.Branches, Branches: []node.BranchResult{{Variables: first}}})
	require.NoError(t, err)
	require.NotNil(t, out.Each)
	require.False(t, out.Meet)
	kept := out.Saved
	for range 2 { // what is kept can be taken up any number of times
		out, err = b.Resume(t.Context(), host, nil, kept, node.Event{Kind: node.Branches, Branches: []node.BranchResult{{Variables: first}, {Variables: first}}})
		require.NoError(t, err)
		require.True(t, out.Meet)
		got, _ := out.Outputs.Get("got")
		require.Len(t, got, 3)
	}
}

func TestBranches_PortsAreCounted(t *testing.T) {
	t.Parallel()
	reg := node.NewRegistry()
	reg.Add("Starter", func() node.Node { return new(starter) })
	for name, c := range map[string]struct {
		config node.Values
		bodies int
		known  bool
	}{
		"default":        {nil, 2, true},
		"three":          {node.Values{"count": 3}, 3, true},
		"none":           {node.Values{"count": -1}, 0, true},
		"far too many":   {node.Values{"count": 1000}, 64, true},
		"a template":     {node.Values{"count": "{{n}}"}, 64, false},
		"the other step": {node.Values{"pair": "j"}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ports, ok := reg.Ports(&workflow.Step{ID: "n", Type: "Starter", Config: c.config.Dict()})
			require.Equal(t, c.known, ok)
			require.Len(t, ports.Bodies, c.bodies)
			require.Equal(t, ports.Bodies, ports.Isolated)
			require.NotNil(t, ports.Fork)
			require.Nil(t, ports.Join)
			if pair, ok := c.config["pair"]; ok {
				require.Equal(t, pair, ports.Fork.Pair)
			}
		})
	}
	entry, _ := reg.Entry("Starter")
	require.True(t, entry.DynamicPorts)
	require.Equal(t, []node.BranchEntry{{Format: "way_%d_on", Count: "count", Body: "parallel"}}, entry.Branches)
}

// caller runs a document whose ports are its own.
type caller struct{ path string }

func (n *caller) Spec(s *node.Spec) {
	describe(s)
	s.String(node.Param, &n.path, "path")
	s.PortsOf(func(ctx context.Context, config *value.Dict, docs node.Documents) (in, out []string, err error) {
		raw, err := docs.Document(ctx, workflow.Reference{Path: config.GetText("path")})
		return []string{string(raw)}, []string{"result"}, err
	})
	s.Effect(node.Pure)
}

func (n *caller) Run(ctx context.Context, r *node.Run) error {
	given, _ := r.Given("a")
	wired, _ := r.Given("w")
	r.Output("seen", value.List{given, wired})
	_, err := r.Call(ctx, node.Call{Reference: workflow.Reference{Kind: workflow.RefersToSubflow, Path: n.path}})
	return err
}

func (n *caller) Resume(context.Context, *node.Run, node.Event) error { return nil }

// oneBook is a host and a library with one document.
type oneBook struct{ *nodetest.Host }

func (oneBook) Document(_ context.Context, r workflow.Reference) (*workflow.Document, error) {
	return nil, errors.New("no " + r.Path)
}

func (oneBook) Prepare(_ context.Context, c *node.Call) (string, error) {
	if c.Reference.Path != "book" {
		return "", errors.New("no " + c.Reference.Path)
	}
	c.Prepared = "ready"
	return "id", nil
}

type shelf map[string]string

func (s shelf) Document(_ context.Context, r workflow.Reference) ([]byte, error) {
	if text, ok := s[r.Path]; ok {
		return []byte(text), nil
	}
	return nil, errors.New("no " + r.Path)
}

func TestCall_IsPreparedByTheHost(t *testing.T) {
	t.Parallel()
	reg := node.NewRegistry()
	reg.Add("Caller", func() node.Node { return new(caller) })
	step := &workflow.Step{ID: "n", Type: "Caller", Config: node.Values{"path": "book", "a": "<{{x}}>"}.Dict()}
	b, _ := reg.Bind(step)
	host := nodetest.NewHost(node.Values{"x": 5}.Dict())
	_, err := b.Exec(t.Context(), host, nil)
	require.ErrorContains(t, err, "the step runs on its own")
	out, err := b.Exec(t.Context(), oneBook{host}, map[string]value.Value{"w": int64(1)})
	require.NoError(t, err)
	require.Equal(t, "ready", out.Call.Prepared)
	seen, _ := out.Outputs.Get("seen")
	require.Equal(t, value.List{"<5>", int64(1)}, seen)

	_, ok := reg.Ports(step)
	require.False(t, ok, "another document decides")
	ports, err := reg.PortsIn(t.Context(), step, shelf{"book": "author"})
	require.NoError(t, err)
	require.Equal(t, []string{"author"}, ports.In)
	require.Equal(t, []string{"result"}, ports.Out)
	_, err = reg.PortsIn(t.Context(), step, shelf{})
	require.ErrorContains(t, err, "no book")
	_, err = reg.PortsIn(t.Context(), &workflow.Step{ID: "n", Type: "Nobody"}, shelf{})
	require.ErrorContains(t, err, "unknown type")
}
