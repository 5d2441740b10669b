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
// too. Try and Retry are further kinds of scopes: a failure looks for the nearest one in the failing token's chain of parents.
//
// # Frames
//
// A position with the values that belong to it is a frame, and a run is a tree of frames (frame.go, family.go). A fork or a parallel loop
// makes a frame for each branch: the same document, and values laid over those of the frame it hangs on, which stands still meanwhile. A
// step that runs another document makes a frame for that (call.go). Frames hang on the scope of the step that started them; its token
// waits at the front of the queue until all have ended, and the step is called with what became of each. Branches run in goroutines of
// their own and see nothing of one another. What they leave is taken over in their order, so the result is the same each time: the step
// merges what they changed, and order and log are as if one had run after the other. A document that nobody waits for hangs on the root
// scope of the frame that started it, has a copy of the values, and ends before that frame does (loose.go).
//
// A branch ends where it meets the others: workflow.Joins finds the step, and a token that reaches it has come to its end. A Break out of a
// branch to a loop around it is an error of the document; where that shows only at run time, the other branches are cancelled and clean
// up, then the loop is left. A failed branch that fails its fork is not stored as failed, so that whoever tries the run again begins
// before the failure.
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
// wait is in the snapshot, so whoever resumes waits only the rest. Each frame publishes its own records when it stands between two steps, and
// whoever needs a snapshot stores what all have published: as frames see nothing of one another, any combination is a position the run
// could have been in, and no branch waits for another one's snapshot. The records:
//
//	h                         the run: version, revision of the document, mode, progress
//	f/<frame>                 where a frame stands: queue, scopes, counts
//	f/<frame>/v/<name>        a variable
//	f/<frame>/o/<step>        the outputs of a step
//	f/<frame>/k/<scope>/<name> what a scope keeps
//	f/<frame>/j/order, /logs  what a frame that hangs on another has done so far
//	f/<frame>/s               what a call has set in the document it runs
//	c/<hash>                  a chunk: a value of more than 16 KiB, or a part of a list, written once (piece.go)
package engine
