package text

import "casare/node"

// textInput declares an input that takes anything for a text.
func textInput(s *node.Spec, p *node.Value, name string) *node.Field {
	return s.Any(node.In, p, name).Port(node.KindText).Widget("text").Shown(node.Essential)
}

// numberInput declares an input for a whole number; what is none counts as nothing.
func numberInput(s *node.Spec, p *node.Value, name string) *node.Field {
	return s.Any(node.In, p, name).Port(node.KindInt).Widget("integer").Shown(node.Essential)
}

// numberParam declares a parameter for a whole number; what is none counts as nothing.
func numberParam(s *node.Spec, p *node.Value, name string) *node.Field {
	return s.Any(node.Param, p, name).Widget("integer")
}
