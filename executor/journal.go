package executor

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"casare"
	"casare/executor/workspace"
	"casare/runlog"
)

// logSync is how long what a run has written may wait to survive a power cut.
const logSync = 100 * time.Millisecond

// journal is an attempt's run log while the attempt lasts. Its owner guards it; a nil one keeps nothing.
type journal struct {
	file    *runlog.File
	log     *slog.Logger
	early   []*runlog.Entry // what was added before anything had to be written
	opened  bool            // it had
	entries uint64
	tallies map[string]*tally // by step, once there are too many entries
	broken  bool
}

// The caps on what a run log holds: after maxEntries, of each step the first and the last keptEntries.
const (
	maxEntries  = 1_000_000
	keptEntries = 1000
	// maxKept is how many last entries are kept in memory in all.
	maxKept = 64 * keptEntries
)

// tally counts what a step has said since there were too many entries.
type tally struct {
	count uint64
	last  []*runlog.Entry // a ring
	at    int
}

// add keeps entries.
func (j *journal) add(entries ...*runlog.Entry) {
	if j == nil || j.broken {
		return
	}
	if j.opened {
		j.check(j.file.Append(entries...))
		return
	}
	if j.early = append(j.early, entries...); len(j.early) > maxEarly {
		j.open()
	}
}

// maxEarly is how many entries wait for the first that has to be written. Most jobs are over before: they cost no file, and nothing is
// encoded for them in vain.
const maxEarly = 256

// open begins to write.
func (j *journal) open() {
	if !j.opened {
		j.opened = true
		early := j.early
		j.early = nil
		j.check(j.file.Append(early...))
	}
}

// say keeps a step event or a line, or counts it when there are too many.
func (j *journal) say(step string, e *runlog.Entry) {
	if j == nil || j.broken {
		return
	}
	if j.entries++; j.entries <= maxEntries {
		j.add(e)
		return
	}
	if j.tallies == nil {
		j.tallies = map[string]*tally{}
	}
	t := j.tallies[step]
	if t == nil {
		t = &tally{}
		j.tallies[step] = t
	}
	if t.count++; t.count <= keptEntries {
		j.add(e)
		return
	}
	if len(t.last) < keptEntries && len(j.tallies)*keptEntries <= maxKept {
		t.last = append(t.last, e)
	} else if len(t.last) > 0 {
		t.last[t.at] = e
		t.at = (t.at + 1) % len(t.last)
	}
}

// end writes what was kept back.
func (j *journal) end() {
	if j == nil {
		return
	}
	for step, t := range j.tallies {
		if left := t.count - min(t.count, keptEntries) - uint64(len(t.last)); left > 0 {
			j.add(&runlog.Entry{Left: &runlog.Left{Step: step, Count: left}})
		}
		j.add(t.last[t.at:]...)
		j.add(t.last[:t.at]...)
	}
	j.tallies = nil
	if j.opened {
		j.flush()
	}
}

// flush makes what was added survive the death of this process.
func (j *journal) flush() {
	if j != nil && !j.broken {
		j.open()
		j.check(j.file.Flush())
	}
}

// check gives the log up at the first error: the state holds what matters, and the run goes on.
func (j *journal) check(err error) {
	if err != nil {
		j.broken = true
		j.log.Warn("the run log cannot be written; after a restart the run goes on from what the mesh has recorded", slog.Any("error", err))
	}
}

// resumeLog opens the run log that an earlier process of this robot has left of an attempt. With an error it is removed.
func (e *Executor) resumeLog(a *attempt) (*runlog.File, runlog.Point, error) {
	file, data, err := runlog.Resume(e.cfg.Runs, a.jobID, a.epoch)
	var point runlog.Point
	if err == nil {
		point, err = runlog.Find(data, a.spec.Seq)
	}
	if err == nil && file != nil && point.Checkpoint == nil {
		err = file.Truncate(int64(point.Whole))
	}
	if err != nil {
		if file != nil {
			file.Remove()
		}
		return nil, runlog.Point{}, err
	}
	return file, point, nil
}

