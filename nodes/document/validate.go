package document

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"casare/node"
	"casare/value"
	"casare/workflow/pyre"
)

func init() { node.Register("ValidateExtractionNode", func() node.Node { return new(validate) }) }

type validate struct {
	extraction, required, rules node.Value
	threshold                   float64

	valid, review bool
	confidence    float64
	errors        value.List
	status        *value.Dict
	success       bool
	err           string
}

// Spec describes the type.
func (n *validate) Spec(s *node.Spec) {
	s.Describe("Validate Extraction", "Looks whether what was read out of a document has the fields it must have, and whether they keep rules. "+
		"The confidence is the share of the fields looked at that are valid.")
	s.Category("document")
	s.Any(node.In, &n.extraction, "extraction").Port(node.KindDict).Widget("json").Shown(node.Essential).
		Says("The fields: a dict, or the JSON text of one.")
	s.Any(node.In, &n.required, "required_fields").Port(node.KindList).Shown(node.Essential).
		Says("The fields that must be there: a list, JSON, or names with commas between.")
	s.Float(node.In, &n.threshold, "confidence_threshold").Or(0.8).Min(0).Max(1).Says("The confidence below which somebody should look at it.")
	s.Any(node.In, &n.rules, "validation_rules").Port(node.KindDict).Widget("json").
		Says("Rules by field, each a dict with any of type (number or string), min, max and pattern (as for Python's re.match).")
	s.Bool(node.Out, &n.valid, "is_valid").Says("Whether nothing is wrong.")
	s.Bool(node.Out, &n.review, "needs_review").Says("Whether somebody should look at it.")
	s.Float(node.Out, &n.confidence, "confidence_score").Says("The confidence, from 0 to 1.")
	s.List(node.Out, &n.errors, "validation_errors").Says("What is wrong, in sentences.")
	s.Dict(node.Out, &n.status, "field_status").Says("valid, invalid or missing, by field.")
	s.Bool(node.Out, &n.success, "success").Says("Whether the fields could be looked at.")
	s.String(node.Out, &n.err, "error").Says("Why not.")
	s.Effect(node.Pure)
	s.Example(node.Example{
		Name: "one is missing", Given: node.Values{"extraction": node.Values{"a": "x"}, "required_fields": "a, b"},
		Wanted: node.Values{
			"is_valid": false, "needs_review": true, "confidence_score": 0.5, "validation_errors": []any{"Required field 'b' is missing"},
			"field_status": node.Values{"a": "valid", "b": "missing"}, "success": true,
		},
	})
	s.Example(node.Example{
		Name: "a rule", Given: node.Values{
			"extraction": node.Values{"total": 7, "no": "R-12"}, "required_fields": []any{"total", "no"},
			"validation_rules": node.Values{"total": node.Values{"type": "number", "min": 10}, "no": node.Values{"pattern": `R-\d+$`}},
		},
		Wanted: node.Values{
			"validation_errors": []any{"Field 'total' is below minimum (10)"}, "field_status": node.Values{"total": "invalid", "no": "valid"},
		},
	})
}

// Run looks at the fields.
func (n *validate) Run(context.Context, *node.Run) error {
	if err := n.check(); err != nil {
		n.err = err.Error()
		return err
	}
	n.success = true
	return nil
}

func (n *validate) check() error {
	fields, required, err := n.given()
	if err != nil {
		return err
	}
	status := value.NewDict()
	for _, v := range required {
		name, ok := value.Key(v)
		if !ok {
			return node.Fail("", "%s cannot be the name of a field", value.Repr(v))
		}
		if content, _ := fields.Get(name); content == nil {
			n.wrong("Required field '%s' is missing", name)
			status.Set(name, "missing")
		} else {
			status.Set(name, "valid")
		}
	}
	if err := n.applyRules(fields, status); err != nil {
		return err
	}
	n.status = status.Dict()
	valid := 0
	for _, s := range n.status.All() {
		if s == "valid" {
			valid++
		}
	}
	n.confidence = float64(valid) / float64(max(1, n.status.Len()))
	n.valid = len(n.errors) == 0
	n.review = n.confidence < n.threshold || !n.valid
	return nil
}

