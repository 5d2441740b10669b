package scheduler

import (
	"context"
	"sync"
	"time"

	"casare"
	"casare/session"
)

// debugWait is how long the answer of a robot's debugger may take. The robot gives up sooner.
const debugWait = 5 * time.Second

// questions are what robots have been asked and have not answered.
type questions struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]question
}

type question struct {
	robotID string
	answer  chan *session.DebugReply
}

func (q *questions) ask(robotID string) (number uint64, answer <-chan *session.DebugReply) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last++
	if q.open == nil {
		q.open = map[uint64]question{}
	}
	c := make(chan *session.DebugReply, 1)
	q.open[q.last] = question{robotID: robotID, answer: c}
	return q.last, c
}

func (q *questions) forget(number uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, number)
}

// take hands an answer to whoever asked, if the robot is the one that was asked.
func (q *questions) take(robotID string, m *session.DebugReply) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if asked, ok := q.open[m.Number]; ok && asked.robotID == robotID {
		asked.answer <- m
		delete(q.open, m.Number)
	}
}

// Debug has the debugger of a running job do something, on the robot that holds the job, and returns how it stands then.
// CodeTransition: the job does not run, or is not stopped where the command needs that; CodeTimeout: its robot does not answer;
// CodeNotLeader: this robot does not lead.
func (s *Scheduler) Debug(ctx context.Context, jobID string, c casare.DebugCommand) (casare.DebugState, error) {
	t := s.term()
	if t == nil {
		return casare.DebugState{}, casare.Errorf(casare.CodeNotLeader, "this robot does not lead")
	}
	return t.debug(ctx, jobID, c)
}

// Stopped says whether the debugger of a job has stopped it, and where; false also where nobody knows.
func (s *Scheduler) Stopped(jobID string) (casare.DebugStop, bool) {
	t := s.term()
	if t == nil {
		return casare.DebugStop{}, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.idx.jobs[jobID]
	if e == nil || e.phase != phaseHeld || e.stop == nil || e.stop.epoch != e.epoch {
		return casare.DebugStop{}, false
	}
	return e.stop.DebugStop, true
}

// stop is what a robot said of the debugger of an attempt.
type stop struct {
	casare.DebugStop
	epoch uint64
}

func (t *term) debug(ctx context.Context, jobID string, c casare.DebugCommand) (casare.DebugState, error) {
	none := casare.DebugState{}
	t.mu.Lock()
	e := t.idx.jobs[jobID]
	if e == nil || e.phase != phaseHeld || e.ended {
		t.mu.Unlock()
		return none, casare.Errorf(casare.CodeTransition, "job %s is not running", jobID)
	}
	robotID, peer, epoch := e.robot.id, e.robot.peer, e.epoch
	if peer == nil || !peer.ready {
		t.mu.Unlock()
		return none, casare.Errorf(casare.CodeTimeout, "the robot that runs job %s is not connected at the moment", jobID)
	}
	number, answer := t.questions.ask(robotID)
	defer t.questions.forget(number)
	peer.push(&session.Debug{JobID: jobID, Epoch: epoch, Number: number, Command: c})
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, debugWait)
	defer cancel()
	select {
	case m := <-answer:
		if m.Code != "" {
			return none, casare.Errorf(m.Code, "%s", m.Message).On(m.Field)
		}
		if m.State == nil {
			return none, casare.Errorf(casare.CodeInternal, "the robot's answer is empty")
		}
		return *m.State, nil
	case <-ctx.Done():
		return none, casare.Errorf(casare.CodeTimeout, "the robot that runs job %s does not answer: %w", jobID, context.Cause(ctx))
	}
}

// debugged takes in what a robot says of the debugger of an attempt.
func (t *term) debugged(p *peer, m *session.DebugReply) {
	if m.Number != 0 {
		t.questions.take(p.robotID, m)
		return
	}
	if m.Stop == nil {
		return
	}
	t.mu.Lock()
	e := t.idx.jobs[m.JobID]
	held := e != nil && e.holds(p.robotID, m.Epoch)
	if held {
		e.stop = nil
		if m.Stop.Paused {
			e.stop = &stop{DebugStop: *m.Stop, epoch: m.Epoch}
		}
	}
	t.mu.Unlock()
	if held {
		t.hub.publish(m.JobID, []casare.LiveUpdate{{JobID: m.JobID, RobotID: p.robotID, Epoch: m.Epoch, Debug: m.Stop}})
	}
}
