// Package data holds the node types that compute with values: numbers, texts, lists and dicts.
package data
