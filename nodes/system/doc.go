// Package system holds the small tools among the node types: identifiers, encodings, a check.
package system
