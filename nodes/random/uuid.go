package random

import (
	"context"
	"strings"

	"casare/node"
	"casare/nodes/internal/uuid"
)

func init() { node.Register("RandomUUIDNode", func() node.Node { return new(randomUUID) }) }

type randomUUID struct {
	version        node.Value
	format, result string
}

// Spec describes the type.
func (n *randomUUID) Spec(s *node.Spec) {
	s.Describe("Random UUID", "Gives an identifier that no other has.")
	s.Category("utility")
	s.Any(node.Param, &n.version, "version").Or(4).OneOf(1, 4).Says("4 is random, 1 is made of the time.")
	s.Choice(node.Param, &n.format, "format", "standard", "hex", "urn").Or("standard").Says("How it is written: with hyphens, without, or as a URN.")
	s.String(node.Out, &n.result, "result").Says("The identifier.")
	s.Effect(node.Read)
	s.Example(node.Example{Name: "another one each time", Given: node.Values{"format": "urn"}})
}

// Run makes it.
func (n *randomUUID) Run(_ context.Context, r *node.Run) error {
	id := uuid.Random()
	if uuid.TimeBased(n.version) {
		id = uuid.OfTime(r.Now(), 1)[0]
	}
	switch n.format {
	case "hex":
		n.result = strings.ReplaceAll(id, "-", "")
	case "urn":
		n.result = "urn:uuid:" + id
	default:
		n.result = id
	}
	return nil
}
