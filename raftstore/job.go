package raftstore

import (
	"bytes"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"casare"
)

// readJob joins the two rows of a job; a missing one is an error.
func readJob(tx *bbolt.Tx, id string) (*casare.Job, error) {
	j, found, err := findJob(tx, id)
	if err == nil && !found {
		err = fmt.Errorf("job %s has a status but no record", id)
	}
	return j, err
}

func findJob(tx *bbolt.Tx, id string) (*casare.Job, bool, error) {
	status, found, err := getRow[casare.JobStatus](tx.Bucket(bucketStatus), []byte(id))
	if err != nil || !found {
		return nil, false, err
	}
	spec, found, err := getRow[casare.JobSpec](tx.Bucket(bucketJob), []byte(id))
	if err != nil || !found {
		return nil, false, err
	}
	return &casare.Job{JobSpec: spec, JobStatus: status}, true, nil
}

// jobFor loads the job a command is about. A repeated command finds its own id there.
func (w *writer) jobFor(p casare.Proposal, id string) (j *casare.Job, repeated bool, err error) {
	j, found, err := w.findJob(id)
	if err != nil {
		return nil, false, err
	}
	// A tenant must not learn that another tenant's job exists.
	if !found || p.Tenant != "" && p.Tenant != j.Tenant {
		return nil, false, casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
	}
	return j, j.LastCommand == p.ID, nil
}

// saveJob writes the status row after a move and remembers the move.
func (w *writer) saveJob(p casare.Proposal, j *casare.Job, from casare.JobState) error {
	j.LastCommand = p.ID
	if from != j.State {
		w.change.moves = append(w.change.moves, jobMove{id: j.ID, tenant: j.Tenant, created: j.CreatedAt, from: from, to: j.State})
	}
	w.keepJob(j)
	return putRow(w.tx.Bucket(bucketStatus), []byte(j.ID), j.JobStatus)
}

func (w *writer) jobEvent(p casare.Proposal, j *casare.Job, typ casare.EventType, message string) {
	w.event(casare.Event{
		Type: typ, Tenant: j.Tenant, Time: p.Time, JobID: j.ID, RobotID: j.RobotID, WorkflowID: j.WorkflowID,
		State: j.State, Progress: j.Progress, Step: j.Step, Message: message, Epoch: j.Epoch,
	})
}

// move is the frame of every command that changes a job: load it, let the domain decide, write it, tell of it.
func (w *writer) move(p casare.Proposal, id string, decide func(j *casare.Job) error, event func(j *casare.Job) (casare.EventType, string)) (*casare.Job, error) {
	j, repeated, err := w.jobFor(p, id)
	if err != nil || repeated {
		return j, err
	}
	from := j.State
	if err := decide(j); err != nil {
		return nil, err
	}
	if err := w.saveJob(p, j, from); err != nil {
		return nil, err
	}
	if typ, message := event(j); typ != "" {
		w.jobEvent(p, j, typ, message)
	}
	return j, w.forgetCheckpoint(j)
}

// forgetCheckpoint drops the checkpoint of a job that will never need it: one that failed may be replayed from there.
func (w *writer) forgetCheckpoint(j *casare.Job) error {
	if !forgetsCheckpoint(j.State) {
		return nil
	}
	owner := casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: j.ID}
	if err := w.dropBlobs(owner, func(part string) bool { return !strings.HasPrefix(part, casare.BlobPartKept) }); err != nil {
		return err
	}
	if j.CheckpointSeq == 0 {
		return w.dropPieces(j.ID)
	}
	return w.dropCheckpoint(j.ID)
}

func forgetsCheckpoint(s casare.JobState) bool {
	return s == casare.JobCompleted || s == casare.JobCancelled
}

// queuedOrEnded is the event of a move that puts a job back, ends it because that was asked for, or leaves it to a person.
func queuedOrEnded(message string) func(j *casare.Job) (casare.EventType, string) {
	return func(j *casare.Job) (casare.EventType, string) {
		if j.State.Terminal() {
			return casare.EventJobFinished, j.CancelReason
		}
		if j.State == casare.JobNeedsAttention {
			return casare.EventJobAttention, j.Reason
		}
		return casare.EventJobQueued, message
	}
}

