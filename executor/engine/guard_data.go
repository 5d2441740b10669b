package engine

import (
	"fmt"
	"maps"
	"slices"

	"casare"
	"casare/node"
)

// guardData is guarding in a snapshot. Fields are only ever added.
type guardData struct {
	Fault *faultData `cbor:"1,keyasint,omitempty"`
	Exit  *exitData  `cbor:"2,keyasint,omitempty"`
	Doom  uint8      `cbor:"3,keyasint,omitempty"`
	Then  []int      `cbor:"4,keyasint,omitempty"`
	Round int        `cbor:"5,keyasint,omitempty"`
	Once  []onceData `cbor:"6,keyasint,omitempty"`
}

// faultData is an error without its cause, which is no data.
type faultData struct {
	Type     string `cbor:"1,keyasint,omitempty"`
	Message  string `cbor:"2,keyasint,omitempty"`
	Step     string `cbor:"3,keyasint,omitempty"`
	Stack    string `cbor:"4,keyasint,omitempty"`
	Harmless bool   `cbor:"5,keyasint,omitempty"`
	Unknown  bool   `cbor:"6,keyasint,omitempty"`
}

type exitData struct {
	Why       uint8            `cbor:"1,keyasint,omitempty"`
	Then      []int            `cbor:"2,keyasint,omitempty"`
	Status    Status           `cbor:"3,keyasint,omitempty"`
	Failure   *casare.JobError `cbor:"4,keyasint,omitempty"`
	Attention string           `cbor:"5,keyasint,omitempty"`
	Cross     *crossData       `cbor:"6,keyasint,omitempty"`
}

// crossData is a crossing.
type crossData struct {
	Frame string `cbor:"1,keyasint"`
	Scope uint64 `cbor:"2,keyasint"`
	Why   uint8  `cbor:"3,keyasint"`
}

type onceData struct {
	_     struct{} `cbor:",toarray"`
	Path  string
	Known bool
}

// faultOf returns nil for no error.
func faultOf(e *node.Error) *faultData {
	if e == nil {
		return nil
	}
	return &faultData{Type: e.Type, Message: e.Message, Step: e.Step, Stack: e.Stack, Harmless: e.Harmless, Unknown: e.Unknown}
}

func (d *faultData) error() *node.Error {
	if d == nil {
		return nil
	}
	return &node.Error{Type: d.Type, Message: d.Message, Step: d.Step, Stack: d.Stack, Harmless: d.Harmless, Unknown: d.Unknown}
}

// data returns nil when there is nothing to remember.
func (g *guarding) data() *guardData {
	if g.fault == nil && g.exit == nil && g.doom == spared && len(g.then) == 0 && g.round == 0 && len(g.once) == 0 {
		return nil
	}
	d := &guardData{Doom: uint8(g.doom), Then: g.then, Round: g.round}
	d.Fault = faultOf(g.fault)
	if x := g.exit; x != nil {
		d.Exit = &exitData{Why: uint8(x.why), Then: x.then}
		if end := x.ending; end != nil {
			d.Exit.Status, d.Exit.Failure, d.Exit.Attention = end.status, end.failure, end.attention
			if c := end.cross; c != nil {
				d.Exit.Cross = &crossData{Frame: c.frame, Scope: c.scope, Why: uint8(c.why)}
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(g.once)) {
		d.Once = append(d.Once, onceData{Path: path, Known: g.once[path]})
	}
	return d
}

// restore reads what a snapshot says of a scope in a document of some steps; nil is nothing.
func (g *guarding) restore(d *guardData, steps int) error {
	if d == nil {
		return nil
	}
	g.doom, g.round, g.then = doom(d.Doom), d.Round, d.Then
	if d.Doom > uint8(void) || !places(d.Then, steps) {
		return fmt.Errorf("doom %d, then %v", d.Doom, d.Then)
	}
	g.fault = d.Fault.error()
	if d.Exit != nil {
		if g.exit = d.Exit.leaving(steps); g.exit == nil {
			return fmt.Errorf("exit %d, then %v", d.Exit.Why, d.Exit.Then)
		}
	}
	for _, o := range d.Once {
		if g.once == nil {
			g.once = make(map[string]bool, len(d.Once))
		}
		g.once[o.Path] = o.Known
	}
	return nil
}

// leaving returns nil for what makes no sense in a document of some steps.
func (d *exitData) leaving(steps int) *leaving {
	if d.Why > uint8(joined) || !places(d.Then, steps) || d.Status != "" && d.Failure == nil && d.Cross == nil {
		return nil
	}
	out := &leaving{why: why(d.Why), then: d.Then}
	if d.Status == "" {
		return out
	}
	out.ending = &ending{status: d.Status, failure: d.Failure, attention: d.Attention}
	if c := d.Cross; c != nil {
		if why(c.Why) != broken && why(c.Why) != continued {
			return nil
		}
		out.ending.cross = &crossing{frame: c.Frame, scope: c.Scope, why: why(c.Why)}
	}
	return out
}

// places says whether all of them are steps of the document.
func places(all []int, steps int) bool {
	return !slices.ContainsFunc(all, func(i int) bool { return i < 0 || i >= steps })
}
