package expr

import "casare/workflow/template"

// node is a part of a parsed expression. Trees are shared between evaluations and never change.
type node interface {
	eval(m *machine) (any, error)
}

type (
	// constant is a literal.
	constant struct{ v any }

	// nameRef is a variable, or a function where no variable has the name.
	nameRef struct{ name string }

	// templateRef is {{path}} outside quotes.
	templateRef struct {
		path template.Path
		text string
	}

	// joined is a text made of parts: an f-string, or a text with templates in it.
	joined struct{ parts []joinedPart }

	// sequence is a list, tuple or set display; an element may be a starred.
	sequence struct {
		kind  sequenceKind
		items []node
	}

	// starred is *x in a display or a call, and **x in a dict display (keys nil) or a call.
	starred struct{ x node }

	// dictDisplay is {k: v, **d}; the key of an unpacked dict is nil.
	dictDisplay struct{ keys, values []node }

	unary struct {
		op string
		x  node
	}

	binary struct {
		op   operator
		l, r node
	}

	// either is a chain of "and" or of "or".
	either struct {
		or    bool
		items []node
	}

	// comparison is a chain: first op rest[0] op rest[1] …
	comparison struct {
		first node
		ops   []string
		rest  []node
	}

	conditional struct{ cond, yes, no node }

	attribute struct {
		x    node
		name string
	}

	subscript struct{ x, index node }

	slicing struct{ x, from, to, by node } // from, to, by may be nil

	call struct {
		fn       node
		args     []node // may hold starred
		names    []string
		named    []node // values of names; name "" is **x
		unpacked bool   // there is a starred somewhere
	}

	// comprehension is [e for …], {e for …}, {k: v for …} or (e for …).
	comprehension struct {
		kind    sequenceKind
		elem    node
		value   node // of a dict
		clauses []clause
	}
)

// clause is "for target in source if conds".
type clause struct {
	target target
	source node
	conds  []node
}

// target is a name, or the targets that a sequence is spread over.
type target struct {
	name string
	many []target
}

// joinedPart is fixed text, or an expression with the way to print it.
type joinedPart struct {
	text string
	x    node           // nil: fixed text
	conv byte           // 0, 'r', 's', 'a'
	spec *joined        // nil: none
	path *template.Path // a template inside quotes: left as text where it leads nowhere
}

type sequenceKind int

const (
	listKind sequenceKind = iota
	tupleKind
	setKind
	dictKind
	generatorKind
)
