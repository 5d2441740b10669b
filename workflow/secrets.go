package workflow

import (
	"slices"
	"strings"

	"casare/value"
	"casare/workflow/template"
)

// secretPrefix is how a template names a secret.
const secretPrefix = "$secret:"

// Secrets lists the secrets that the document's steps and variables mention as {{$secret:name}}, sorted, each once.
func (d *Document) Secrets() []string {
	var names []string
	see := func(v value.Value) {
		for _, root := range template.Paths(v) {
			if name, ok := strings.CutPrefix(root, secretPrefix); ok {
				names = append(names, name)
			}
		}
	}
	for _, s := range d.Steps {
		see(s.Config)
	}
	for _, v := range d.Variables {
		see(v.Default)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Sensitive says whether the document declares a variable whose value nobody may read.
func (d *Document) Sensitive() bool {
	return slices.ContainsFunc(d.Variables, func(v Variable) bool { return v.Sensitive })
}
