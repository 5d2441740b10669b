package casare

import (
	"slices"
	"strings"
)

// Placement is where something may run. The zero Placement is anywhere.
type Placement struct {
	// Requires lists what a robot must have: a capability, or key=value for a label, or for its name, environment, hostname, os or arch.
	Requires []string `cbor:"1,keyasint,omitempty" json:"requires"`
	Robot    string   `cbor:"2,keyasint,omitempty" json:"robot"` // its id or name
}

// The caps on a placement.
const (
	MaxRequires    = 64
	MaxRequireText = 255
)

// Validate says what is wrong with p; CodeInvalid.
func (p *Placement) Validate() error {
	if len(p.Requires) > MaxRequires {
		return Errorf(CodeInvalid, "a placement requires more than %d things", MaxRequires).On("requires")
	}
	for _, text := range append(slices.Clone(p.Requires), p.Robot) {
		if len(text) > MaxRequireText || strings.ContainsAny(text, "\x00\x01") {
			return Errorf(CodeInvalid, "a placement names something by more than %d bytes, or by bytes that are no text", MaxRequireText).On("requires")
		}
	}
	return nil
}

// Equal says whether p and q are the same place.
func (p *Placement) Equal(q *Placement) bool {
	if p == nil || q == nil {
		return p == q
	}
	return p.Robot == q.Robot && slices.Equal(p.Requires, q.Requires)
}

// Fits says whether a robot is such a place.
func (p *Placement) Fits(r *Robot) bool {
	if p.Robot != "" && p.Robot != r.ID && p.Robot != r.Name {
		return false
	}
	return !slices.ContainsFunc(p.Requires, func(need string) bool { return !r.has(need) })
}

// has says whether a robot has what a placement requires.
func (r *Robot) has(need string) bool {
	key, want, pair := strings.Cut(need, "=")
	if !pair || slices.Contains(r.Capabilities, need) {
		return slices.Contains(r.Capabilities, need)
	}
	key, want = strings.TrimSpace(key), strings.TrimSpace(want)
	facts := map[string]string{
		"name": r.Name, "environment": r.Environment, "hostname": r.Facts.Hostname, "os": r.Facts.OS, "arch": r.Facts.Arch,
	}
	if is, ok := r.Labels[key]; ok {
		return is == want
	}
	is, ok := facts[key]
	return ok && is == want
}

// String prints p for people.
func (p *Placement) String() string {
	var parts []string
	if p.Robot != "" {
		parts = append(parts, "robot "+p.Robot)
	}
	if len(p.Requires) > 0 {
		parts = append(parts, "a robot with "+strings.Join(p.Requires, ", "))
	}
	if len(parts) == 0 {
		return "any robot"
	}
	return strings.Join(parts, ", ")
}

// Home is where a job runs but for the steps that name another place.
func (s *JobSpec) Home() *Placement { return &Placement{Requires: s.Needs, Robot: s.TargetRobot} }

// Wanted is where the job is to be placed next.
func (j *Job) Wanted() *Placement {
	if j.Place != nil {
		return j.Place
	}
	return j.Home()
}

// Move gives the job back in good order, to go on at another place: nil is home.
func (j *Job) Move(epoch uint64, to *Placement, now Time) error {
	if to != nil {
		if err := to.Validate(); err != nil {
			return err
		}
	}
	if err := j.Release(epoch, now); err != nil {
		return err
	}
	j.Place = to
	return nil
}
