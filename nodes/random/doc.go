// Package random holds the node types that give numbers, texts and choices nobody can foresee: each execution has a generator of its
// own, seeded by the system's. Their effect is read: if a step must be run again it may give something else, but what it gave is
// kept with the run.
package random