// openJournal gives an attempt its run log. One that an earlier process of this robot began is gone on with, and the newest checkpoint in
// it is returned if it is newer than the one that the state holds.
func (e *Executor) openJournal(ctx context.Context, a *attempt) *runlog.Point {
	if e.cfg.Runs == "" {
		return nil
	}
	log := e.cfg.Logger.With(jobAttr(a), slog.Uint64("epoch", a.epoch))
	j := &journal{log: log}
	var point runlog.Point
	if e.unkeep(a.jobID, a.epoch) {
		var err error
		if j.file, point, err = e.resumeLog(a); err != nil {
			log.WarnContext(ctx, "the run log of an earlier process is of no use", slog.Any("error", err))
		}
		j.opened = j.file != nil
	}
	if j.file == nil {
		j.file = runlog.NewFile(e.cfg.Runs, a.jobID, a.epoch)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journal = j
	a.stream.taken, a.stream.acked = point.Last, point.Last
	a.sealing.at = point.Sealed
	if a.spec.Started { // pieces of the process before may have any of the lower numbers
		a.sealing.next = uint64(max(0, a.now().Std().Unix()))
	}
	if point.Checkpoint != nil {
		return &point
	}
	a.head()
	return nil
}

// head begins the attempt in its run log, or begins it again. The caller holds mu.
func (a *attempt) head() {
	a.journal.add(&runlog.Entry{Head: &runlog.Head{
		JobID: a.jobID, Epoch: a.epoch, Revision: a.spec.Revision, Base: a.spec.Seq, Time: a.now(),
	}})
}

// goOn takes over where an earlier process was, which nobody else knows of yet, and returns the records of the run. With an error it
// has taken over nothing.
func (a *attempt) goOn(ctx context.Context, p *runlog.Point) ([]casare.Record, error) {
	files, records := workspace.Split(p.Records)
	if a.folder != nil {
		err := a.folder.Restore(ctx, p.Records)
		if err == nil {
			a.folder.Reread()
			files, err = a.folder.Collect(true)
		}
		if err != nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.journal.check(a.journal.file.Truncate(int64(p.Whole)))
			a.head()
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journal.check(a.journal.file.Truncate(p.End))
	a.head()
	for _, l := range p.Lines {
		if l.N >= a.spec.Lines+a.lines {
			a.lines = l.N + 1 - a.spec.Lines
			a.live.addLine(l)
			a.log.add(l)
		}
	}
	c := p.Checkpoint
	a.spec.Edit = false // it was done before the checkpoint
	a.journal.log.InfoContext(ctx, "the run goes on from this robot's own log", slog.Uint64("checkpoint", c.N))
	a.progress = max(a.progress, c.Progress)
	a.intents = max(a.intents, c.Intents)
	a.stream.take(append(slices.Clone(records), files...), true, mark{
		intents: a.intents, step: c.Step, open: strings.Join(c.Open, ", "), pin: a.pin(), progress: c.Progress,
	})
	a.due = true
	a.lift()
	a.wakes()
	return records, nil
}

// keepLogs finds the run logs of attempts that an earlier process had, for the next hello.
func (e *Executor) keepLogs() error {
	if e.cfg.Runs == "" {
		return nil
	}
	held, err := runlog.Held(e.cfg.Runs)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range held {
		if older, ok := e.kept[h.JobID]; ok {
			e.forgetLog(h.JobID, min(older, h.Epoch))
		}
		e.kept[h.JobID] = max(e.kept[h.JobID], h.Epoch)
	}
	return nil
}

// unkeep takes the log of an attempt over from the earlier process, and deletes one of an older epoch. It says whether there is one.
func (e *Executor) unkeep(jobID string, epoch uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	held, ok := e.kept[jobID]
	if !ok {
		return false
	}
	delete(e.kept, jobID)
	if held == epoch {
		return true
	}
	e.forgetLog(jobID, held)
	return false
}

func (e *Executor) forgetLog(jobID string, epoch uint64) {
	if err := runlog.Forget(e.cfg.Runs, jobID, epoch); err != nil {
		e.cfg.Logger.Warn("a run log stays behind", slog.String("job", jobID), slog.Any("error", err))
	}
}

// syncLogs makes what runs have written survive a power cut, all logs together. An attempt that has only just begun writes nothing yet.
func (e *Executor) syncLogs(ctx context.Context) {
	tick := time.NewTicker(logSync)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, a := range e.all() {
			a.mu.Lock()
			j := a.journal
			if j == nil || j.broken || a.say == startUnsaid && !j.opened {
				a.mu.Unlock()
				continue
			}
			j.flush()
			file := j.file
			a.mu.Unlock()
			if err := file.Sync(); err != nil {
				a.mu.Lock()
				j.check(err)
				a.mu.Unlock()
			}
		}
	}
}

// closeLogs leaves the run logs of attempts that are not over for the next process.
func (e *Executor) closeLogs() {
	for _, a := range e.all() {
		a.mu.Lock()
		j := a.journal
		a.mu.Unlock()
		if j != nil && !j.broken {
			j.check(j.file.Close())
		}
	}
}
