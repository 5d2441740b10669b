package executor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"casare"
	"casare/executor/engine"
	"casare/session"
)

const (
	debugTime     = 4 * time.Second // an answer may take: the leader does not wait longer
	debugsAtOnce  = 64              // questions that are being answered
	debugRemember = 32              // commands of an attempt that are known when they come again
)

// bench is the debugger of one attempt, as the leader sees it.
type bench struct {
	debugger *engine.Debugger // nil when its spec is refused
	refused  error

	mu    sync.Mutex
	stop  casare.DebugStop
	due   bool // the leader shall hear of stop
	known []string
}

// newBench makes the debugger of an attempt; tell is called when the leader shall hear of it.
func newBench(spec *casare.DebugSpec, now func() time.Time, tell func()) *bench {
	if spec == nil {
		spec = &casare.DebugSpec{}
	}
	b := &bench{}
	b.debugger, b.refused = engine.NewDebugger(*spec, now, func(s casare.DebugState) {
		b.mu.Lock()
		b.stop, b.due = s.Short(), true
		b.mu.Unlock()
		tell()
	})
	return b
}

// renew makes a new leader hear of a stop. A nil bench has none.
func (b *bench) renew() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.due = b.due || b.stop.Paused
}

// news takes what the leader shall hear; nil for nothing.
func (b *bench) news(a *attempt) *session.DebugReply {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.due {
		return nil
	}
	b.due = false
	stop := b.stop
	return &session.DebugReply{JobID: a.jobID, Epoch: a.epoch, Stop: &stop}
}

// fresh says whether a command has not been carried out before. A command is sent again when its answer was lost.
func (b *bench) fresh(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id == "" {
		return true
	}
	if slices.Contains(b.known, id) {
		return false
	}
	if b.known = append(b.known, id); len(b.known) > debugRemember {
		b.known = b.known[1:]
	}
	return true
}

// do carries out a command.
func (b *bench) do(ctx context.Context, c casare.DebugCommand) (casare.DebugState, error) {
	switch {
	case b.refused != nil:
		return casare.DebugState{}, b.refused
	case !b.fresh(c.ID):
		return b.debugger.State(), nil
	}
	return b.debugger.Do(ctx, c)
}

// debug answers a question of the leader, beside everything else: the run may have to come to the end of a step first.
func (l *link) debug(ctx context.Context, m *session.Debug) {
	e := l.e
	reply := &session.DebugReply{JobID: m.JobID, Epoch: m.Epoch, Number: m.Number}
	a := e.find(m.JobID, m.Epoch)
	if a == nil {
		reply.Code, reply.Message = casare.CodeTransition, "the robot does not run this job any more"
		l.answer(ctx, reply)
		return
	}
	select {
	case e.asked <- struct{}{}:
	default:
		reply.Code, reply.Message = casare.CodeRateLimit, "the robot answers too many questions at once"
		l.answer(ctx, reply)
		return
	}
	e.group.Go(func(alive context.Context) { //nolint:contextcheck // ends with the session or with the executor
		defer func() { <-e.asked }()
		ctx, cancel := context.WithTimeout(ctx, debugTime)
		defer cancel()
		stop := context.AfterFunc(alive, cancel)
		defer stop()
		state, err := a.bench.do(ctx, m.Command)
		if err != nil {
			reply.Code, reply.Message = casare.CodeOf(err), err.Error()
			if ours, ok := errors.AsType[*casare.Error](err); ok {
				reply.Field = ours.Field
			}
		} else {
			reply.State = &state
		}
		l.answer(ctx, reply)
	})
}

// answer sends a reply. One that cannot be sent is not missed: whoever asked waits no longer than for the session.
func (l *link) answer(ctx context.Context, reply *session.DebugReply) {
	if err := l.conn.Send(ctx, reply); err != nil {
		l.e.cfg.Logger.DebugContext(ctx, "an answer of the debugger was not sent", slog.Any("error", err))
	}
}
