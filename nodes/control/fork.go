package control

import (
	"context"
	"fmt"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ForkNode", func() node.Node { return new(fork) }) }

type fork struct {
	count    int64
	failFast bool
	join     string
}

// branchResults ends the name of the variable that holds what the branches of a fork changed; the Join reads it.
const branchResults = "_branch_results"

// Spec describes the type.
func (n *fork) Spec(s *node.Spec) {
	s.Describe("Fork", "Runs several branches at the same time, each with variables of its own, and goes on at the Join where they meet. "+
		"A variable x that branch 1 has set is called branch_1_x afterwards. A branch that fails ends alone, unless it is to end the others.")
	s.Category("control_flow")
	s.Control()
	s.Int(node.Param, &n.count, "branch_count").Or(2).Min(2).Max(10).Shown(node.Essential).Says("How many branches there are.")
	s.Bool(node.Param, &n.failFast, "fail_fast").Says("The first branch that fails cancels the others and fails the step.")
	s.String(node.Param, &n.join, "paired_join_id").Shown(node.Internal).
		Says("The id of the Join; the first that all branches lead to when empty.")
	s.BranchCount("branch_%d", "branch_count", node.Parallel)
	s.Forks("paired_join_id")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "two branches", Next: []string{"branch_1", "branch_2"}})
	s.Example(node.Example{
		Name: "three branches", Given: node.Values{"branch_count": 3, "fail_fast": true}, Next: []string{"branch_1", "branch_2", "branch_3"},
	})
}

// Run starts the branches.
func (n *fork) Run(_ context.Context, r *node.Run) error {
	var branches []node.BranchStart
	for i := range min(max(n.count, 0), mostBranches) {
		port := fmt.Sprintf("branch_%d", i+1)
		branches = append(branches, node.BranchStart{Body: port, Label: port})
	}
	r.OpenEach(branches, node.ParallelOptions{FailFast: n.failFast})
	return nil
}

// mostBranches is how many branches a fork may have.
const mostBranches = 64

// Resume brings what the branches changed together, in their order.
func (n *fork) Resume(_ context.Context, r *node.Run, e node.Event) error {
	if err := failure(e.Branches); n.failFast && err != nil {
		return err
	}
	results := value.NewDict()
	for _, b := range e.Branches {
		if b.Err != nil {
			r.Notice("WARNING", fmt.Sprintf("Branch %s of step %s failed: %s", b.Label, r.Step(), b.Err.Message))
			results.Set(b.Label, failed(b.Err))
			continue
		}
		results.Set(b.Label, b.Variables)
		for name, v := range b.Variables.All() {
			if text := value.Str(name); !strings.HasPrefix(text, "_") && !strings.HasSuffix(text, branchResults) {
				r.SetVar(b.Label+"_"+text, v)
			}
		}
	}
	r.SetVar(r.Step()+branchResults, results.Dict())
	r.Take()
	r.Meet()
	return nil
}

// failure is why the first branch failed that was not cancelled because of another one; nil when none did.
func failure(branches []node.BranchResult) error {
	var first *node.Error
	for _, b := range branches {
		if b.Err != nil && (first == nil || first.Type == node.TypeCancelled) {
			first = b.Err
		}
	}
	if first == nil {
		return nil
	}
	out := *first
	out.Port = ""
	return &out
}

// failed stands for the variables of a branch that failed.
func failed(err *node.Error) *value.Dict {
	return value.DictOf(value.Pair{Key: "_error", Value: err.Message})
}
