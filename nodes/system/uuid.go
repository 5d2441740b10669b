package system

import (
	"context"

	"casare/node"
	"casare/nodes/internal/uuid"
	"casare/value"
)

func init() { node.Register("UUIDGeneratorNode", func() node.Node { return new(uuids) }) }

type uuids struct {
	version node.Value
	count   int64

	first   string
	all     value.List
	success bool
}

// Spec describes the type.
func (n *uuids) Spec(s *node.Spec) {
	s.Describe("UUID Generator", "Gives identifiers that no others are equal to, up to 100 of them.")
	s.Category("system")
	s.Any(node.Param, &n.version, "uuid_version").Or("4").OneOf("1", "4").Widget("choice").Says("4 is random, 1 is made of the time.")
	s.Int(node.Param, &n.count, "count").Or(1).Min(1).Max(100).Says("How many. Less than 1 is 1, more than 100 is 100.")
	s.String(node.Out, &n.first, "uuid").Says("The first of them.")
	s.List(node.Out, &n.all, "uuids").Says("All of them.")
	s.Bool(node.Out, &n.success, "success").Says("Whether there are any.")
	s.Effect(node.Read)
	s.Example(node.Example{Name: "three", Given: node.Values{"count": 3}, Wanted: node.Values{"success": true}})
}

// Run makes them.
func (n *uuids) Run(_ context.Context, r *node.Run) error {
	count := int(min(max(n.count, 1), 100))
	var made []string
	if uuid.TimeBased(n.version) {
		made = uuid.OfTime(r.Now(), count)
	}
	for len(made) < count {
		made = append(made, uuid.Random())
	}
	for _, id := range made {
		n.all = append(n.all, id)
	}
	n.first, n.success = made[0], true
	return nil
}
