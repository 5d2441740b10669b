// Package basic holds the node types that mark places in a workflow: where it starts, where a path ends, what a reader should know.
package basic
