package trigger

import (
	"context"

	"casare/node"
	"casare/value"
)

// about is what one type declares.
type about struct {
	title, doc string
	params     []param
	outputs    []output
}

// param is one property of the form. It configures who waits for the event; the step itself does not use it.
type param struct {
	name, help string
	kind       node.Kind // "" is a text
	or         any       // nil: none
	choices    []string
}

// output is one part of the event.
type output struct {
	name string
	kind node.Kind
	help string
}

// mostParams and mostOutputs bound what one type may have; the array of the fields is in the step's struct.
const (
	mostParams  = 20
	mostOutputs = 16
)

// trigger is a step of the type that D declares.
type trigger[D interface{ about() about }] struct {
	params struct {
		texts   [mostParams]string
		numbers [mostParams]int64
		bools   [mostParams]bool
		secrets [mostParams]value.Secret
	}
	outputs [mostOutputs]node.Value
}

// newTrigger makes a step.
func newTrigger[D interface{ about() about }]() node.Node { return new(trigger[D]) }

// Spec describes the type.
func (n *trigger[D]) Spec(s *node.Spec) {
	var d D
	a := d.about()
	s.Describe(a.title, a.doc+" A run that it has begun finds the parts of the event as outputs, and as variables of the same names.")
	s.Category("triggers")
	for i, p := range a.params {
		f := n.param(s, i, &p)
		if p.or != nil {
			f.Or(p.or)
		}
		f.Says(p.help)
	}
	for i, o := range a.outputs {
		s.Any(node.Out, &n.outputs[i], o.name).Port(o.kind).Says(o.help)
	}
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "no event", Next: []string{"exec_out"}})
}

func (n *trigger[D]) param(s *node.Spec, i int, p *param) *node.Field {
	switch {
	case p.kind == node.KindInt:
		return s.Int(node.Param, &n.params.numbers[i], p.name)
	case p.kind == node.KindBool:
		return s.Bool(node.Param, &n.params.bools[i], p.name)
	case p.kind == node.KindSecret:
		return s.Secret(node.Param, &n.params.secrets[i], p.name)
	case p.choices != nil:
		return s.Choice(node.Param, &n.params.texts[i], p.name, p.choices...)
	}
	return s.String(node.Param, &n.params.texts[i], p.name)
}

// Run hands on what the event brought.
func (n *trigger[D]) Run(_ context.Context, r *node.Run) error {
	var d D
	for i, o := range d.about().outputs {
		n.outputs[i], _ = r.Var(o.name)
	}
	return nil
}