// wrong notes a mistake; the arguments are printed as Python prints them.
func (n *validate) wrong(format string, args ...node.Value) {
	texts := make([]any, len(args))
	for i, a := range args {
		texts[i] = value.Str(a)
	}
	n.errors = append(n.errors, fmt.Sprintf(format, texts...))
}

// given reads the inputs, each of which may be a text.
func (n *validate) given() (*value.Dict, value.List, error) {
	if !value.Truth(n.extraction) {
		return nil, nil, node.Fail("", "Extraction data is required")
	}
	if !value.Truth(n.required) {
		return nil, nil, node.Fail("", "Required fields list is required")
	}
	extraction, required := n.extraction, n.required
	if text, ok := extraction.(string); ok {
		var err error
		if extraction, err = value.Loads(text); err != nil {
			return nil, nil, node.Fail("", "Invalid extraction: %w", err)
		}
	}
	fields, ok := extraction.(*value.Dict)
	if !ok {
		return nil, nil, node.Fail("", "Invalid extraction: it is a %s, not a dict", value.TypeName(extraction))
	}
	if text, ok := required.(string); ok {
		required = names(text)
	}
	list, ok := required.(value.List)
	if !ok {
		return nil, nil, node.Fail("", "the required fields are a %s, not a list", value.TypeName(required))
	}
	return fields, list, nil
}

// names reads a list of names: JSON, or names with commas between.
func names(text string) node.Value {
	v, err := value.Loads(text)
	if one, ok := v.(string); ok {
		return value.List{one}
	}
	if err == nil {
		return v
	}
	var list value.List
	for name := range strings.SplitSeq(text, ",") {
		list = append(list, strip(name))
	}
	return list
}

func (n *validate) applyRules(fields *value.Dict, status *value.DictBuilder) error {
	rules := n.rules
	if text, ok := rules.(string); ok {
		rules, _ = value.Loads(text) // as the original: rules that cannot be read are none
	}
	if !value.Truth(rules) {
		return nil
	}
	all, ok := rules.(*value.Dict)
	if !ok {
		return node.Fail("", "the validation rules are a %s, not a dict", value.TypeName(rules))
	}
	for name, v := range all.All() {
		content, there := fields.Get(name)
		if !there {
			continue
		}
		rule, ok := v.(*value.Dict)
		if !ok {
			return node.Fail("", "the rules for %s are a %s, not a dict", value.Repr(name), value.TypeName(v))
		}
		before := len(n.errors)
		if err := n.applyRule(name, content, rule); err != nil {
			return err
		}
		if len(n.errors) > before {
			status.Set(name, "invalid")
		}
	}
	return nil
}

func (n *validate) applyRule(name, content node.Value, rule *value.Dict) error {
	number, text := false, false
	switch content.(type) {
	case bool, int64, float64, *big.Int:
		number = true
	case string:
		text = true
	}
	switch wanted := rule.GetText("type"); {
	case wanted == "number" && !number:
		n.wrong("Field '%s' should be a number", name)
	case wanted == "string" && !text:
		n.wrong("Field '%s' should be a string", name)
	}
	if number {
		return n.applyBounds(name, content, rule)
	}
	if pattern, ok := rule.Get("pattern"); ok && text {
		re, err := pyre.Compile(value.Str(pattern), 0)
		if err != nil {
			return err
		}
		match, err := re.Match(value.Str(content))
		if err != nil {
			return err
		}
		if match == nil {
			n.wrong("Field '%s' doesn't match expected pattern", name)
		}
	}
	return nil
}

func (n *validate) applyBounds(name, content node.Value, rule *value.Dict) error {
	if least, ok := rule.Get("min"); ok {
		c, err := value.Compare(content, least)
		if err != nil {
			return err
		}
		if c == -1 {
			n.wrong("Field '%s' is below minimum (%s)", name, least)
		}
	}
	if most, ok := rule.Get("max"); ok {
		c, err := value.Compare(content, most)
		if err != nil {
			return err
		}
		if c == 1 {
			n.wrong("Field '%s' exceeds maximum (%s)", name, most)
		}
	}
	return nil
}
