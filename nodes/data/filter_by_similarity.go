package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() {
	node.Register("FilterBySimilarityNode", func() node.Node { return new(filterBySimilarity) })
}

type filterBySimilarity struct {
	input     node.Value
	filter    string
	threshold float64

	filtered value.List
	scores   *value.Dict
	count    int64
}

// Spec describes the type.
func (n *filterBySimilarity) Spec(s *node.Spec) {
	s.Describe("Filter by Similarity", "Keeps the texts of a list that are enough like another one. How alike two texts are is Python's difflib "+
		"ratio, from 0 to 1; large and small letters differ.")
	s.Category("data")
	s.Any(node.In, &n.input, "input_list").Or([]any{}).Port(node.KindList).Widget("list").Shown(node.Essential).
		Says("The texts; what is no text is kept.")
	s.String(node.In, &n.filter, "filter_string").Or("").Shown(node.Essential).Says("The text to be like; an empty one keeps nothing.")
	s.Float(node.In, &n.threshold, "threshold").Or(0.6).Min(0).Max(1).Says("How alike a text must be to be kept.")
	s.List(node.Out, &n.filtered, "filtered_list").Says("What is kept.")
	s.Dict(node.Out, &n.scores, "scores").Says("How alike each text is.")
	s.Int(node.Out, &n.count, "count").Says("How many are kept.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name:   "names",
		Given:  node.Values{"input_list": []any{"Meier", "Meyer", "Schmidt", 5}, "filter_string": "Maier", "threshold": 0.7},
		Wanted: node.Values{"filtered_list": []any{"Meier", 5}, "count": 2},
	})
}

// Run filters.
func (n *filterBySimilarity) Run(ctx context.Context, _ *node.Run) error {
	all, err := candidates(n.input)
	if err != nil {
		return err
	}
	scores := value.NewDict()
	var compare similarity
	n.filtered = value.List{}
	for _, item := range all {
		text, ok := item.(string)
		switch {
		case n.filter == "":
			continue
		case !ok:
			n.filtered = append(n.filtered, item)
			continue
		}
		score, err := compare.ratio(ctx, n.filter, text)
		if err != nil {
			return err
		}
		scores.Set(text, score)
		if score >= n.threshold {
			n.filtered = append(n.filtered, item)
		}
	}
	n.scores, n.count = scores.Dict(), int64(len(n.filtered))
	return nil
}