func always(typ casare.EventType) func(*casare.Job) (casare.EventType, string) {
	return func(*casare.Job) (casare.EventType, string) { return typ, "" }
}

func applySubmitJob(w *writer, p casare.Proposal, c casare.SubmitJob) (*casare.Job, error) {
	spec := c.Spec
	if err := checkSpec(p, spec); err != nil {
		return nil, err
	}
	known, found, err := w.findJob(spec.ID)
	if err != nil {
		return nil, err
	}
	if found {
		if known.Tenant != spec.Tenant || !bytes.Equal(known.BodyHash, spec.BodyHash) {
			return nil, casare.Errorf(casare.CodeIdempotency, "the key was used before with another request")
		}
		return known, nil
	}
	if err := w.needDocument(spec.Revision, c.Document); err != nil {
		return nil, err
	}
	for _, pinned := range spec.Pinned {
		if err := w.needDocument(pinned.Revision, nil); err != nil {
			return nil, err
		}
	}
	if spec.CreatedAt == 0 {
		spec.CreatedAt = p.Time
	}
	if spec.CreatedBy == "" {
		spec.CreatedBy = p.Actor
	}
	j := casare.NewJob(spec)
	begin, err := w.beginning(j, c.Begin)
	if err != nil {
		return nil, err
	}
	if begin != nil {
		if err := begin.write(w); err != nil {
			return nil, err
		}
	}
	if err := w.putDocument(spec.Revision, c.Document); err != nil {
		return nil, err
	}
	if err := w.ensureWorkflow(p, spec); err != nil {
		return nil, err
	}
	if err := putRow(w.tx.Bucket(bucketJob), []byte(spec.ID), spec); err != nil {
		return nil, err
	}
	if err := w.tx.Bucket(bucketCreated).Put(createdKey(spec.Tenant, spec.CreatedAt, spec.ID), key(spec.WorkflowID, spec.Environment)); err != nil {
		return nil, err
	}
	if err := w.saveJob(p, j, ""); err != nil {
		return nil, err
	}
	w.jobEvent(p, j, casare.EventJobQueued, "submitted")
	return j, nil
}

// beginning checks where a new job begins and makes it begin there; nil: with its document.
func (w *writer) beginning(j *casare.Job, b *casare.Beginning) (*nextCheckpoint, error) {
	if (b == nil) != (j.Rerun == nil) {
		return nil, casare.Errorf(casare.CodeInvalid, "a job begins at a checkpoint if and only if it runs another one again")
	}
	if b == nil {
		return nil, nil //nolint:nilnil // nothing to write is no error
	}
	begin := &nextCheckpoint{job: j.ID, changes: b.Records}
	if err := begin.merge(w, true); err != nil {
		return nil, err
	}
	j.Begin(b)
	return begin, nil
}

func checkSpec(p casare.Proposal, spec casare.JobSpec) error {
	switch {
	case !validID(spec.ID) || spec.ID != p.ID:
		return casare.Errorf(casare.CodeInvalid, "the id of a job is the id of its submit").On("id")
	case spec.Tenant == "" || spec.Tenant != p.Tenant:
		return casare.Errorf(casare.CodeInvalid, "the tenant of a job is the one who submits it").On("tenant")
	case !validID(spec.WorkflowID):
		return casare.Errorf(casare.CodeInvalid, "a job names its workflow by an id of 1 to %d bytes", maxID).On("workflow_id")
	case spec.Priority < casare.PriorityHighest || spec.Priority > casare.PriorityLowest:
		return casare.Errorf(casare.CodeInvalid, "priority %d is not from 0 to 20", spec.Priority).On("priority")
	case len(spec.Pinned) > casare.MaxPinned:
		return casare.Errorf(casare.CodeTooLarge, "the document refers to %d others, more than %d", len(spec.Pinned), casare.MaxPinned).On("documents")
	case len(spec.Variables) > casare.MaxDocument:
		return casare.Errorf(casare.CodeTooLarge, "the variables take %d bytes, more than %d", len(spec.Variables), casare.MaxDocument).On("variables")
	case len(spec.Metadata) > casare.MaxDocument:
		return casare.Errorf(casare.CodeTooLarge, "the metadata takes %d bytes, more than %d", len(spec.Metadata), casare.MaxDocument).On("metadata")
	}
	return nil
}

