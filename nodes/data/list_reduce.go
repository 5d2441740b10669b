package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ListReduceNode", func() node.Node { return new(listReduce) }) }

type listReduce struct {
	list, initial, result node.Value
	operation, keyPath    string
}

// Spec describes the type.
func (n *listReduce) Spec(s *node.Spec) {
	s.Describe("List Reduce", "Makes one value of a list. Nulls are left out; sum, product and avg give a float. "+
		"Of nothing sum, product, avg and count are 0, all else is null, unless an initial value is given.")
	s.Category("data")
	listInput(s, &n.list)
	s.Choice(node.In, &n.operation, "operation", "sum", "product", "min", "max", "avg", "count", "first", "last", "join").
		Or("sum").ExactNameOfVariable().Shown(node.Essential).Says("What to compute.")
	keyPathInput(s, &n.keyPath)
	s.Any(node.In, &n.initial, "initial").ExactNameOfVariable().Says("The result for an empty list; for join what stands between two items.")
	s.Any(node.Out, &n.result, "result").Says("The value.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "a sum", Given: node.Values{"list": []any{1, "2.5", nil}}, Wanted: node.Values{"result": 3.5}})
	s.Example(node.Example{
		Name: "the oldest", Given: node.Values{"list": []any{node.Values{"age": 30}, node.Values{"age": 41}}, "operation": "max", "key_path": "age"},
		Wanted: node.Values{"result": 41},
	})
	s.Example(node.Example{
		Name: "a text", Given: node.Values{"list": []any{"a", 1, nil}, "operation": "join", "initial": "-"}, Wanted: node.Values{"result": "a-1"},
	})
}

// Run reduces.
func (n *listReduce) Run(context.Context, *node.Run) error {
	list, err := asList(n.list)
	if err != nil {
		return err
	}
	values := value.List{}
	for _, item := range list {
		if v := follow(item, n.keyPath); v != nil {
			values = append(values, v)
		}
	}
	n.result, err = n.reduce(values)
	return err
}

func (n *listReduce) reduce(values value.List) (node.Value, error) {
	if len(values) == 0 {
		return n.empty(), nil
	}
	switch n.operation {
	case "sum":
		return sum(values)
	case "product":
		return product(values)
	case "avg":
		total, err := sum(values)
		return total / float64(len(values)), err
	case "min":
		return extreme("<", values)
	case "max":
		return extreme(">", values)
	case "count":
		return int64(len(values)), nil
	case "first":
		return values[0], nil
	case "last":
		return values[len(values)-1], nil
	case "join":
		return join(values, textOf(n.initial))
	}
	return nil, node.Fail("", "Unknown operation: %s", n.operation)
}

// empty is what an empty list is reduced to.
func (n *listReduce) empty() node.Value {
	if n.initial != nil {
		return n.initial
	}
	switch n.operation {
	case "sum", "product", "avg", "count":
		return int64(0)
	}
	return nil
}

func sum(values value.List) (float64, error) {
	total := 0.0
	for _, v := range values {
		x, err := value.ToFloat(v)
		if err != nil {
			return 0, err
		}
		total += x
	}
	return total, nil
}

func product(values value.List) (float64, error) {
	total := 1.0
	for _, v := range values {
		x, err := value.ToFloat(v)
		if err != nil {
			return 0, err
		}
		total *= x
	}
	return total, nil
}

// extreme is Python's min for < and max for >: the first of the items that no other is beyond.
func extreme(op string, values value.List) (node.Value, error) {
	best := values[0]
	for _, v := range values[1:] {
		beyond, err := compare(op, v, best)
		if err != nil {
			return nil, err
		}
		if beyond {
			best = v
		}
	}
	return best, nil
}
