package mail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/mail"
)

func TestFilter_Conditions(t *testing.T) {
	t.Parallel()
	emails := []any{
		node.Values{"subject": "Straße", "from": "Ann <ann@x.example>", "has_attachments": true},
		node.Values{"subject": nil, "from": 5, "has_attachments": 0},
		"no message", nil,
		node.Values{},
	}
	for _, c := range []struct {
		given node.Values
		want  int64 // -1 fails
	}{
		{node.Values{}, 3},
		{node.Values{"subject_contains": "STRAß"}, 1},
		{node.Values{"from_contains": "ann", "has_attachments": "yes"}, 1},
		{node.Values{"from_contains": 5}, 1},
		{node.Values{"has_attachments": "no"}, 2},
		{node.Values{"has_attachments": ""}, 3},
		{node.Values{"has_attachments": nil}, 3},
		{node.Values{"subject_contains": "x", "from_contains": "ann"}, 0},
		{node.Values{"emails": "no list"}, -1},
		{node.Values{"emails": nil}, -1},
	} {
		if _, own := c.given["emails"]; !own {
			c.given["emails"] = emails
		}
		r := nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: "FilterEmailsNode", Config: c.given.Dict()})
		if c.want < 0 {
			require.Error(t, r.Err)
			continue
		}
		require.NoError(t, r.Err, c.given)
		require.Equal(t, c.want, r.Output("count"), c.given)
	}
}
