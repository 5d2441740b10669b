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
	given   bool   // a variable that a branch began with: it has not changed it
	quiet   bool   // outputs that only wires reach: of a step that ran in a branch
}

// store holds the values of a frame. Variables and outputs of steps are kept apart, so that a variable named like a step cannot
// corrupt what wires carry; a bare name means whichever was written last.
type store struct {
	plan   *Plan
	under  *store // what is not here is sought there; nobody writes to it meanwhile
	shares bool   // the outputs there are of the same steps

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
	at.v, at.written, at.given = v, s.clock, false
	if !at.dirty {
		at.dirty = true
		s.dirtyVars = append(s.dirtyVars, name)
	}
}

// give creates a variable that does not count as changed.
func (s *store) give(name string, v value.Value) {
	s.set(name, v)
	s.vars[name].given = true
}

// publish replaces all outputs of a step.
func (s *store) publish(step int, outputs *value.Dict) { s.put(step, outputs, false) }

func (s *store) put(step int, outputs *value.Dict, quiet bool) {
	at := s.outs[step]
	if at == nil {
		at = &slot{}
		s.outs[step] = at
		s.appear(s.plan.steps[step].id)
	}
	s.clock++
	at.v, at.written, at.quiet = outputs, s.clock, quiet
	if !at.dirty {
		at.dirty = true
		s.dirtyOuts = append(s.dirtyOuts, step)
	}
}

// variable returns a variable.
func (s *store) variable(name string) (value.Value, bool) {
	for ; s != nil; s = s.under {
		if at := s.vars[name]; at != nil {
			return at.v, true
		}
	}
	return nil, false
}

// output returns what a step left on a port; false when it has not run, or left nothing there.
func (s *store) output(step int, port string) (value.Value, bool) {
	for ; s != nil; s = s.under {
		if at := s.outs[step]; at != nil {
			d, _ := at.v.(*value.Dict)
			v, ok := d.Get(port)
			return v, ok && v != nil
		}
		if !s.shares {
			break
		}
	}
	return nil, false
}

// named returns what a bare name means.
func (s *store) named(name string) (value.Value, bool) {
	for ; s != nil; s = s.under {
		if at := s.newest(name); at != nil {
			return at.v, true
		}
	}
	return nil, false
}

// newest returns the variable or the outputs of that name, whichever was written last; those below are older.
func (s *store) newest(name string) *slot {
	at := s.vars[name]
	if i, ok := s.plan.index[name]; ok {
		if out := s.outs[i]; out != nil && !out.quiet && filled(out) && (at == nil || out.written > at.written) {
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

// changed returns the variables that were created or set here.
func (s *store) changed() *value.Dict {
	b := value.NewDict()
	for _, name := range s.names {
		if at := s.vars[name]; at != nil && !at.given {
			b.Set(name, at.v)
		}
	}
	return b.Dict()
}

// outputs returns the outputs of each step that ran here, by its id.
func (s *store) outputs() *value.Dict {
	b := value.NewDict()
	for i, at := range s.outs {
		if at != nil {
			b.Set(s.plan.steps[i].id, at.v)
		}
	}
	return b.Dict()
}

// overhear makes what steps left in a branch known to wires; except is the step that began the branch.
func (s *store) overhear(branch *store, except int) {
	for i, at := range branch.outs {
		if at == nil || i == except {
			continue
		}
		d, _ := at.v.(*value.Dict)
		s.put(i, d, s.outs[i] == nil || s.outs[i].quiet)
	}
}

// visible returns what every name means here.
func (s *store) visible() *value.Dict {
	if s.under == nil {
		return s.all()
	}
	b := s.under.visible().Edit()
	for name, v := range s.all().All() {
		b.Set(name, v)
	}
	return b.Dict()
}
