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
}

type onceData struct {
	_     struct{} `cbor:",toarray"`
	Path  string
	Known bool
}

// data returns nil when there is nothing to remember.
func (g *guarding) data() *guardData {
	if g.fault == nil && g.exit == nil && g.doom == spared && len(g.then) == 0 && g.round == 0 && len(g.once) == 0 {
		return nil
	}
	d := &guardData{Doom: uint8(g.doom), Then: g.then, Round: g.round}
	if e := g.fault; e != nil {
		d.Fault = &faultData{Type: e.Type, Message: e.Message, Step: e.Step, Stack: e.Stack, Harmless: e.Harmless, Unknown: e.Unknown}
	}
	if x := g.exit; x != nil {
		d.Exit = &exitData{Why: uint8(x.why), Then: x.then}
		if end := x.ending; end != nil {
			d.Exit.Status, d.Exit.Failure, d.Exit.Attention = end.status, end.failure, end.attention
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
	if f := d.Fault; f != nil {
		g.fault = &node.Error{Type: f.Type, Message: f.Message, Step: f.Step, Stack: f.Stack, Harmless: f.Harmless, Unknown: f.Unknown}
	}
	if x := d.Exit; x != nil {
		if x.Why > uint8(again) || !places(x.Then, steps) || x.Status != "" && x.Failure == nil {
			return fmt.Errorf("exit %d, then %v", x.Why, x.Then)
		}
		g.exit = &leaving{why: why(x.Why), then: x.Then}
		if x.Status != "" {
			g.exit.ending = &ending{status: x.Status, failure: x.Failure, attention: x.Attention}
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

// places says whether all of them are steps of the document.
func places(all []int, steps int) bool {
	return !slices.ContainsFunc(all, func(i int) bool { return i < 0 || i >= steps })
}
