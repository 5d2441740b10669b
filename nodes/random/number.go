package random

import (
	"context"
	"math"
	"math/big"

	"casare/node"
	"casare/value"
)

func init() { node.Register("RandomNumberNode", func() node.Node { return new(number) }) }

type number struct {
	least, most float64
	integer     bool
	result      node.Value
}

// Spec describes the type.
func (n *number) Spec(s *node.Spec) {
	s.Describe("Random Number", "Gives a random number between two bounds.")
	s.Category("utility")
	s.Float(node.In, &n.least, "min_value").Or(0.0).Was("min").Shown(node.Essential).Says("The least it can be.")
	s.Float(node.In, &n.most, "max_value").Or(100.0).Was("max").Shown(node.Essential).Says("The most it can be; of two bounds in the wrong order the lesser is the first.")
	s.Bool(node.Param, &n.integer, "integer_only").Or(false).Says("Whether it is a whole number; then both bounds are cut to whole numbers and can come up.")
	s.Any(node.Out, &n.result, "result").Port(node.KindFloat).Says("The number.")
	s.Effect(node.Read)
	s.Example(node.Example{
		Name: "no choice", Given: node.Values{"min_value": 3.7, "max_value": 3, "integer_only": true}, Wanted: node.Values{"result": 3},
	})
}

// Run draws.
func (n *number) Run(context.Context, *node.Run) error {
	lo, hi := n.least, n.most
	if lo > hi {
		lo, hi = hi, lo
	}
	if !n.integer {
		n.result = lo + (hi-lo)*generator().Float64()
		return nil
	}
	least, err := whole(lo)
	if err != nil {
		return err
	}
	most, err := whole(hi)
	if err != nil {
		return err
	}
	n.result, err = between(least, most)
	return err
}

// whole is Python's int() of a float.
func whole(f float64) (*big.Int, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, node.Fail(node.TypeInput, "cannot convert the bound %s to a whole number", value.Str(f))
	}
	n, _ := big.NewFloat(f).Int(nil)
	return n, nil
}
