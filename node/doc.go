// Package node is the kit that node types are written with, and what the engine drives them through.
//
// # Writing a node type
//
// A node type is a struct with two methods, in one file, registered by its CasareRPA name. Spec binds struct fields to inputs,
// parameters and outputs and describes them in the same call, as the standard flag package does; Run reads and sets its own
// fields. Before each execution the struct is zeroed and its inputs are bound again: wire, else config (templates resolved), else
// default. Nothing survives between executions but what a control step hands to Run.State and Run.Keep.
//
// # Driving one
//
// The engine binds a step once per run and branch (Registry.Bind) and then, for each token that reaches it, calls Bound.Exec. The
// Outcome is plain data that says everything that is to happen next, so the kit starts no goroutine and reads no clock:
//
//   - Outputs replaces the step's outputs as a whole; nil leaves those of an earlier execution in place. Store it even when the
//     step goes on to open a scope or to sleep: a loop sets current_item with each iteration.
//   - Sleep > 0: wait that long (durably), then call Bound.Resume with Event{Kind: Woken} and the outcome's Saved. Next means nothing.
//   - Open != "": start the scope behind that Body port (or, when its owner was just resumed, its next iteration). When no live token
//     is left in it, or a step in it left it (Exit), call Bound.Resume with Ended, Continued or Broken and the Saved of the
//     scope. A resumed owner that does not Open again has closed the scope. Next means nothing while a scope opens.
//   - Exit != nil (LoopEnd, Break, Continue): look for the nearest open scope in the token's own chain that Exit names. Found: End ends
//     the token; Break and Continue discard the scope's other tokens and every scope inside it and resume the owner with Broken or
//     Continued. Not found: follow Next as if Exit were nil.
//   - ExitSucceed, ExitGiveUp and ExitDecline leave the nearest retry, or the try that the step is a part of, in the same way.
//   - else follow the wires that leave the ports in Next, in that order; Or names a second spelling of a port. Empty: the path ends.
//
// An error is always an *Error. When its Port is wired, control goes there, the step's outputs are stored, and the error is handled.
package node
