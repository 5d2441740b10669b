// Package document holds the node types for documents that are data: XML, and what was read out of a document. XML is what Python's
// xml.etree makes of it (see package pyxml).
package document
