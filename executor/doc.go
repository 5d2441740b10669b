// Package executor runs, on every robot, the attempts that the leader assigns to it.
//
// # The link
//
// The executor keeps one session with the leader (package session) and dials again when it ends, at once when another robot
// leads. Attempts outlive sessions: while nobody leads they run on, the newest checkpoint and the result are kept, and both leave
// after the next welcome.
//
// # An attempt's reports
//
// Every attempt has at most one entry under way: that it has started (only if it still runs after a moment), its checkpoints with
// the log lines before them, its end. So they are replicated in their order, and one that was never acknowledged can be repeated.
// The end is repeated until it is recorded or refused because the attempt is no longer this robot's.
//
// A run waits for the checkpoint before the one it takes, so that it is never more than one ahead of what is replicated, but
// only for a moment: a leader that does not answer must not stop it.
package executor
