package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("FuzzyStringMatchNode", func() node.Node { return new(fuzzyMatch) }) }

// The ports by which a FuzzyStringMatchNode is left.
const (
	portMatch   = "match_found"
	portNoMatch = "no_match"
)

type fuzzyMatch struct {
	search     string
	candidates node.Value
	threshold  float64

	matched node.Opt[string]
	score   node.Opt[float64]
	index   node.Opt[int64]
	isMatch bool
	scores  *value.Dict
}

// Spec describes the type.
func (n *fuzzyMatch) Spec(s *node.Spec) {
	s.Describe("Fuzzy String Match", "Finds the text in a list that is most like another one. How alike two texts are is Python's difflib ratio, "+
		"from 0 to 1; large and small letters differ.")
	s.Category("data")
	s.String(node.In, &n.search, "search_string").Or("").Shown(node.Essential).Says("The text to find.")
	s.Any(node.In, &n.candidates, "candidates").Or([]any{}).Port(node.KindList).Widget("list").Shown(node.Essential).
		Says("The texts to look through; what is no text is passed over.")
	s.Float(node.In, &n.threshold, "threshold").Or(0.6).Min(0).Max(1).Says("How alike the best one must be to count as found.")
	node.Maybe(s, node.Out, &n.matched, "matched_string").Says("The text that is most like it; empty if it is not alike enough.")
	node.Maybe(s, node.Out, &n.score, "match_score").Says("How alike the best one is.")
	node.Maybe(s, node.Out, &n.index, "match_index").Says("The place of the best one, from 0; -1 if nothing is like it at all.")
	s.Bool(node.Out, &n.isMatch, "is_match").Says("Whether the best one is alike enough.")
	s.Dict(node.Out, &n.scores, "all_scores").Says("How alike each text is.")
	s.Branch(portMatch, portNoMatch)
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name:   "a misspelling",
		Given:  node.Values{"search_string": "kitten", "candidates": []any{"sitting", "mitten"}},
		Wanted: node.Values{"matched_string": "mitten", "match_index": 1, "is_match": true}, Next: []string{portMatch},
	})
	s.Example(node.Example{
		Name: "nothing alike", Given: node.Values{"search_string": "abc", "candidates": []any{"xyz"}},
		Wanted: node.Values{"matched_string": "", "match_score": 0.0, "match_index": -1, "is_match": false}, Next: []string{portNoMatch},
	})
}

// Run compares.
func (n *fuzzyMatch) Run(ctx context.Context, r *node.Run) error {
	scores := value.NewDict()
	all, err := candidates(n.candidates)
	if err != nil {
		return node.AsError(err, "").Via(portNoMatch)
	}
	n.scores = scores.Dict()
	if n.search == "" || len(all) == 0 {
		r.Take(portNoMatch)
		return nil
	}
	var compare similarity
	best, at := 0.0, -1
	for i, c := range all {
		candidate, ok := c.(string)
		if !ok {
			continue
		}
		score, err := compare.ratio(ctx, n.search, candidate)
		if err != nil {
			return node.AsError(err, "").Via(portNoMatch)
		}
		scores.Set(candidate, score)
		if score > best {
			best, at = score, i
		}
	}
	n.scores, n.score, n.index = scores.Dict(), node.Some(best), node.Some(int64(at))
	if n.isMatch = best >= n.threshold; !n.isMatch {
		n.matched = node.Some("")
		r.Take(portNoMatch)
		return nil
	}
	if at >= 0 {
		n.matched = node.Some(value.Str(all[at]))
	}
	r.Take(portMatch)
	return nil
}
