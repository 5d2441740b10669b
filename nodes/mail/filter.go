package mail

import (
	"context"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("FilterEmailsNode", func() node.Node { return new(filter) }) }

type filter struct {
	emails        value.List
	subject, from string
	attachments   node.Opt[bool]

	filtered value.List
	count    int64
}

// Spec describes the type.
func (n *filter) Spec(s *node.Spec) {
	s.Describe("Filter Emails", "Keeps those messages of a list that meet every condition that is given. What is no message is left out.")
	s.Category("email")
	s.List(node.In, &n.emails, "emails").Must().Shown(node.Essential).Says("The messages, as dicts with subject, from and has_attachments.")
	s.String(node.In, &n.subject, "subject_contains").Says("A part of the subject, in large or small letters.")
	s.String(node.In, &n.from, "from_contains").Says("A part of the sender, in large or small letters.")
	node.Maybe(s, node.In, &n.attachments, "has_attachments").Says("Whether there must be attachments, or must be none.")
	s.List(node.Out, &n.filtered, "filtered").Says("The messages that were kept.")
	s.Int(node.Out, &n.count, "count").Says("How many they are.")
	s.Effect(node.Pure)
	letters := []any{
		node.Values{"subject": "Invoice 1", "from": "a@x.example", "has_attachments": true},
		node.Values{"subject": "Hello", "from": "B@Y.example"},
	}
	s.Example(node.Example{
		Name: "by subject", Given: node.Values{"emails": letters, "subject_contains": "INVOICE"}, Wanted: node.Values{"filtered": letters[:1], "count": 1},
	})
	s.Example(node.Example{
		Name: "without attachments", Given: node.Values{"emails": letters, "from_contains": "@y", "has_attachments": false},
		Wanted: node.Values{"filtered": letters[1:], "count": 1},
	})
}

// Run filters.
func (n *filter) Run(context.Context, *node.Run) error {
	for _, v := range n.emails {
		email, ok := v.(*value.Dict)
		if !ok || !contains(email, "subject", n.subject) || !contains(email, "from", n.from) {
			continue
		}
		has, _ := email.Get("has_attachments")
		if n.attachments.Set && n.attachments.V != value.Truth(has) {
			continue
		}
		n.filtered = append(n.filtered, email)
	}
	n.count = int64(len(n.filtered))
	return nil
}

// contains looks for a text in a field, whatever the size of the letters. A field that is missing is empty.
func contains(email *value.Dict, field, part string) bool {
	v, _ := email.Get(field)
	text := ""
	if v != nil {
		text = value.Str(v)
	}
	return strings.Contains(value.Lower(text), value.Lower(part))
}
