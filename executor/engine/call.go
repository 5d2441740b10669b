package engine

import (
	"casare/node"
	"context"
)

// nested is the document that a frame runs.
type nested struct{}

func (f *frame) openCall(t token, out node.Outcome) *ending { return nil }

type nestedData struct{}

func (n *nested) data() *nestedData { return nil }

func (f *frame) restoreCall(ctx context.Context, s *scope, n int, d *nestedData) (*frame, error) {
	return nil, nil
}
