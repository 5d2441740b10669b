package node_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
)

// shout works with a text, a list and a password.
type shout struct {
	text     string
	items    value.List
	password value.Secret

	loud  string
	all   value.List
	count int64
	known bool
}

func (n *shout) Spec(s *node.Spec) {
	describe(s)
	s.String(node.In, &n.text, "text")
	s.List(node.In, &n.items, "items").Or([]any{})
	s.Secret(node.In, &n.password, "password")
	s.String(node.Out, &n.loud, "loud")
	s.List(node.Out, &n.all, "all")
	s.Int(node.Out, &n.count, "count")
	s.Bool(node.Out, &n.known, "known")
	s.Effect(node.Pure)
}

func (n *shout) Run(_ context.Context, r *node.Run) error {
	n.loud, n.all, n.count = n.text+"!", n.items, int64(len(n.text))
	n.known = n.password.Reveal() == "p"
	r.SetVar("last", n.loud)
	return nil
}

func TestTaint_WhatIsMadeOfASecretIsOne(t *testing.T) {
	t.Parallel()
	registry := node.NewRegistry()
	registry.Add("shout", func() node.Node { return new(shout) })
	shouted := func(config, vars node.Values) nodetest.Result {
		r := nodetest.Run(t.Context(), registry, nodetest.Case{Type: "shout", Config: config.Dict(), Vars: vars.Dict()})
		require.NoError(t, r.Err)
		return r
	}
	get := func(r nodetest.Result, name string) value.Value {
		v, _ := r.Outcome.Outputs.Get(name)
		return v
	}
	secret := node.Values{"s": value.NewSecret("hush")}

	r := shouted(node.Values{"text": "{{s}}", "items": []any{"x"}}, secret)
	require.True(t, value.Equal(value.NewSecret("hush!"), get(r, "loud")))
	require.Equal(t, int64(4), get(r, "count"))
	require.Equal(t, "['***']", value.Str(get(r, "all")), "the whole execution is secret")
	last, _ := r.Host.Variables().Get("last")
	require.True(t, value.Equal(value.NewSecret("hush!"), last))

	r = shouted(node.Values{"text": "a", "items": []any{"x", []any{"{{s}}"}}}, secret)
	require.Equal(t, "***", value.Str(get(r, "loud")))
	require.Equal(t, "['***', ['***']]", value.Str(get(r, "all")))

	r = shouted(node.Values{"text": "a", "password": "{{p}}"}, node.Values{"p": value.NewSecret("p")})
	require.Equal(t, "a!", get(r, "loud"), "a password field hides nothing else")
	require.Equal(t, true, get(r, "known"))
	require.Equal(t, true, get(shouted(node.Values{"password": "p"}, nil), "known"), "a plain text will do")
}
