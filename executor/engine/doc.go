// Package engine runs a workflow: it compiles a document to a Plan and walks it, one step after the other.
//
// # Where a run stands
//
// The position of a run is plain data, never a Go stack: one FIFO of tokens and a tree of scopes (position.go). A token says which
// step is to run in which scope, and why. A step that has run puts the steps its wires lead to at the end of the queue, in the
// order of the wires, so that fan-out is breadth-first and sequential, also beside open loops; that is the order existing documents
// were written for, and a property test holds it against a literal port of the original's main loop.
//
// A scope is a region in which each ordinary step runs once; control steps run each time they are queued. A step with a body port
// (a loop) opens a scope for the body. When nothing lives in the scope any more (no token, no scope inside) its owner goes to the
// front of the queue with the reason, is called again with the state it saved, and either opens the body again or goes on behind it. If
// and Switch open nothing. A step that sleeps holds its state in a scope of its own in the same way, so a wait is part of the position
// too. Try, Retry and Fork are further kinds of scopes: a failure looks for the nearest one in the failing token's chain of parents,
// and the branch of a fork is a position of its own.
//
// # Errors and leaving a scope
//
// A failure goes to the step's error port, else to the owner of the nearest try or retry around (raise.go), else it ends its path or the
// run, as the document says. Whoever leaves a scope from inside (an error, a break, a cancel) ends all that lives in it, but the cleanups come
// first (guard.go): an open try inside is doomed, not dropped; its owner is called, innermost first, to run its finally, and only when the
// last of them has ended is the owner of the scope that is left called with the reason. A finally that runs comes to its end whatever is
// left around it. An error in a cleanup takes the place of the reason. What is due is data in the scopes, so a snapshot in the middle of it
// is as good as any other; but a run that has failed is not stored while it cleans up, so that whoever tries it again begins before the
// failure. A property test runs random programs both as documents and in a few lines of an ordinary language, and compares.
//
// Catch and finally of a try are steps of their own, which workflow.Pairs finds; the plan makes them ports of the try (PartPort).
//
// # The debugger
//
// Before each step that counts, a frame asks the run's Debugger whether to stop (debug.go, debug_stop.go). A stopped frame stays in its
// goroutine and does what it is asked to: show its values, set a variable, go on to some place; branches beside it wait at their next
// step. A stop takes a checkpoint, ends with the run's context, and does not last for ever without a client.
//
// # Values
//
// Variables and the outputs of steps are two maps (store.go). Wires read outputs only; a bare name in a template or an expression
// means whichever was written last. A step without exec wires, whose effect is pure or read, is computed whenever a step that runs
// needs its outputs (pull.go): once for each execution of the consumer.
//
// # Checkpoints
//
// A snapshot is the position, the values and a few counts, as records with keys, of which only those that changed are handed on
// (record.go). It is taken between steps, where there is nothing else to know, so a run resumed from it goes on exactly: order, log
// and variables are those of a run that was never interrupted. Steps that ran after the last snapshot run again. The deadline of a
// wait is in the snapshot, so whoever resumes waits only the rest. The records:
//
//	h                         the run: version, revision of the document, mode, progress
//	f/<frame>                 where a frame stands: queue, scopes, counts
//	f/<frame>/v/<name>        a variable
//	f/<frame>/o/<step>        the outputs of a step
//	f/<frame>/k/<scope>/<name> what a scope keeps
//	c/<hash>                  a chunk: a value of more than 16 KiB, or a part of a list, written once (piece.go)
package engine
