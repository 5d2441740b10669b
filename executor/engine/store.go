package engine

import (
	"casare/value"
)

// slot is one variable, or the outputs of one step.
type slot struct {
	v       value.Value
	written uint64 // number of the write, to tell which of two things of one name is newer
	dirty   bool   // not in what the frame has published
	piece   *piece // how it was published last
}

// store holds the values of a frame. Variables and outputs of steps are kept apart, so that a variable named like a step cannot
// corrupt what wires carry; a bare name means whichever was written last.
type store struct {
	plan  *Plan
	vars  map[string]*slot
	outs  []*slot        // by step; v is a *value.Dict
	names []string       // of both, in the order in which they first appeared
	known map[string]int // place in names
	clock uint64

	dirtyVars []string
	dirtyOuts []int
}

func newStore(p *Plan) *store {
	return &store{plan: p, vars: map[string]*slot{}, outs: make([]*slot, len(p.steps)), known: map[string]int{}}
}

func (s *store) appear(name string) {
	if _, ok := s.known[name]; !ok {
		s.known[name] = len(s.names)
		s.names = append(s.names, name)
	}
}

// set creates or replaces a variable.
func (s *store) set(name string, v value.Value) {
	at := s.vars[name]
	if at == nil {
		at = &slot{}
		s.vars[name] = at
		s.appear(name)
	}
	s.clock++
	at.v, at.written = v, s.clock
	if !at.dirty {
		at.dirty = true
		s.dirtyVars = append(s.dirtyVars, name)
	}
}

// publish replaces all outputs of a step.
func (s *store) publish(step int, outputs *value.Dict) {
	at := s.outs[step]
	if at == nil {
		at = &slot{}
		s.outs[step] = at
		s.appear(s.plan.steps[step].id)
	}
	s.clock++
	at.v, at.written = outputs, s.clock
	if !at.dirty {
		at.dirty = true
		s.dirtyOuts = append(s.dirtyOuts, step)
	}
}

// variable returns a variable.
func (s *store) variable(name string) (value.Value, bool) {
	if at := s.vars[name]; at != nil {
		return at.v, true
	}
	return nil, false
}

// output returns what a step left on a port; false when it has not run, or left nothing there.
func (s *store) output(step int, port string) (value.Value, bool) {
	at := s.outs[step]
	if at == nil {
		return nil, false
	}
	d, ok := at.v.(*value.Dict)
	if !ok {
		return nil, false
	}
	v, ok := d.Get(port)
	return v, ok && v != nil
}

// named returns what a bare name means.
func (s *store) named(name string) (value.Value, bool) {
	if at := s.newest(name); at != nil {
		return at.v, true
	}
	return nil, false
}

func (s *store) newest(name string) *slot {
	at := s.vars[name]
	if i, ok := s.plan.index[name]; ok {
		if out := s.outs[i]; out != nil && filled(out) && (at == nil || out.written > at.written) {
			return out
		}
	}
	return at
}

// filled says whether a step left any output: one without is no name at all.
func filled(out *slot) bool {
	d, ok := out.v.(*value.Dict)
	return ok && d.Len() > 0
}

// all returns every variable and every step's outputs by name.
func (s *store) all() *value.Dict {
	b := value.NewDict()
	for _, name := range s.names {
		if at := s.newest(name); at != nil {
			b.Set(name, at.v)
		}
	}
	return b.Dict()
}
