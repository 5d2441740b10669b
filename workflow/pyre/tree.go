package pyre

// kind is what a piece of a pattern is.
type kind int

const (
	kindLiteral   kind = iota + 1 // one character
	kindSet                       // a class
	kindAny                       // .
	kindAt                        // a place: ^ $ \A \Z \b \B
	kindBranch                    // a|b
	kindGroup                     // (…), or (?flags:…)
	kindAtomic                    // (?>…)
	kindRepeat                    // … * + ? {m,n}
	kindRef                       // \1
	kindCondition                 // (?(1)…|…)
	kindLook                      // (?=…) (?!…) (?<=…) (?<!…)
)

// place is what a kindAt asks for.
type place int

const (
	atLineStart place = iota + 1 // ^
	atLineEnd                    // $
	atStart                      // \A
	atEnd                        // \Z
	atBoundary                   // \b
	atInside                     // \B
)

// greed is how a repetition takes.
type greed int

const (
	greedy greed = iota + 1
	lazy
	possessive
)

// unlimited is the upper bound of * and +, and what a larger bound counts as: no text is that long.
const unlimited = 1<<31 - 1

// node is a piece of a pattern.
type node struct {
	kind     kind
	char     rune
	set      *class
	place    place
	parts    []sequence // alternatives; of other kinds the first is what stands inside, of a condition the second is its else
	group    int        // number; 0 for a group that keeps nothing
	add, del Flags
	min, max int
	greed    greed
	behind   bool // of a look: backwards
	negative bool // of a look: must not be there
}

// sequence is a run of pieces.
type sequence []node

// wide is the width beyond which nobody counts.
const wide = 1 << 40

// width is how many code points something matches, at least and at most.
type width struct{ min, max int }

func (w width) plus(v width) width {
	return width{min: min(w.min+v.min, wide), max: min(w.max+v.max, wide)}
}

// widthOf measures a sequence; groups holds the widths of the groups that are closed.
func (s sequence) widthOf(groups []width) width {
	var sum width
	for i := range s {
		sum = sum.plus(s[i].widthOf(groups))
	}
	return sum
}

func (n *node) widthOf(groups []width) width {
	switch n.kind {
	case kindLiteral, kindSet, kindAny:
		return width{min: 1, max: 1}
	case kindAt, kindLook:
		return width{}
	case kindBranch:
		out := width{min: wide}
		for _, p := range n.parts {
			w := p.widthOf(groups)
			out = width{min: min(out.min, w.min), max: max(out.max, w.max)}
		}
		return out
	case kindGroup, kindAtomic:
		return n.parts[0].widthOf(groups)
	case kindRepeat:
		w := n.parts[0].widthOf(groups)
		return width{min: times(w.min, n.min), max: times(w.max, n.max)}
	case kindRef:
		return groups[n.group]
	case kindCondition:
		w := n.parts[0].widthOf(groups)
		if len(n.parts) == 1 {
			return width{max: w.max}
		}
		v := n.parts[1].widthOf(groups)
		return width{min: min(w.min, v.min), max: max(w.max, v.max)}
	}
	return width{}
}

// times multiplies, and stops counting at wide.
func times(w, n int) int {
	if w == 0 || n == 0 {
		return 0
	}
	if n == unlimited || w > wide/n {
		return wide
	}
	return w * n
}
