// Package script holds the node types that run code: here expressions, which can do nothing but compute.
package script
