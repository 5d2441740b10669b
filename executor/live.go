package executor

import (
	"casare"
	"casare/runlog"
	"casare/session"
)

const (
	ringSize    = 256       // step events and log lines kept of an attempt, each
	maxLiveText = 4 << 10   // of a message that is sent live
	liveBytes   = 256 << 10 // about what one frame of live updates carries
)

// live keeps the last step events and log lines of an attempt for those who watch, and knows what has been sent.
type live struct {
	steps     []casare.StepEvent
	lines     []session.LiveLine
	sentSteps int // leading entries of steps that have been sent
	sentLines int
}

func (l *live) addStep(e casare.StepEvent) {
	e.Message = shorten(e.Message, maxLiveText)
	l.steps, l.sentSteps = keep(append(l.steps, e), l.sentSteps)
}

func (l *live) addLine(line casare.LogLine) {
	l.lines, l.sentLines = keep(append(l.lines, session.LiveLine{
		N: line.N, Time: line.Time, Level: line.Level, Message: shorten(line.Message, maxLiveText), Step: line.Step,
	}), l.sentLines)
}

// keep cuts a list to its last ringSize entries, now and then.
func keep[T any](list []T, sent int) ([]T, int) {
	if len(list) < 2*ringSize {
		return list, sent
	}
	drop := len(list) - ringSize
	return append(list[:0:0], list[drop:]...), max(0, sent-drop)
}

// rewind makes everything that is kept be sent again.
func (l *live) rewind() { l.sentSteps, l.sentLines = 0, 0 }

// take returns what has not been sent, as much as fits a frame, how large that is, and whether it is all.
func (a *attempt) take() (part session.LiveAttempt, size int, all bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	part = session.LiveAttempt{JobID: a.jobID, Epoch: a.epoch}
	l := &a.live
	for ; l.sentSteps < len(l.steps) && size < liveBytes; l.sentSteps++ {
		part.Steps = append(part.Steps, l.steps[l.sentSteps])
		size += len(l.steps[l.sentSteps].Message) + entrySize
	}
	for ; l.sentLines < len(l.lines) && size < liveBytes; l.sentLines++ {
		part.Lines = append(part.Lines, l.lines[l.sentLines])
		size += len(l.lines[l.sentLines].Message) + entrySize
	}
	return part, size, l.sentSteps == len(l.steps) && l.sentLines == len(l.lines)
}

// onStep takes in a step event of the run.
func (a *attempt) onStep(e casare.StepEvent, base uint64) {
	e.N += base
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.State == casare.StepStarted {
		a.step = e.Step
	}
	a.progress = max(a.progress, e.Progress)
	a.journal.say(e.Step, &runlog.Entry{Step: &e})
	a.live.addStep(e)
}

// onLog takes in a log line of the run.
func (a *attempt) onLog(l casare.LogLine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.addLine(l)
}

// remark adds a line of the executor's own to the job's log.
func (a *attempt) remark(level, step, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.addLine(casare.LogLine{Time: a.now(), Level: level, Step: step, Message: text})
}

// addLine gives a line its number. The caller holds mu.
func (a *attempt) addLine(l casare.LogLine) {
	l.N = a.spec.Lines + a.lines
	a.lines++
	l.JobID, l.RobotID, l.Attempt = a.jobID, a.robot, a.epoch
	a.journal.say(l.Step, &runlog.Entry{Line: &l})
	a.live.addLine(l)
	a.log.add(l)
	if a.log.bytes > maxChunk && !a.logDue {
		a.logDue = true
		a.wakes()
	}
}
