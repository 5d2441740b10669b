// Package executor runs, on every robot, the attempts that the leader assigns to it.
package executor
