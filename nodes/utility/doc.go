// Package utility holds node types of everyday use: a line in the log, a pause.
package utility
