package casare

import (
	"slices"
	"strings"
)

// ResolveAction is how a job goes on that needs attention.
type ResolveAction string

// The ways a job goes on.
const (
	ResolveRetry ResolveAction = "retry" // it runs the step, or goes on where it stands
	ResolveSkip  ResolveAction = "skip"  // the step is taken as done
	ResolveFail  ResolveAction = "fail"  // it has failed
)

// ResolveActions lists every way.
func ResolveActions() []ResolveAction { return []ResolveAction{ResolveRetry, ResolveSkip, ResolveFail} }

// MaxOutputs is how many bytes of outputs the decisions about a job may have in all.
const MaxOutputs = 128 << 10

// Decision is what a person decided about a step of a job that may run only once and of which nobody knew whether it had.
type Decision struct {
	Step    string        `cbor:"1,keyasint"`
	Action  ResolveAction `cbor:"2,keyasint"`           // retry or skip
	Outputs []byte        `cbor:"3,keyasint,omitempty"` // skip: raw JSON object, what the step would have left
	By      string        `cbor:"4,keyasint,omitempty"` // the actor
	Message string        `cbor:"5,keyasint,omitempty"`
	Time    Time          `cbor:"6,keyasint,omitempty"`
}

// ResolveJob says how a job goes on that needs attention. Step may be left out where only one can be meant.
type ResolveJob struct {
	JobID   string        `cbor:"1,keyasint"`
	Action  ResolveAction `cbor:"2,keyasint"`
	Step    string        `cbor:"3,keyasint,omitempty"`
	Outputs []byte        `cbor:"4,keyasint,omitempty"` // skip: raw JSON object
	Message string        `cbor:"5,keyasint,omitempty"`
}

// Type implements Command.
func (ResolveJob) Type() CommandType { return CommandResolveJob }

// OpenSteps lists the steps of Open.
func (j *Job) OpenSteps() []string {
	if j.Open == "" {
		return nil
	}
	return strings.Split(j.Open, openSeparator)
}

// openSeparator stands between the steps of Open.
const openSeparator = ", "

// Resolve does what a person decided about a job that needs attention. When several steps had begun the job goes on once all of them are
// decided. From then on the robot that had it can no longer take it back.
func (j *Job) Resolve(c *ResolveJob, actor string, now Time) error {
	if j.State != JobNeedsAttention {
		return j.refuse("resolve")
	}
	if c.Action == ResolveFail {
		j.Lost, j.Settled, j.Reason = false, true, ""
		j.State, j.CompletedAt, j.UpdatedAt = JobFailed, now, now
		j.Error = &JobError{NodeID: c.Step, ErrorType: "Resolved", Message: c.Message}
		if j.Error.NodeID == "" && len(j.OpenSteps()) == 1 {
			j.Error.NodeID = j.Open
		}
		if c.Message == "" {
			j.Error.Message = "a person decided that the job has failed"
		}
		return nil
	}
	steps, err := j.meant(c)
	if err != nil {
		return err
	}
	decisions := slices.Clone(j.Decisions)
	for _, step := range steps {
		decisions = slices.DeleteFunc(decisions, func(d Decision) bool { return d.Step == step })
		decisions = append(decisions, Decision{Step: step, Action: c.Action, Outputs: c.Outputs, By: actor, Message: c.Message, Time: now})
	}
	size := 0
	for _, d := range decisions {
		size += len(d.Outputs)
	}
	if size > MaxOutputs {
		return Errorf(CodeTooLarge, "the outputs take %d bytes, more than %d", size, MaxOutputs).On("outputs")
	}
	j.Decisions, j.Lost, j.Settled, j.UpdatedAt = decisions, false, true, now
	if left := j.undecided(); len(left) > 0 {
		j.Reason = unknownOutcome(strings.Join(left, openSeparator))
		return nil
	}
	j.State, j.Reason, j.Error = JobQueued, "", nil
	return nil
}

// meant says which steps a decision is about: the one it names, else all that had begun, else the one the job stopped at.
func (j *Job) meant(c *ResolveJob) ([]string, error) {
	open := j.OpenSteps()
	switch {
	case c.Action != ResolveRetry && c.Action != ResolveSkip:
		return nil, Errorf(CodeInvalid, "%q is none of retry, skip and fail", c.Action).On("action")
	case c.Step != "" && len(open) > 0 && !slices.Contains(open, c.Step):
		return nil, Errorf(CodeInvalid, "the outcome of step %s is not in question, but that of %s", c.Step, j.Open).On("step")
	case c.Step != "":
		return []string{c.Step}, nil
	case c.Action == ResolveSkip && len(open) > 1:
		return nil, Errorf(CodeInvalid, "name one of the steps %s", j.Open).On("step")
	case len(open) > 0:
		return open, nil
	case c.Action == ResolveRetry:
		return nil, nil
	case j.Error != nil && j.Error.NodeID != "":
		return []string{j.Error.NodeID}, nil
	}
	return nil, Errorf(CodeInvalid, "name the step to skip").On("step")
}

// undecided lists the steps that had begun and of which nobody has decided yet.
func (j *Job) undecided() []string {
	return slices.DeleteFunc(j.OpenSteps(), func(step string) bool {
		return slices.ContainsFunc(j.Decisions, func(d Decision) bool { return d.Step == step })
	})
}
