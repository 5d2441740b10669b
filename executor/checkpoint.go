package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"casare"
	"casare/executor/engine"
	"casare/executor/workspace"
	"casare/runlog"
)

// Moment is why a run takes a checkpoint. What has to be recorded before the run goes on differs: see attempt.settle.
type Moment = engine.Moment

// The moments.
const (
	MomentPause   = engine.MomentPause
	MomentEffect  = engine.MomentEffect
	MomentIntent  = engine.MomentIntent
	MomentOutcome = engine.MomentOutcome
	MomentStop    = engine.MomentStop
	MomentWait    = engine.MomentWait
)

// Policy is what a document wants of its checkpoints.
type Policy struct {
	Strict        bool          // every one is recorded before the run goes on
	Fence         bool          // stop when the lease of this robot nears its end, rather than go on alone
	IsolationWait time.Duration // how long a step that may run only once waits to be recorded; 0: 10 min
}

// isolationWait is Policy.IsolationWait unless the document says otherwise.
const isolationWait = 10 * time.Minute

// Blobs keeps what is too large for the state, for one attempt.
type Blobs interface {
	// PutBytes returns when a majority of the coordinators has the content.
	PutBytes(ctx context.Context, content []byte) (casare.BlobRef, error)
	GetBytes(ctx context.Context, hash string, limit int64) ([]byte, error)
}

const (
	// ackWait is how long a run waits for the leader to record a checkpoint before it goes on without; after that it does not wait
	// again before the leader has answered something.
	ackWait   = time.Second
	liftRetry = time.Second
	// sayWaiting is how long an intent waits before the log says so.
	sayWaiting = 2 * time.Second
)

// checkpoint takes a checkpoint over from the run.
func (a *attempt) checkpoint(_ context.Context, s Snapshot) error {
	changes, err := a.collect(s)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.refusal; err != nil {
		a.refusal = nil
		return err
	}
	if s.Moment == MomentIntent {
		a.intents++
	}
	a.stream.take(changes, s.Whole, mark{intents: a.intents, step: s.Step, open: strings.Join(s.Open, ", "), pin: a.pin(), progress: s.Progress})
	a.journal.add(&runlog.Entry{Checkpoint: &runlog.Checkpoint{
		N: a.stream.taken, Time: a.now(), Step: s.Step, Progress: s.Progress, Moment: s.Moment.String(), Open: s.Open, Whole: s.Whole,
		Changes: changes, Intents: a.intents,
	}})
	a.journal.flush()
	a.progress = max(a.progress, s.Progress)
	if a.blobs == nil && a.stream.size > casare.MaxCheckpoint {
		return casare.Errorf(casare.CodeTooLarge, "the checkpoint takes %d bytes, more than %d", a.stream.size, casare.MaxCheckpoint)
	}
	if s.Moment != MomentPause || a.policy.Strict {
		a.due = true
	}
	a.lift()
	if a.due {
		a.wakes()
	}
	return nil
}

// lift begins to put large records and the contents of files into blobs, unless that is under way. The caller holds mu.
func (a *attempt) lift() {
	if a.lifting || !a.laden() {
		return
	}
	a.lifting = true
	a.work(func(ctx context.Context) {
		for a.liftSome(ctx) {
			a.mu.Lock()
			if !a.laden() {
				a.lifting = false
				a.wakes()
				a.mu.Unlock()
				return
			}
			a.mu.Unlock()
		}
	})
}

// liftSome puts what there is by now; false when the attempt is over before.
func (a *attempt) liftSome(ctx context.Context) bool {
	if a.folder != nil && a.folder.Pending() {
		flushed := a.persist(ctx, "a file of the job was refused", func() error { return a.folder.Flush(ctx) })
		if !flushed {
			return false
		}
	}
	if a.blobs == nil {
		return true
	}
	a.mu.Lock()
	heavy := a.stream.heavy()
	a.mu.Unlock()
	for _, r := range heavy {
		var ref casare.BlobRef
		put := a.persist(ctx, "record "+r.Key+" of the checkpoint was refused", func() (err error) {
			ref, err = a.blobs.PutBytes(ctx, r.Data)
			return err
		})
		if !put {
			return false
		}
		a.mu.Lock()
		a.stream.moved(r.Key, r.Data, ref)
		a.mu.Unlock()
	}
	return true
}

