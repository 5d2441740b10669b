package workflow

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// knownText lists every node type of CasareRPA, one a line, each followed by its aliases. It tells a type that this version does not
// run from one that does not exist; what does run is known to the registry of node types alone.
//
//go:embed known.txt
var knownText string

// catalogue is the parsed list.
type catalogue struct {
	names   []string          // types, sorted
	aliases map[string]string // type or alias -> type
}

var known = sync.OnceValue(func() catalogue {
	c := catalogue{aliases: make(map[string]string)}
	for line := range strings.Lines(knownText) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		c.names = append(c.names, words[0])
		for _, word := range words {
			c.aliases[word] = words[0]
		}
	}
	return c
})

// KnownType returns the CasareRPA node type behind a name or alias, and whether CasareRPA has it. That this robot runs it is not said.
func KnownType(name string) (typ string, ok bool) {
	typ, ok = known().aliases[name]
	return typ, ok
}

// KnownTypes returns the names of all node types of CasareRPA, sorted.
func KnownTypes() []string { return slices.Clone(known().names) }

// nearest returns the type whose name is most like the given one, preferring those that this robot runs, or "" when none is like it.
func nearest(name string, types Types) string {
	lower := strings.ToLower(strings.TrimSpace(name))
	if lower == "" {
		return ""
	}
	best, bestCost := "", len(lower)/3+1
	for _, typ := range known().names {
		candidate := strings.ToLower(typ)
		cost := distance(lower, candidate, bestCost)
		if bare, cut := strings.CutSuffix(candidate, "node"); cut {
			cost = min(cost, distance(lower, bare, bestCost))
		}
		if cost > bestCost || cost == bestCost && best == "" {
			continue
		}
		_, runs := types.Known(typ)
		if cost < bestCost || runs {
			best, bestCost = typ, cost
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap with their neighbour to make b of a; anything above limit is
// returned as limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}