func applyAssignJob(w *writer, p casare.Proposal, c casare.AssignJob) (*casare.Job, error) {
	return w.move(p, c.JobID, func(j *casare.Job) error {
		if w.tx.Bucket(bucketRobot).Get([]byte(c.RobotID)) == nil {
			return casare.Errorf(casare.CodeNotFound, "there is no robot %s", c.RobotID)
		}
		return j.Assign(c.RobotID, w.index, p.Time)
	}, always(casare.EventJobAssigned))
}

func applyStartJob(w *writer, p casare.Proposal, c casare.StartJob) (*casare.Job, error) {
	return w.move(p, c.JobID, func(j *casare.Job) error { return j.Start(c.Epoch, p.Time) }, always(casare.EventJobStarted))
}

func applyRejectJob(w *writer, p casare.Proposal, c casare.RejectJob) (*casare.Job, error) {
	return w.move(p, c.JobID, func(j *casare.Job) error { return j.Reject(c.Epoch, c.RobotID, p.Time) },
		queuedOrEnded("robot "+c.RobotID+" rejected it: "+c.Reason))
}

func applyReleaseJob(w *writer, p casare.Proposal, c casare.ReleaseJob) (*casare.Job, error) {
	if c.Moves {
		message := "goes on at home"
		if c.Place != nil {
			message = "goes on at " + c.Place.String()
		}
		return w.move(p, c.JobID, func(j *casare.Job) error { return j.Move(c.Epoch, c.Place, p.Time) }, queuedOrEnded(message))
	}
	return w.move(p, c.JobID, func(j *casare.Job) error { return j.Release(c.Epoch, p.Time) }, queuedOrEnded("released by its robot"))
}

func applyExpireJob(w *writer, p casare.Proposal, c casare.ExpireJob) (*casare.Job, error) {
	return w.move(p, c.JobID, func(j *casare.Job) error { return j.Expire(c.Epoch, p.Time) }, queuedOrEnded("its robot has not been heard of"))
}

func applyStrandJob(w *writer, p casare.Proposal, c casare.StrandJob) (*casare.Job, error) {
	if len(c.Reason) > maxReason {
		return nil, casare.Errorf(casare.CodeTooLarge, "the reason takes %d bytes, more than %d", len(c.Reason), maxReason)
	}
	return w.move(p, c.JobID, func(j *casare.Job) error { return j.Strand(c.Epoch, c.Reason, p.Time) },
		func(j *casare.Job) (casare.EventType, string) { return casare.EventJobAttention, j.Reason })
}

// maxReason is how long the reason of a job that needs attention may be.
const maxReason = 8 << 10

func applyCancelJob(w *writer, p casare.Proposal, c casare.CancelJob) (*casare.Job, error) {
	return w.move(p, c.JobID, func(j *casare.Job) error {
		_, err := j.Cancel(c.Reason, p.Time)
		return err
	}, func(j *casare.Job) (casare.EventType, string) {
		if j.State.Terminal() {
			return casare.EventJobFinished, c.Reason
		}
		return casare.EventJobCancelling, c.Reason
	})
}

func applyResolveJob(w *writer, p casare.Proposal, c casare.ResolveJob) (*casare.Job, error) {
	if len(c.Message) > maxResolveText || len(c.Step) > maxResolveText {
		return nil, casare.Errorf(casare.CodeTooLarge, "the message or the step has more than %d bytes", maxResolveText).On("message")
	}
	return w.move(p, c.JobID, func(j *casare.Job) error { return j.Resolve(&c, p.Actor, p.Time) }, func(j *casare.Job) (casare.EventType, string) {
		switch {
		case j.State.Terminal():
			return casare.EventJobFinished, j.Error.Message
		case j.State == casare.JobNeedsAttention:
			return casare.EventJobAttention, j.Reason
		}
		return casare.EventJobQueued, "a person decided: " + string(c.Action)
	})
}

// maxResolveText bounds what a person writes beside a decision.
const maxResolveText = 4 << 10
