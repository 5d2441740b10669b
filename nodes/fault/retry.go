package fault

import (
	"context"
	"fmt"
	"math"
	"time"

	"casare/node"
	"casare/workflow"
)

func init() { node.Register("RetryNode", func() node.Node { return new(retry) }) }

const (
	portRetry   = "retry_body"
	portSuccess = "success"
	portFailed  = "failed"
)

// maxDelay bounds the wait between two attempts; an exponent would soon be beyond any clock.
const maxDelay = 30 * 24 * time.Hour

type retry struct {
	most              int64
	delay, multiplier float64

	attempt   int64
	lastError node.Opt[string]
}

type retryState struct {
	Attempt int64  `cbor:"1,keyasint"` // that is in the body, or is waited for; from 1
	Last    string `cbor:"2,keyasint,omitempty"`
}

// Spec describes the type.
func (n *retry) Spec(s *node.Spec) {
	s.Describe("Retry", "Runs its body again when a step in it fails, after a wait that grows with each attempt. Variables keep what the failed attempt set. "+
		"When the last attempt fails control goes on at failed; where that leads nowhere, the error is raised.")
	s.Category("error_handling")
	s.Int(node.Param, &n.most, "max_attempts").Or(3).Min(1).Was("max_retries").Shown(node.Essential).Says("How often to run the body at most.")
	s.Float(node.Param, &n.delay, "initial_delay").Or(1.0).Min(0).Says("Seconds before the second attempt.")
	s.Float(node.Param, &n.multiplier, "backoff_multiplier").Or(2.0).Min(1).Says("How many times longer each further wait is.")
	s.Int(node.Out, &n.attempt, "attempt").Says("The attempt, from 1.")
	node.Maybe(s, node.Out, &n.lastError, "last_error").Says("Why the attempt before failed.")
	s.Body(portRetry, node.Retry)
	s.Branch(portSuccess, portFailed, workflow.PortOut)
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "first attempt", Given: node.Values{"max_attempts": 2}, Wanted: node.Values{"attempt": 1}, Next: []string{portRetry}})
}

// Run begins the first attempt. Without a body control passes through.
func (n *retry) Run(_ context.Context, r *node.Run) error {
	state := retryState{Attempt: 1}
	if err := r.State(&state); err != nil {
		return err
	}
	n.attempt = state.Attempt
	if !r.Wired(portRetry) {
		r.Take(workflow.PortOut, portSuccess)
		return nil
	}
	r.Open(portRetry)
	return nil
}

// Resume looks how the attempt went, or begins the next one.
func (n *retry) Resume(_ context.Context, r *node.Run, e node.Event) error {
	state := retryState{}
	if err := r.State(&state); err != nil {
		return err
	}
	if e.Kind == node.Failed {
		return n.failed(r, &state, e.Err)
	}
	n.attempt = state.Attempt
	if state.Last != "" {
		n.lastError = node.Some(state.Last)
	}
	if e.Kind == node.Woken {
		r.Open(portRetry)
		return nil
	}
	r.Take(portSuccess)
	return nil
}

// failed waits for the next attempt, or gives up.
func (n *retry) failed(r *node.Run, state *retryState, failure *node.Error) error {
	n.attempt, n.lastError = state.Attempt, node.Some(failure.Message)
	state.Last = failure.Message
	if state.Attempt >= max(n.most, 1) || failure.Unknown {
		last := *failure
		return last.Via(portFailed)
	}
	r.Notice("WARNING", fmt.Sprintf("Attempt %d of %d failed: %s", state.Attempt, n.most, failure.Message))
	state.Attempt++
	if wait := n.wait(state.Attempt); wait > 0 {
		r.Sleep(wait)
		return nil
	}
	n.attempt = state.Attempt
	r.Open(portRetry)
	return nil
}

// wait is the time before an attempt: initial·multiplier^(attempt-2).
func (n *retry) wait(attempt int64) time.Duration {
	seconds := n.delay * math.Pow(max(n.multiplier, 0), float64(attempt-2))
	if !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, maxDelay.Seconds()) * float64(time.Second))
}
