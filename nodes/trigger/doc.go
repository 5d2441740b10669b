// Package trigger holds the node types that stand for the beginning of a run: a schedule, an e-mail, a request. What waits for the event
// is not the step but the mesh; a run that an event has begun has the event's parts as variables, and begins behind the step. Where
// control does come to such a step, because a wire leads there, it hands on what the event brought.
package trigger
