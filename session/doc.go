// Package session is what a robot and the leader say to each other over one long-lived stream.
//
// # Frames
//
// A frame is four bytes of length (big endian, of what follows), one byte of Kind, and the message in CBOR with integer keys.
// A frame is at most MaxFrame; every list and text inside has a cap too (see Decode). Messages carry lists, so that one frame
// moves many assignments or many results: a frame per job would cost a system call and an acknowledgement each.
//
// # Order of talk
//
//	robot  → leader   Hello        once, first: who I am, what I offer, which attempts I hold
//	leader → robot    Welcome      continue or stop, attempt by attempt; or NotLeader, and the stream ends
//	leader → robot    Document     a workflow revision, before the first assignment of the session that needs it
//	leader → robot    Piece        parts of a large checkpoint, before the assignment that resumes from it
//	leader → robot    Assign       attempts to run; (job, epoch) is the key, so a repeat changes nothing
//	robot  → leader   Want         documents the robot no longer holds
//	robot  → leader   Report       starts, checkpoints, results, rejects and releases of attempts
//	leader → robot    Acks         each entry of a report, after it is replicated or refused for good
//	leader → robot    Cancel, Stop a job's wished end; an attempt that is no longer the current one
//	robot  → leader   Heartbeat    every second: load and clock; answered by HeartbeatAck
//	leader → robot    Watch        whether anybody looks at live updates; without watchers none are sent
//	leader → robot    Debug        what the debugger of an attempt shall do; answered by DebugReply
//	robot  → leader   DebugReply   that, or unasked: an attempt was stopped, or goes on
//	robot  → leader   Live         step events and log lines while they happen; never acknowledged, never replicated
//
// There is no message that accepts an assignment: the stream is reliable and ordered, so an assignment either arrives or the
// session ends, and the next Hello shows what the robot holds.
//
// # Reports
//
// A robot has at most one unacknowledged entry per attempt, so entries of an attempt are replicated in their order while those
// of different attempts travel together. An entry whose Ack never came is sent again on the next session; the leader proposes
// it under an id made of (job, epoch, sequence number), so that a repeat has one effect.
//
// # Terms
//
// Welcome and Assign carry the leader's term. A robot drops what comes with a lower term than it has seen: a deposed leader
// that still talks must not start attempts.
package session
