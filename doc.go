// Package casare holds the domain of Casare Mesh: what a job, a workflow, a robot and an API key are, the states they go
// through and which moves between states are legal, the commands that change them, the events that tell of a change, and the
// one error type that crosses package borders.
//
// It imports the standard library only, and every other package of the module may import it. The subsystems (mesh, raftstore,
// scheduler, executor, api) never import one another: they speak in the types of this package and meet in package daemon.
//
// Nothing here reads a clock, a random source or the environment. A method that changes a value is called by the replicated
// state machine, on every coordinator, and must give the same answer on each.
package casare
