// Package mail holds the node types for electronic mail.
package mail
