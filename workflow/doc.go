// Package workflow is the document a user writes: a named graph of steps joined by wires, with variables and settings.
//
// Read takes every format that exists in the wild: the canonical format 1.1, documents without node_id or ports, project
// templates, NodeGraphQt sessions, the list form of the documentation and what an AI assistant writes. All of them become the same
// Document, in which the order of steps and wires is the order of the file, because the order decides what runs first. JSON
// writes a Document in the canonical format and loses nothing that Read understood or kept.
//
// Reading is lenient: what can be repaired without guessing is repaired and told of in a warning. Checking is strict: Check
// names every fault of the graph at once, each with the step, the field and one sentence. Neither knows a node type; what a type
// has for ports comes from the caller through Types.
//
// The original product refuses documents in which a text contains "open(", "eval(" and the like. That list is left out on purpose:
// nothing here hands text to an interpreter, and the list refused honest documents.
//
// NewGraph indexes a Document once for those who walk it.
package workflow
