package system

import (
	"context"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"casare/node"
)

func init() { node.Register("Base64Node", func() node.Node { return new(base64Text) }) }

type base64Text struct {
	action, input, output string
	success               bool
}

// Spec describes the type.
func (n *base64Text) Spec(s *node.Spec) {
	s.Describe("Base64", "Writes a text in Base64, or reads one. In reading, what is no sign of Base64 is passed over.")
	s.Category("system")
	s.Choice(node.Param, &n.action, "action", "encode", "decode").Or("encode").Shown(node.Essential).Says("Whether to write or to read.")
	s.Text(node.In, &n.input, "input_text").Must("Input text is required").Shown(node.Essential).Says("The text.")
	s.String(node.Out, &n.output, "output").Says("The other text.")
	s.Bool(node.Out, &n.success, "success").Says("Whether there is one.")
	s.Effect(node.Pure)
	s.Example(node.Example{Name: "write", Given: node.Values{"input_text": "Zürich"}, Wanted: node.Values{"output": "WsO8cmljaA==", "success": true}})
	s.Example(node.Example{
		Name: "read", Given: node.Values{"action": "decode", "input_text": "WsO8\ncmljaA=="}, Wanted: node.Values{"output": "Zürich"},
	})
	s.Example(node.Example{Name: "cut off", Given: node.Values{"action": "decode", "input_text": "WsO"}, Fails: "Invalid base64 string: Incorrect padding"})
}

// Run writes or reads.
func (n *base64Text) Run(context.Context, *node.Run) error {
	if n.action == "encode" {
		n.output, n.success = base64.StdEncoding.EncodeToString([]byte(n.input)), true
		return nil
	}
	plain, err := decode(n.input)
	if err != nil {
		return node.Fail("", "Invalid base64 string: %w", err)
	}
	if !utf8.ValidString(plain) {
		return node.Fail("", "Invalid base64 string: what it stands for is no UTF-8 text")
	}
	n.output, n.success = plain, true
	return nil
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decode is Python's b64decode: other signs are passed over, and nothing is read behind the padding.
func decode(text string) (string, error) {
	var out strings.Builder
	bits, in, pads, signs := 0, 0, 0, 0 // in counts the signs of the group of four being read
	for i := range len(text) {
		c := text[i]
		if c == '=' {
			if pads++; in >= 2 && in+pads >= 4 {
				return out.String(), nil
			}
			continue
		}
		digit := strings.IndexByte(alphabet, c)
		if digit < 0 {
			continue
		}
		pads = 0
		signs++
		bits = bits<<6 | digit
		if in = (in + 1) % 4; in != 1 {
			out.WriteByte(byte(bits >> ((4 - (in+3)%4 - 1) * 2))) //nolint:gosec // the low eight bits
		}
	}
	switch in {
	case 0:
		return out.String(), nil
	case 1:
		return "", node.Fail("", "Invalid base64-encoded string: number of data characters (%d) cannot be 1 more than a multiple of 4", signs)
	}
	return "", node.Fail("", "Incorrect padding")
}
