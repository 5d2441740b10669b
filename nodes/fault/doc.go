// Package fault holds the node types that make and handle errors.
package fault
