// Package scheduler decides, on the leader, which robot runs which job, and when a robot is lost.
//
// # One term
//
// The daemon calls Lead when this robot begins to lead and Serve for every robot that dials. All work of a term hangs on one
// value of type term and ends with it; what a deposed leader still proposes is refused by raft, what it still says to robots
// carries its term and is dropped by them.
//
// # The index
//
// Placement works on an index in memory: jobs that are queued, in the order of priority and age; attempts that robots hold; free
// slots. The replicated jobs are the truth, the index follows them. Nothing polls: the change feed, the answers to our own
// proposals and the robots' sessions wake the placer, and whatever has come in while one batch of assignments was being
// replicated makes the next one.
//
// # Leases
//
// A robot that has not been heard of for TTL loses what it holds: ExpireJob puts the job back into the queue but keeps its
// epoch. Until the job is placed again the robot may come back and take it back; after that its reports are refused as stale and
// it stops. A session that closes expires nothing. A new leader gives every attempt TTL + Grace, because it has heard of nobody.
//
// # Authority
//
// A robot's report is proposed only if the state says that the job was assigned to that very robot with that epoch.
package scheduler
