package control

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("JoinNode", func() node.Node { return new(join) }) }

type join struct {
	strategy, fork string
	results        *value.Dict
	count          int64
}

// Spec describes the type.
func (n *join) Spec(s *node.Spec) {
	s.Describe("Join", "Where the branches of a Fork meet: it runs once, when all have ended.")
	s.Category("control_flow")
	s.Control()
	s.Choice(node.Param, &n.strategy, "merge_strategy", "all", "first", "last").Or("all").
		Says("Which branches the output results holds. Their variables are brought together in any case.")
	s.String(node.Param, &n.fork, "paired_fork_id").Shown(node.Internal).
		Says("The id of the Fork; the one whose branches all lead here when empty.")
	s.Dict(node.Out, &n.results, "results").Says("The variables that each branch has set, by the branch's port.")
	s.Int(node.Out, &n.count, "branch_count").Says("How many branches there were.")
	s.Joins("paired_fork_id")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name:  "two branches",
		Given: node.Values{"paired_fork_id": "f"},
		Vars:  node.Values{"f_branch_results": node.Values{"branch_1": node.Values{"x": 1}, "branch_2": node.Values{}}},
		Wanted: node.Values{
			"results": node.Values{"branch_1": node.Values{"x": 1}, "branch_2": node.Values{}}, "branch_count": 2,
		},
		Next: []string{"exec_out"},
	})
	s.Example(node.Example{
		Name:   "the last one",
		Given:  node.Values{"paired_fork_id": "f", "merge_strategy": "last"},
		Vars:   node.Values{"f_branch_results": node.Values{"branch_1": node.Values{"x": 1}, "branch_2": node.Values{"x": 2}}},
		Wanted: node.Values{"results": node.Values{"branch_2": node.Values{"x": 2}}, "branch_count": 2},
	})
}

// Run shows what the branches left.
func (n *join) Run(_ context.Context, r *node.Run) error {
	id := r.Fork()
	if id == "" {
		id = n.fork
	}
	v, _ := r.Var(id + branchResults)
	all, _ := v.(*value.Dict)
	n.count = int64(all.Len())
	n.results = value.DictOf()
	if n.count == 0 {
		return nil
	}
	switch n.strategy {
	case "first":
		n.results = value.DictOf(all.At(0))
	case "last":
		n.results = value.DictOf(all.At(all.Len() - 1))
	default:
		n.results = all
	}
	return nil
}
