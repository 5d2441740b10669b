// Package pyxml is what Python does with XML: reading it into the tree of xml.etree.ElementTree with what expat takes for well-formed,
// the part of XPath that ElementPath knows, writing a tree, and the layout of minidom's toprettyxml.
//
// Only texts are read, so what an XML declaration says about the encoding means nothing. Nothing is ever fetched. Entities cannot be
// declared: a few lines of them can stand for gigabytes. What is read is bounded in size, elements and depth.
//
// The tests compare with tables that CPython has made (testdata, record.py).
package pyxml
