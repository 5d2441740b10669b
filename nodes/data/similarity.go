package data

import (
	"context"

	"casare/node"
	"casare/value"
)

// maxComparisons bounds the work of one step that compares texts: two texts of 10,000 characters without much in common cost a tenth.
const maxComparisons = 1_000_000_000

// similarity compares texts as Python's difflib does: SequenceMatcher(None, a, b).ratio().
type similarity struct {
	a, b []rune

	places map[rune][]int // where each character of b stands, but for those of a long b that stand too often to mean anything
	here   []int          // per place in b, how long the match that ends there is
	before []int
	work   int
}

// ratio is twice the number of characters in matching blocks by the number of all, from 0 to 1.
func (s *similarity) ratio(ctx context.Context, a, b string) (float64, error) {
	s.a, s.b = []rune(a), []rune(b)
	if len(s.a)+len(s.b) == 0 {
		return 1, nil
	}
	s.index()
	matched, err := s.matched(ctx)
	return 2 * float64(matched) / float64(len(s.a)+len(s.b)), err
}

// index notes the places of the characters of b. In a text of 200 characters and more those that make up over a hundredth are left
// out, as difflib does.
func (s *similarity) index() {
	s.places = make(map[rune][]int, min(len(s.b), 256))
	for i, c := range s.b {
		s.places[c] = append(s.places[c], i)
	}
	const long = 200
	if len(s.b) >= long {
		for c, places := range s.places {
			if len(places) > len(s.b)/100+1 {
				delete(s.places, c)
			}
		}
	}
	s.here, s.before = make([]int, len(s.b)+1), make([]int, len(s.b)+1)
}

// part is a stretch of a and one of b that are still to be compared.
type part struct{ aFrom, aTo, bFrom, bTo int }

// matched counts the characters in matching blocks: the longest one, then those on both sides of it.
func (s *similarity) matched(ctx context.Context) (int, error) {
	sum := 0
	for todo := []part{{aTo: len(s.a), bTo: len(s.b)}}; len(todo) > 0; {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		i, j, n, err := s.longest(ctx, p)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			continue
		}
		sum += n
		if p.aFrom < i && p.bFrom < j {
			todo = append(todo, part{aFrom: p.aFrom, aTo: i, bFrom: p.bFrom, bTo: j})
		}
		if i+n < p.aTo && j+n < p.bTo {
			todo = append(todo, part{aFrom: i + n, aTo: p.aTo, bFrom: j + n, bTo: p.bTo})
		}
	}
	return sum, nil
}

// longest finds the longest common block of a part, the first one in a and then in b of those that are as long.
func (s *similarity) longest(ctx context.Context, p part) (i, j, n int, err error) {
	i, j = p.aFrom, p.bFrom
	for at := p.aFrom; at < p.aTo; at++ {
		if err := s.charge(ctx, p.bTo-p.bFrom+1); err != nil {
			return 0, 0, 0, err
		}
		s.here, s.before = s.before, s.here
		clear(s.here[p.bFrom : p.bTo+1])
		for _, place := range s.places[s.a[at]] {
			if place < p.bFrom {
				continue
			}
			if place >= p.bTo {
				break
			}
			k := 1
			if place > p.bFrom {
				k += s.before[place-1]
			}
			s.here[place] = k
			if k > n {
				i, j, n = at-k+1, place-k+1, k
			}
		}
	}
	clear(s.here[p.bFrom : p.bTo+1])
	clear(s.before[p.bFrom : p.bTo+1])
	// Characters that stand too often begin no block, but they make one longer.
	for i > p.aFrom && j > p.bFrom && s.a[i-1] == s.b[j-1] {
		i, j, n = i-1, j-1, n+1
	}
	for i+n < p.aTo && j+n < p.bTo && s.a[i+n] == s.b[j+n] {
		n++
	}
	return i, j, n, nil
}

// charge pays for work that is about to be done.
func (s *similarity) charge(ctx context.Context, n int) error {
	s.work += n
	if s.work > maxComparisons {
		return node.Fail(string(value.LimitError), "the texts are too long to be compared")
	}
	return context.Cause(ctx)
}

// candidates lists what a list, text or dict is made of.
func candidates(v node.Value) (value.List, error) {
	switch x := v.(type) {
	case value.List:
		return x, nil
	case string:
		out := value.List{}
		for _, c := range x {
			out = append(out, string(c))
		}
		return out, nil
	case *value.Dict:
		return x.Keys(), nil
	case nil:
		return value.List{}, nil
	}
	if !value.Truth(v) {
		return value.List{}, nil
	}
	return nil, node.Fail("", "'%s' object is not iterable", value.TypeName(v))
}
