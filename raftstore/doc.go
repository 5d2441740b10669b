// Package raftstore keeps the replicated state of a mesh: jobs, workflows, robots, keys and the change feed. It is a bbolt file
// that every coordinator holds, changed only by commands that a majority of them has synced.
//
// # A command's way
//
// Store.Propose encodes each command as an envelope and gives it to the proposer, which fills one entry of the log with whatever is
// proposed while earlier entries are in flight (propose.go, envelope.go). raft replicates the entry through transport and logStore.
// fsm.ApplyBatch applies all entries that raft hands over in the open transaction (below); each command decides with a method of the
// domain first and writes after, so that a refused one has written nothing (fsm.go, and one file for each aggregate: job.go,
// attempt.go, joblog.go, workflow.go, robot.go, token.go, key.go, mesh.go, event.go). Its events are written in the same
// transaction and then published (feed.go). Applying reads no clock, no random source and no map order.
//
// # What may be believed after an error
//
// CodeNotLeader and CodeUnavailable say that nothing was proposed; CodeOutcomeUnknown that nobody can say. A command that is
// proposed again under the same id has one effect: a submit finds its job, any other is a compare-and-set, and the row it changes
// keeps the id of the last command.
//
// # The live file is the snapshot
//
// What is applied goes, together with the index, the term and the coordinators that hold there (bucket meta), into one open
// transaction that is synced every Config.SyncInterval (pending.go). A sync in every batch would be a second one beside that of the
// log, and rewrite the same pages again and again. Nothing that was acknowledged depends on it: a majority has it synced in the
// log, which a restart replays from the index in meta. So the log is never cut, the file never sent or replaced, before a sync.
// raft never restores at start, a snapshot of our own only notes in meta how far raft may cut its log, and sending one is copying
// the file. A received one lies beside the live file until it has been checked and synced; the rename is the moment from which it
// counts. snapshot.go has the steps, each of which a test kills the process at.
//
// # When a disk fails
//
// After a write or a sync that failed nobody knows what is on the disk, but raft would go on with it, and answers a proposal as
// applied whatever the state machine returns. So the first failure is latched: nothing is written or acknowledged any more,
// Config.Fatal is called once, and ApplyBatch does not return before Stop (latch.go).
//
// # Who is a coordinator
//
// coordinators.go is a pure function from what the leader knows to at most one change of raft's configuration; manage.go gathers
// what it knows and makes the change.
package raftstore
