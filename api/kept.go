package api

import (
	"cmp"
	"context"
	"io"
	"slices"

	"casare"
	"casare/runlog"
)

// maxLogPage is how many lines, or step events, an answer has where nothing else was asked for.
const maxLogPage = 10_000

// readPieces calls each for the entries of the pieces that are kept of a job's run logs, in order, as long as it returns true. Pieces that
// skip names are not fetched. One that cannot be had is left out: the log then lacks it.
func (a *API) readPieces(
	ctx context.Context, jobID string, skip func(p *casare.LogPiece) bool, each func(p *casare.LogPiece, e *runlog.Entry),
	more func(p *casare.LogPiece) bool,
) error {
	pieces, err := a.deps.State.KeptLog(jobID)
	if err != nil {
		return err
	}
	for i := range pieces {
		p := &pieces[i]
		if skip(p) {
			continue
		}
		data, err := a.pieceData(ctx, p)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			continue
		}
		if _, err := runlog.Read(data, func(e *runlog.Entry, _ int) error { each(p, e); return nil }); err != nil {
			return err
		}
		if !more(p) {
			return nil
		}
	}
	return nil
}

func (a *API) pieceData(ctx context.Context, p *casare.LogPiece) ([]byte, error) {
	if p.Blob == nil {
		return p.Data, nil
	}
	blob, size, err := a.deps.Blobs.Open(ctx, p.Blob.Hash)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if size > casare.MaxBlob {
		return nil, casare.Errorf(casare.CodeTooLarge, "a piece of a run log has %d bytes", size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(blob, data); err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "read a piece of a run log: %w", err)
	}
	return data, nil
}

// keptLines returns at most most of a job's lines from a place on: from the pieces that are kept, and the last ones from the state.
func (a *API) keptLines(ctx context.Context, jobID string, from linePlace, most int) ([]casare.LogLine, error) {
	tail, err := a.logLines(jobID)
	if err != nil {
		return nil, err
	}
	lines := slices.DeleteFunc(tail, func(l casare.LogLine) bool { return placeOf(&l).before(from) })
	var until linePlace // of what was read of the pieces, when they were not read to the end
	n, cut := 0, false
	err = a.readPieces(ctx, jobID, func(p *casare.LogPiece) bool {
		return p.Lines == 0 || (linePlace{p.Epoch, p.LastLine}).before(from)
	}, func(p *casare.LogPiece, e *runlog.Entry) {
		if l := e.Line; l != nil && !(linePlace{p.Epoch, l.N}).before(from) {
			l.Attempt, l.JobID = p.Epoch, jobID
			lines = append(lines, *l)
			n++
		}
	}, func(p *casare.LogPiece) bool {
		until, cut = linePlace{p.Epoch, p.LastLine}, n >= most
		return !cut
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(lines, func(x, y casare.LogLine) int { return placeOf(&x).compare(placeOf(&y)) })
	lines = slices.CompactFunc(lines, func(x, y casare.LogLine) bool { return placeOf(&x) == placeOf(&y) })
	if cut {
		lines = slices.DeleteFunc(lines, func(l casare.LogLine) bool { return until.before(placeOf(&l)) })
	}
	return lines[:min(len(lines), most)], nil
}

func placeOf(l *casare.LogLine) linePlace { return linePlace{l.Attempt, l.N} }

func (p linePlace) compare(o linePlace) int {
	return cmp.Or(cmp.Compare(p.attempt, o.attempt), cmp.Compare(p.n, o.n))
}

// countLines is how many lines are kept of a job, as far as that is known without fetching them.
func (a *API) countLines(jobID string) (int, error) {
	pieces, err := a.deps.State.KeptLog(jobID)
	if err != nil && casare.CodeOf(err) != casare.CodeNotFound {
		return 0, err
	}
	total := 0
	last := map[uint64]uint64{} // by attempt, one past
	for _, p := range pieces {
		if total += p.Lines; p.Lines > 0 {
			last[p.Epoch] = max(last[p.Epoch], p.LastLine+1)
		}
	}
	tail, err := a.logLines(jobID)
	for i := range tail {
		if tail[i].N >= last[tail[i].Attempt] {
			total++
		}
	}
	return total, err
}

// keptStep is a step event of an attempt.
type keptStep struct {
	Attempt          uint64 `json:"attempt"`
	casare.StepEvent        //nolint:embeddedstructfieldcheck // shown flat
}

// keptSteps returns at most most of the step events that are kept of a job, from a place on.
func (a *API) keptSteps(ctx context.Context, jobID string, from linePlace, most int) ([]keptStep, error) {
	var steps []keptStep
	err := a.readPieces(ctx, jobID, func(p *casare.LogPiece) bool {
		return p.Steps == 0 || (linePlace{p.Epoch, p.LastStep}).before(from)
	}, func(p *casare.LogPiece, e *runlog.Entry) {
		if e.Step != nil && !(linePlace{p.Epoch, e.Step.N}).before(from) {
			steps = append(steps, keptStep{p.Epoch, *e.Step})
		}
	}, func(*casare.LogPiece) bool { return len(steps) < most })
	if err != nil {
		return nil, err
	}
	at := func(s keptStep) linePlace { return linePlace{s.Attempt, s.N} }
	slices.SortStableFunc(steps, func(x, y keptStep) int { return at(x).compare(at(y)) })
	steps = slices.CompactFunc(steps, func(x, y keptStep) bool { return at(x) == at(y) })
	return steps[:min(len(steps), most)], nil
}

type stepsAnswer struct {
	Steps []keptStep `json:"steps"`
	Next  string     `doc:"Pass as since to get what comes after" json:"next"`
}

func (a *API) getSteps(ctx context.Context, in *logInput) (*answer[stepsAnswer], error) {
	j, err := a.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	from, err := parseLinePlace(in.Since, j.Epoch)
	if err != nil {
		return nil, err
	}
	steps, err := a.keptSteps(ctx, j.ID, from, cmp.Or(in.Limit, maxLogPage))
	if err != nil {
		return nil, err
	}
	if n := len(steps); n > 0 {
		from = linePlace{steps[n-1].Attempt, steps[n-1].N + 1}
	}
	return &answer[stepsAnswer]{Body: stepsAnswer{Steps: steps, Next: from.String()}}, nil
}
