package web

import (
	"casare/node"
	"casare/value"
)

// dict reads a dict that a form may give as JSON text; null, "" and whatever else is false in Python is an empty one.
func dict(v node.Value, field string) (*value.Dict, error) {
	if text, ok := v.(string); ok && text != "" {
		var err error
		if v, err = value.Loads(text); err != nil {
			return nil, node.Fail(node.TypeInput, "%s is no JSON: %w", field, err)
		}
	}
	if !value.Truth(v) {
		return value.DictOf(), nil
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, node.Fail(node.TypeInput, "%s is a %s, not a dict", field, value.TypeName(v))
	}
	return d, nil
}

// reveal returns the text of a value that is sent, and whether it is a secret.
func reveal(v node.Value) (text string, secret bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case value.Secret:
		return v.Reveal(), true
	}
	return value.Str(v), false
}

// hidden returns a text, as a secret if it was made of one.
func hidden(text string, secret bool) node.Value {
	if secret {
		return value.NewSecret(text)
	}
	return text
}
