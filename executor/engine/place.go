package engine

import (
	"context"

	"casare"
	"casare/node"
)

// TypePlacement is the type of the error of a step that must run elsewhere, when the run cannot move.
const TypePlacement = "PlacementError"

// elsewhere ends the run here when its next step must run at another place. A step that names none runs where the job does; one that is pure
// runs anywhere.
func (f *frame) elsewhere(ctx context.Context, t token, st *step) *ending {
	here := f.run.opts.Here
	if here == nil || t.why != arrived || st.doc.Disabled || f.pos.closing() || !f.due(t) || st.place == nil && st.effect == node.Pure || here(st.place) {
		return nil
	}
	if why := f.fixed(); why != "" {
		return &ending{status: Failed, broken: true, failure: &casare.JobError{
			NodeID: f.prefix + st.id, ErrorType: TypePlacement, Message: "Step " + f.prefix + st.id + " must run at another robot, and the run cannot move: " + why,
		}}
	}
	end := f.halt(ctx)
	if end.status == Released {
		end.moves, end.move = true, st.place
	}
	return end
}

// fixed says what keeps the run on this robot, "" for nothing.
func (f *frame) fixed() string {
	if f.parent != nil {
		return "the step is in a branch or in a document that was called"
	}
	for _, s := range f.pos.scopes {
		if s.kids != nil {
			return "other branches run beside the step"
		}
	}
	if f.run.opts.Held != nil {
		if held := f.run.opts.Held(); held != "" {
			return "it has left " + held + " here"
		}
	}
	return ""
}
