package random

import (
	"cmp"
	"context"
	"strings"

	"casare/node"
)

func init() { node.Register("RandomStringNode", func() node.Node { return new(text) }) }

const (
	uppercase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowercase = "abcdefghijklmnopqrstuvwxyz"
	digits    = "0123456789"
	special   = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

type text struct {
	length                       int64
	upper, lower, digit, special bool
	custom                       string
	result                       string
}

// Spec describes the type.
func (n *text) Spec(s *node.Spec) {
	s.Describe("Random String", "Gives a text of random characters, good enough for a password.")
	s.Category("utility")
	s.Int(node.In, &n.length, "length").Or(8).Min(0).Max(most).Shown(node.Essential).Says("How many characters.")
	s.Bool(node.Param, &n.upper, "include_uppercase").Or(true).Says("Whether A to Z can come up.")
	s.Bool(node.Param, &n.lower, "include_lowercase").Or(true).Says("Whether a to z can come up.")
	s.Bool(node.Param, &n.digit, "include_digits").Or(true).Says("Whether 0 to 9 can come up.")
	s.Bool(node.Param, &n.special, "include_special").Or(false).Says("Whether the other signs of ASCII can come up.")
	s.String(node.Param, &n.custom, "custom_chars").Says("The characters that can come up, instead of all these. A character that stands twice comes up twice as often.")
	s.String(node.Out, &n.result, "result").Says("The text.")
	s.Effect(node.Read)
	s.Example(node.Example{Name: "one letter", Given: node.Values{"length": 3, "custom_chars": "é"}, Wanted: node.Values{"result": "ééé"}})
}

// Run draws.
func (n *text) Run(context.Context, *node.Run) error {
	if n.length > most {
		return node.Fail(node.TypeInput, "length is %d; a random text has no more than %d characters", n.length, most)
	}
	chars := []rune(n.characters())
	var out strings.Builder
	for g := generator(); n.length > 0; n.length-- {
		out.WriteRune(chars[g.IntN(len(chars))])
	}
	n.result = out.String()
	return nil
}

// characters lists what can come up. Nothing at all means letters and digits.
func (n *text) characters() string {
	if n.custom != "" {
		return n.custom
	}
	var chars strings.Builder
	for _, class := range []struct {
		wanted bool
		chars  string
	}{{n.upper, uppercase}, {n.lower, lowercase}, {n.digit, digits}, {n.special, special}} {
		if class.wanted {
			chars.WriteString(class.chars)
		}
	}
	return cmp.Or(chars.String(), lowercase+uppercase+digits)
}
