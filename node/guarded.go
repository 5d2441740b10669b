package node

// Guarded is how far a try has come: body, catch, finally. The types that open one keep it as their State and let it decide.
type Guarded struct {
	Phase   phase `cbor:"1,keyasint"`
	Pending bool  `cbor:"2,keyasint,omitempty"` // the error is still to be raised
	Catch   int   `cbor:"3,keyasint,omitempty"` // which catch is asked
}

type phase uint8

const (
	inBody phase = iota
	inCatch
	inFinally
)

// GuardedParts open the parts of a try; each says false when there is no such part.
type GuardedParts struct {
	Catch   func(n int) bool
	Finally func() bool
	After   func() // it is over and no error is pending
}

// Resume goes on behind the part of the try that has ended, as the event says, and returns the error that is to be raised around it.
func (g *Guarded) Resume(r *Run, e Event, p GuardedParts) error {
	switch e.Kind {
	case Failed:
		g.Pending = true
		if g.Phase == inBody && p.Catch(0) {
			g.Phase = inCatch
			return nil
		}
	case Declined:
		g.Catch++
		if p.Catch(g.Catch) {
			return nil
		}
	case Left:
		g.Pending = false
	case Ended, Continued, Broken, Woken, Branches, Returned:
		if g.Phase == inCatch {
			g.Pending = false
		}
	}
	if g.Phase != inFinally && p.Finally() {
		g.Phase = inFinally
		return nil
	}
	if fault := r.Fault(); g.Pending && fault != nil {
		return fault
	}
	p.After()
	return nil
}
