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
