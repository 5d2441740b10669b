// Package daemon builds a robot from its parts and starts them in order: mesh endpoint, replicated state, scheduler, executor,
// API. `casare up` and the tests that run robots in one process use the same Open, Start and Stop.
//
// The parts do not know one another; what joins them is here, a file a seam:
//
//	folder.go      the robot's folder: built beside, renamed last
//	create.go      the first start: a new mesh, or a join
//	leader.go      who leads, and a request on its way there
//	peer.go        what one robot asks another
//	admit.go       the leader lets a machine in
//	leadership.go  what a robot does while it leads
//	authority.go   who may propose which command
//	blob.go        the blob store's way to the other robots and to the state
package daemon
