// Package variable holds the node types that read and write the variables of a run.
package variable

// nameRequired is what a step without a variable's name fails with; the original's sentence.
const nameRequired = "Variable name is required"
