package raftstore

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"

	"casare"
)

// fsm applies the log to the state. It only dispatches: what a command does stands in the file of what it changes.
type fsm struct {
	state    *state
	latch    *latch
	feed     *feed
	progress progress
	grew     func(bytes int) // told how much log was applied
	index    atomic.Uint64
}

// writer is one entry's view of the transaction that applies a batch.
type writer struct {
	tx       *bbolt.Tx
	index    uint64
	position uint32
	events   []casare.Event
	change   memoryChange
	memory   *memory // as it was before the batch
}

// handler applies a command of one type. A *casare.Error refuses the command, which then has written nothing; any other error
// says that the state cannot be trusted.
type handler func(w *writer, p casare.Proposal, body []byte) (*casare.Job, error)

func handle[C casare.Command](apply func(w *writer, p casare.Proposal, c C) (*casare.Job, error)) handler {
	return func(w *writer, p casare.Proposal, body []byte) (*casare.Job, error) {
		var c C
		if err := decoding.Unmarshal(body, &c); err != nil {
			return nil, fmt.Errorf("decode command %d: %w", c.Type(), err)
		}
		return apply(w, p, c)
	}
}

// handlers has one entry for each command this program knows.
var handlers = map[casare.CommandType]handler{
	casare.CommandInitMesh:      handle(applyInitMesh),
	casare.CommandPutWorkflow:   handle(applyPutWorkflow),
	casare.CommandSubmitJob:     handle(applySubmitJob),
	casare.CommandAssignJob:     handle(applyAssignJob),
	casare.CommandStartJob:      handle(applyStartJob),
	casare.CommandCheckpointJob: handle(applyCheckpointJob),
	casare.CommandFinishJob:     handle(applyFinishJob),
	casare.CommandRejectJob:     handle(applyRejectJob),
	casare.CommandReleaseJob:    handle(applyReleaseJob),
	casare.CommandExpireJob:     handle(applyExpireJob),
	casare.CommandCancelJob:     handle(applyCancelJob),
	casare.CommandResolveJob:    handle(applyResolveJob),
	casare.CommandPutRobot:      handle(applyPutRobot),
	casare.CommandCreateToken:   handle(applyCreateToken),
	casare.CommandJoinRobot:     handle(applyJoinRobot),
	casare.CommandCreateKey:     handle(applyCreateKey),
	casare.CommandRevokeKey:     handle(applyRevokeKey),
	casare.CommandSealKeys:      handle(applySealKeys),
	casare.CommandPruneEvents:   handle(applyPruneEvents),
	casare.CommandMarkGrown:     handle(applyMarkGrown),
	casare.CommandReferBlobs:    handle(applyReferBlobs),
	casare.CommandForgetBlobs:   handle(applyForgetBlobs),
	casare.CommandStrandJob:     handle(applyStrandJob),
	casare.CommandPutSecret:     handle(applyPutSecret),
	casare.CommandPutDocument:   handle(applyPutDocument),
	casare.CommandDeleteSecret:  handle(applyDeleteSecret),
}

func handlerOf(t casare.CommandType) handler { return handlers[t] }

// Apply implements raft.FSM: a batch of one.
func (f *fsm) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch implements raft.BatchingFSM: all entries go into the open transaction. If that fails it does not return before the store
// stops, because raft answers every proposal as applied whatever comes back from here.
func (f *fsm) ApplyBatch(logs []*raft.Log) []any {
	answers := make([]any, len(logs))
	if f.latch.broken() {
		return f.refuseAll(answers)
	}
	var change memoryChange
	var events []casare.Event
	bytes := 0
	for _, l := range logs {
		bytes += len(l.Data)
	}
	err := f.state.update(bytes, func(tx *bbolt.Tx) error {
		meta, err := metaOf(tx)
		if err != nil {
			return err
		}
		for i, l := range logs {
			if l.Index <= meta.Index {
				continue // applied before the last restart
			}
			w := &writer{tx: tx, index: l.Index, change: change, memory: &f.state.memory}
			answers[i], err = w.applyEntry(l, &meta)
			if err != nil {
				return fmt.Errorf("entry %d: %w", l.Index, err)
			}
			meta.Index, meta.Term, meta.Reached = l.Index, l.Term, l.Index
			events = append(events, w.events...)
			change = w.change
		}
		return putRow(tx.Bucket(bucketMeta), keyMeta, meta)
	})
	if err != nil {
		_ = f.latch.fail(fmt.Errorf("apply to the state: %w", err)) // refuseAll gives it to each
		<-f.latch.released
		return f.refuseAll(answers)
	}
	f.state.memory.commit(change)
	f.advance(logs[len(logs)-1].Index)
	f.feed.publish(events)
	f.grew(bytes)
	return answers
}

func (f *fsm) refuseAll(answers []any) []any {
	for i := range answers {
		answers[i] = f.latch.err()
	}
	return answers
}

func (f *fsm) advance(index uint64) {
	if index > f.index.Load() {
		f.index.Store(index)
	}
	f.progress.reached(f.index.Load())
}

// applyEntry applies one entry and returns what its future answers.
func (w *writer) applyEntry(l *raft.Log, meta *metaRow) (any, error) {
	if l.Type == raft.LogConfiguration {
		meta.Configuration, meta.ConfigurationIndex = l.Data, l.Index
		return nil, nil
	}
	envelopes, err := splitEntry(l.Data)
	if err != nil {
		return nil, err
	}
	results := make([]casare.Result, len(envelopes))
	for i, e := range envelopes {
		results[i], err = w.applyCommand(e)
		if err != nil {
			return nil, err
		}
	}
	return results, w.putEvents()
}

// applyCommand applies or refuses one command.
func (w *writer) applyCommand(e envelope) (casare.Result, error) {
	result := casare.Result{Index: w.index}
	apply := handlerOf(e.Type)
	if apply == nil || e.Version > commandVersion {
		if e.Flags&flagMayIgnore == 0 {
			return result, fmt.Errorf("the log holds command %d version %d, which this version of casare does not know: update it", e.Type, e.Version)
		}
		result.Err = casare.Errorf(casare.CodeUnsupported, "command %d version %d is not known here", e.Type, e.Version)
		return result, nil
	}
	p := casare.Proposal{ID: e.ID, Tenant: e.Tenant, Actor: e.Actor, Time: e.Time}
	job, err := apply(w, p, e.Body)
	if refusal, ok := errors.AsType[*casare.Error](err); ok {
		result.Err = refusal
		return result, nil
	}
	if err != nil {
		return result, fmt.Errorf("command %d %s: %w", e.Type, e.ID, err)
	}
	result.Job = job
	return result, nil
}

// event adds an event of the command being applied; its cursor is given here.
func (w *writer) event(e casare.Event) {
	e.Cursor = casare.Cursor{Index: w.index, Position: w.position}
	w.position++
	w.events = append(w.events, e)
}

// Snapshot implements raft.FSM. The live file is the snapshot.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if f.latch.broken() {
		return nil, f.latch.err()
	}
	return &liveSnapshot{state: f.state, latch: f.latch}, nil
}