// persist stores something, however long that takes; false when the attempt is over before.
func (a *attempt) persist(ctx context.Context, refused string, put func() error) bool {
	for {
		err := put()
		if err == nil {
			return true
		}
		a.mu.Lock()
		gone := errors.Is(a.cause, errGone)
		if a.end != nil { // the job must not hang because of it
			a.stream.refused()
			a.lifting, gone = false, true
			a.wakes()
		}
		if code := casare.CodeOf(err); code == casare.CodeTooLarge || code == casare.CodeStorageFull {
			a.refusal = casare.Errorf(code, "%s: %w", refused, err)
			a.tell()
		}
		a.mu.Unlock()
		if gone || !sleep(ctx, liftRetry) {
			return false
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// settle waits until enough is recorded for the run to go on. An intent must be recorded, however long that takes within what the
// document allows: nobody else may run the step while nobody knows of it. Before any other effect what was there before the effect
// before must be: the run is never more than one ahead, but it does not stop when nobody answers.
func (a *attempt) settle(ctx context.Context, frame string, m Moment) error {
	a.mu.Lock()
	ticket := a.stream.taken
	strict := a.policy.Strict
	before := a.effects[frame]
	if m != MomentPause && a.stream.dirty && !a.due {
		a.due = true
		a.wakes()
	}
	if m == MomentEffect {
		if a.effects == nil || len(a.effects) >= maxFrames {
			a.effects = map[string]uint64{}
		}
		a.effects[frame] = ticket
	}
	a.mu.Unlock()
	switch {
	case m == MomentIntent, strict:
		return a.await(ctx, ticket)
	case m == MomentEffect:
		return a.pace(ctx, before)
	case m == MomentOutcome:
		return a.pace(ctx, ticket)
	}
	return nil
}

// maxFrames is of how many frames it is known what they did last.
const maxFrames = 4096

// pace waits for a checkpoint to be recorded while the leader answers.
func (a *attempt) pace(ctx context.Context, ticket uint64) error {
	timer := time.NewTimer(ackWait)
	defer timer.Stop()
	for {
		a.mu.Lock()
		if a.stream.acked >= ticket || !a.online || a.mute || a.refusal != nil {
			a.mu.Unlock()
			return nil
		}
		acked := a.acked
		a.mu.Unlock()
		select {
		case <-acked:
		case <-ctx.Done():
			return nil // the run looks at its context itself
		case <-timer.C:
			a.mu.Lock()
			a.mute = true
			a.mu.Unlock()
		}
	}
}

// errIsolated is why a run ends whose intent nobody recorded.
var errIsolated = errors.New("the mesh has not recorded that the step begins")

// await waits for a checkpoint to be recorded, whoever answers.
func (a *attempt) await(ctx context.Context, ticket uint64) error {
	a.mu.Lock()
	limit := a.policy.IsolationWait
	a.mu.Unlock()
	if limit <= 0 {
		limit = isolationWait
	}
	giveUp, say := time.NewTimer(limit), time.NewTimer(sayWaiting)
	defer giveUp.Stop()
	defer say.Stop()
	defer a.waitFor("")
	for {
		a.mu.Lock()
		done, refusal, acked := a.stream.acked >= ticket, a.refusal, a.acked
		step := a.stream.at.open
		a.mu.Unlock()
		if done || refusal != nil {
			return refusal
		}
		select {
		case <-acked:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-say.C:
			a.waitFor(waitingForQuorum)
			a.remark("WARNING", step, "Waiting until the mesh records where the run stands.")
		case <-giveUp.C:
			a.mu.Lock()
			a.isolated = fmt.Sprintf("The run waited %s for the mesh to record where it stands and did not go on.", limit)
			if step != "" {
				a.isolated = fmt.Sprintf("Step %s may only run once. It waited %s for the mesh to record that it begins, and has not begun.", step, limit)
			}
			a.mu.Unlock()
			return errIsolated
		}
	}
}

// waitingForQuorum is what an attempt waits for while nobody records its intent.
const waitingForQuorum = "waiting_for_quorum"

func (a *attempt) waitFor(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = what
}

// fetch returns the records to resume from, with the data of those that lie in blobs.
func (a *attempt) fetch(ctx context.Context) ([]casare.Record, error) {
	_, records := workspace.Split(a.spec.Records)
	for i := range records {
		r := &records[i]
		if r.Blob == nil {
			continue
		}
		if a.blobs == nil {
			return nil, casare.Errorf(casare.CodeUnsupported, "part of the checkpoint lies in a blob, and this robot reaches none")
		}
		data, err := a.get(ctx, *r.Blob)
		if err != nil {
			return nil, casare.Errorf(casare.CodeUnavailable, "part of the checkpoint cannot be fetched: %w", err)
		}
		r.Data, r.Blob = data, nil
	}
	return records, nil
}

// fetchTries is how often a blob is asked for; each time takes as long as the blob store waits.
const fetchTries = 3

func (a *attempt) get(ctx context.Context, ref casare.BlobRef) (data []byte, err error) {
	for range fetchTries {
		if data, err = a.blobs.GetBytes(ctx, ref.Hash, ref.Size); err == nil {
			return append([]byte{}, data...), nil
		}
		if !sleep(ctx, liftRetry) {
			break
		}
	}
	return nil, err
}
