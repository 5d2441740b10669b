// Package raftstore keeps the replicated state of a mesh: jobs, workflows, robots, keys and the change feed, in bbolt, changed
// only by commands that a majority of coordinators has synced.
package raftstore
