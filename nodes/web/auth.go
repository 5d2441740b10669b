package web

import (
	"context"
	"encoding/base64"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("HttpAuthNode", func() node.Node { return new(auth) }) }

const (
	bearer = "Bearer"
	basic  = "Basic"
	apiKey = "ApiKey"
)

type auth struct {
	kind, credential, keyName string
	token, username, password node.Value
	base                      node.Value
	headers                   *value.Dict
}

// Spec describes the type.
func (n *auth) Spec(s *node.Spec) {
	s.Describe("HTTP Auth", "Makes the header that a web service wants to know a caller by, and adds it to others.")
	s.Category("http")
	s.Choice(node.In, &n.kind, "auth_type", bearer, basic, apiKey).Or(bearer).Shown(node.Essential).
		Says("A token, a user with a password, or a key in a header of its own.")
	s.String(node.In, &n.credential, "credential_name").Says("The name of a secret. If it is there, it is the token, or what username:password would be.")
	s.Any(node.In, &n.token, "token").Port(node.KindText).Widget("password").Says("The token, or the key.")
	s.Any(node.In, &n.username, "username").Port(node.KindText).Says("The user, for Basic.")
	s.Any(node.In, &n.password, "password").Port(node.KindText).Widget("password").Says("The password, for Basic.")
	s.String(node.In, &n.keyName, "api_key_name").Or("X-API-Key").Says("The header the key goes into, for ApiKey.")
	s.Any(node.In, &n.base, "base_headers").Port(node.KindDict).Widget("json").Says("Headers to add it to.")
	s.Dict(node.Out, &n.headers, "headers").Says("All headers. What is made of a secret is one.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "a token", Given: node.Values{"token": "{{t}}", "base_headers": node.Values{"Accept": "x"}}, Vars: node.Values{"t": "tok"},
		Wanted: node.Values{"headers": node.Values{"Accept": "x", "Authorization": "Bearer tok"}},
	})
	s.Example(node.Example{
		Name: "a user", Given: node.Values{"auth_type": basic, "username": "ann", "password": "s3"},
		Wanted: node.Values{"headers": node.Values{"Authorization": "Basic YW5uOnMz"}},
	})
	s.Example(node.Example{
		Name: "a key", Given: node.Values{"auth_type": apiKey, "token": "k"}, Wanted: node.Values{"headers": node.Values{"X-API-Key": "k"}},
	})
	s.Example(node.Example{Name: "nothing", Fails: "HTTP auth error: Bearer token is required"})
}

// Run makes the header.
func (n *auth) Run(_ context.Context, r *node.Run) error {
	if err := n.make(r); err != nil {
		return node.Fail("", "HTTP auth error: %w", err)
	}
	return nil
}

func (n *auth) make(r *node.Run) error {
	base, err := dict(n.base, "base_headers")
	if err != nil {
		return err
	}
	stored := n.stored(r)
	if stored != nil {
		n.token = stored
	}
	token, secret := reveal(n.token)
	switch kind := strings.ToLower(n.kind); {
	case kind == "bearer" && token == "":
		return node.Fail(node.TypeInput, "Bearer token is required")
	case kind == "bearer":
		n.headers = base.With("Authorization", hidden("Bearer "+token, secret))
	case kind == "apikey" && token == "":
		return node.Fail(node.TypeInput, "API key is required")
	case kind == "apikey":
		n.headers = base.With(n.keyName, hidden(token, secret))
	case kind == "basic":
		pair, secret, err := n.pair(stored)
		if err != nil {
			return err
		}
		n.headers = base.With("Authorization", hidden("Basic "+base64.StdEncoding.EncodeToString([]byte(pair)), secret))
	default:
		return node.Fail(node.TypeInput, "Unknown auth type: %s", n.kind)
	}
	return nil
}

// stored returns the secret that credential_name names; nil when there is none, and then the other fields count.
func (n *auth) stored(r *node.Run) node.Value {
	if n.credential == "" {
		return nil
	}
	v, _ := r.Lookup("$secret:" + n.credential)
	if text, _ := reveal(v); text == "" {
		return nil
	}
	return v
}

// pair returns user and password as they are sent.
func (n *auth) pair(stored node.Value) (text string, secret bool, err error) {
	if text, secret = reveal(stored); strings.Contains(text, ":") {
		return text, secret, nil
	}
	username, hide := reveal(n.username)
	password, hideToo := reveal(n.password)
	if text != "" {
		password, hideToo = text, secret // the secret is a password alone
	}
	if username == "" || password == "" {
		return "", false, node.Fail(node.TypeInput, "Username and password are required for Basic auth")
	}
	return username + ":" + password, hide || hideToo, nil
}
