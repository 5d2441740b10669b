package engine

import (
	"maps"
	"slices"

	"casare/node"
	"casare/value"
)

// Single is what the one step of a run with Options.RunStep did.
type Single struct {
	Outputs *value.Dict // by port; never nil
	Next    []string    // ports that control left by, a body that was opened included; of a failing step its error port
}

// alone says whether the run is for one step only.
func (f *frame) alone() bool { return f.parent == nil && f.run.opts.RunStep != "" }

// observe keeps what the only step of the run did.
func (f *frame) observe(out node.Outcome, fail *node.Error) {
	r := f.run
	if !f.alone() || f.waits(out) {
		return
	}
	r.single = &Single{Outputs: out.Outputs, Next: out.Next}
	switch {
	case fail != nil && fail.Port != "":
		r.single.Next = []string{fail.Port}
	case out.Open != "":
		r.single.Next = []string{out.Open}
	case out.Each != nil:
		r.single.Next = nil
		for _, b := range out.Each.Branches {
			if !slices.Contains(r.single.Next, b.Body) {
				r.single.Next = append(r.single.Next, b.Body)
			}
		}
	}
	if r.single.Outputs == nil {
		r.single.Outputs = value.DictOf()
	}
}

// given adds what Options.Inputs says arrives at the only step by wire.
func (f *frame) given(in map[string]value.Value) map[string]value.Value {
	r := f.run
	if !f.alone() || r.opts.Inputs == nil {
		return in
	}
	all := maps.Clone(in)
	if all == nil {
		all = map[string]value.Value{}
	}
	for k, v := range r.opts.Inputs.All() {
		all[value.Str(k)] = v
	}
	return all
}
