// Package subflow holds the node types that run another document, and those through which it gets and gives values.
package subflow
