// Package text holds the node types that work with texts: case, parts, padding, searching, replacing, regular expressions. All of it is
// Python's: places are code points, a text is taken apart where Python's str methods take it apart. What a type does with its
// inputs stands in operation.go and regex.go, because TextSuperNode does the same under other names.
//
// A text input takes a value of any kind, printed as Python prints it; what is empty or 0 or false counts as an empty text.
package text
