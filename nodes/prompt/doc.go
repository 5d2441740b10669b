// Package prompt holds the node types that tell about prompt templates: texts with places to fill in, for steps that ask a language
// model. The templates are built in; their names and variables are CasareRPA's, their words are our own.
package prompt
