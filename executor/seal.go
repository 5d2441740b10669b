package executor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"casare"
	"casare/runlog"
)

// When a piece of a run log is put where it outlasts this robot, and the run.
const (
	sealBytes = 1 << 20
	sealEvery = 5 * time.Second
	sealRare  = 30 * time.Second // when there is next to nothing
	sealFew   = 4 << 10
	// sealWait is how long the end of a job waits for its log. What cannot be kept by then is lost but for the last lines, which the state
	// has.
	sealWait = 5 * time.Second
)

// sealing is how far the run log of an attempt is kept elsewhere.
type sealing struct {
	at      int64            // offset up to which it is in pieces
	next    uint64           // number of the next piece
	last    time.Time        // when the last one was made
	queue   []sealed         // made, and not acknowledged
	busy    bool             // one is being made
	closing restState        // of what is left at the end
	rest    *casare.LogPiece // the last piece, when it is small
}

// sealed is a piece, and the offset it goes up to; 0 when it is not known.
type sealed struct {
	casare.LogPiece
	end int64
}

// restState is what became of the rest of a run log at the end of the attempt.
type restState uint8

const (
	restOpen restState = iota // nobody has looked yet
	restWork                  // it is being put away
	restDone
)

// sealLogs makes pieces of the run logs that are due.
func (e *Executor) sealLogs(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, a := range e.all() {
			if a.sealDue(time.Now()) {
				a.work(func(ctx context.Context) {
					if _, err := a.seal(ctx, sealBytes); err != nil && ctx.Err() == nil {
						e.cfg.Logger.InfoContext(ctx, "put a piece of a run log away; it is tried again", jobAttr(a), slog.Any("error", err))
					}
				})
			}
		}
	}
}

// sealDue says whether a piece is to be made now, and takes it on.
func (a *attempt) sealDue(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, j := &a.sealing, a.journal
	if j == nil || j.broken || !j.opened || a.blobs == nil || a.end != nil || s.busy || len(s.queue) > 0 || !a.online {
		return false
	}
	if s.last.IsZero() {
		s.last = now
	}
	waiting, since := j.file.Size()-s.at, now.Sub(s.last)
	s.busy = waiting >= sealBytes || waiting >= sealFew && since >= sealEvery || waiting > 0 && since >= sealRare
	return s.busy
}

// seal makes a piece of what was written. It returns whether there may be more, and why it could not.
func (a *attempt) seal(ctx context.Context, most int) (more bool, err error) {
	a.mu.Lock()
	j, at := a.journal, a.sealing.at
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		a.sealing.busy, a.sealing.last = false, time.Now()
		a.mu.Unlock()
	}()
	if j == nil {
		return false, nil
	}
	data, end, err := j.file.ReadFrom(at, most)
	if err != nil || len(data) == 0 {
		return false, err
	}
	piece, err := pieceOfLog(data)
	if err != nil {
		return false, err
	}
	ref, err := a.blobs.PutBytes(ctx, data)
	if err != nil {
		return true, err
	}
	piece.Blob = &ref
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sealing.at = end
	a.enqueue(piece, end)
	return true, nil
}

// enqueue gives a piece its number and its turn. The caller holds mu.
func (a *attempt) enqueue(p *casare.LogPiece, end int64) {
	p.N = a.sealing.next
	a.sealing.next++
	a.sealing.queue = append(a.sealing.queue, sealed{*p, end})
	a.wakes()
}

// dequeue notes that the first piece is kept, or that the state does not want it. The caller holds mu.
func (a *attempt) dequeue(kept bool) {
	first := a.sealing.queue[0]
	a.sealing.queue = a.sealing.queue[1:]
	if kept && first.end > 0 && a.journal != nil && a.journal.opened {
		a.journal.add(&runlog.Entry{Sealed: &runlog.Sealed{At: first.end}})
	}
}

// pieceOfLog counts what is in a piece.
func pieceOfLog(data []byte) (*casare.LogPiece, error) {
	p := &casare.LogPiece{}
	_, err := runlog.Read(data, func(e *runlog.Entry, _ int) error {
		count(p, e)
		return nil
	})
	return p, err
}

func count(p *casare.LogPiece, e *runlog.Entry) {
	switch {
	case e.Step != nil:
		p.Steps++
		p.LastStep = max(p.LastStep, e.Step.N)
	case e.Line != nil:
		p.Lines++
		p.LastLine = max(p.LastLine, e.Line.N)
	case e.Checkpoint != nil:
		p.Checkpoints++
	}
}

// unsealed says whether the end of the attempt has to wait for its log, and sees to it that the rest is put away. The caller holds mu.
func (a *attempt) unsealed() bool {
	s := &a.sealing
	if s.closing == restOpen && a.end.reject == nil {
		a.journal.end()
		if s.closing = restDone; a.tooMuchToTell() {
			s.closing = restWork
			a.work(a.sealRest)
		}
		if s.rest != nil && a.end.give != nil {
			a.enqueue(s.rest, 0)
		}
	}
	return s.closing == restWork || len(s.queue) > 0
}

// tooMuchToTell says whether what is left of the log does not fit the report of the attempt's end; else it is made ready for that.
func (a *attempt) tooMuchToTell() bool {
	j := a.journal
	if j == nil || j.broken {
		return false
	}
	entries := j.early
	if j.opened {
		if j.file.Size()-a.sealing.at > 4*casare.MaxInlinePiece {
			return a.blobs != nil
		}
		data, _, err := j.file.ReadFrom(a.sealing.at, sealBytes)
		if err == nil {
			_, err = runlog.Read(data, func(e *runlog.Entry, _ int) error { entries = append(entries, e); return nil })
		}
		if j.check(err); err != nil {
			return false
		}
	}
	p := &casare.LogPiece{N: a.sealing.next}
	for _, e := range entries {
		if e.Step == nil && e.Checkpoint == nil && e.Left == nil {
			continue // the state has the last lines anyway
		}
		var err error
		if p.Data, err = runlog.Append(p.Data, e); err != nil || len(p.Data) > casare.MaxInlinePiece {
			return a.blobs != nil && j.opened
		}
		count(p, e)
	}
	if len(p.Data) > 0 {
		a.sealing.rest = p
	}
	return false
}

// sealRest puts away what is left at the end of the attempt.
func (a *attempt) sealRest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sealWait)
	defer cancel()
	var err error
	for more := true; more && err == nil; {
		more, err = a.seal(ctx, sealBytes)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && !errors.Is(a.cause, errGone) && a.journal != nil {
		a.journal.log.WarnContext(ctx, "part of the run log is not kept", slog.Any("error", err))
	}
	a.sealing.closing = restDone
	a.wakes()
}
