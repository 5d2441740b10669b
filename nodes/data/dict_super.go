package data

import (
	"context"

	"casare/node"
	"casare/value"
)

func init() { node.Register("DictSuperNode", func() node.Node { return new(dictSuper) }) }

// The actions of a DictSuperNode.
const (
	dictCreate      = "Create Dict"
	dictGetValue    = "Get Value"
	dictGetProperty = "Get Property"
	dictHas         = "Has Key"
	dictGetKeys     = "Get Keys"
	dictGetValues   = "Get Values"
	dictGetItems    = "Get Items"
	dictSetValue    = "Set Value"
	dictRemoveKey   = "Remove Key"
	dictMergeTwo    = "Merge"
	dictParseJSON   = "Parse JSON"
	dictWriteJSON   = "To JSON"
)

type dictSuper struct {
	action                                       string
	keys, values                                 *value.Dict
	dict, given, fallback, first, second, source node.Value
	key                                          node.Opt[string]
	path, separator                              string
	createPath, ignoreMissing, deep, overwrite   bool
	indent                                       int64
	sort, ascii                                  bool

	result                       *value.Dict
	value, previous, data, text  node.Value
	found, has, updated, removed bool
	list                         value.List
	count                        int64
	success                      bool
	problem                      node.Opt[string]
}

// Spec describes the type.
func (n *dictSuper) Spec(s *node.Spec) {
	s.Describe("Dict", "Works with dicts: makes one, reads, sets and removes keys, merges two, reads and writes JSON. What is no dict counts as an empty one.")
	s.Category("data")
	s.Choice(node.Param, &n.action, "action", dictCreate, dictGetValue, dictGetProperty, dictHas, dictGetKeys, dictGetValues, dictGetItems,
		dictSetValue, dictRemoveKey, dictMergeTwo, dictParseJSON, dictWriteJSON).
		Or(dictGetValue).Shown(node.Essential).Says("What to do.")
	dictInput(s.When("action", dictGetValue, dictGetProperty, dictHas, dictGetKeys, dictGetValues, dictGetItems, dictSetValue, dictRemoveKey),
		&n.dict, "dict").Says("The dict; it stays as it is.")
	node.Maybe(s.When("action", dictGetValue, dictHas, dictSetValue, dictRemoveKey), node.In, &n.key, "key").
		Shown(node.Essential).Says("The key, always as a text.")
	s.When("action", dictGetValue, dictGetProperty).Any(node.Param, &n.fallback, "default_value").Or("").
		Says("The value when there is none; nothing for an empty text.")
	n.specReading(s)
	n.specChanging(s)
	n.specJSON(s)
	s.Effect(node.Pure)
	s.Examples(n.examples)
}

func (n *dictSuper) specReading(s *node.Spec) {
	create := s.When("action", dictCreate)
	create.Dict(node.In, &n.keys, "key").Each(3, most).Port(node.KindText).Says("A key.")
	create.Dict(node.In, &n.values, "value").Each(3, most).Port(node.KindAny).Says("Its value.")

	property := s.When("action", dictGetProperty)
	property.String(node.In, &n.path, "path").Shown(node.Essential).
		Says("Keys of dicts and places in lists, as rows.0.name; empty for the whole dict.")
	property.String(node.Param, &n.separator, "separator").Or(".").Says("What stands between them.")

	found := s.When("action", dictGetValue, dictGetProperty)
	found.Any(node.Out, &n.value, "value").Says("The value.")
	found.Bool(node.Out, &n.found, "found").Says("Whether it was there.")
	s.When("action", dictHas).Bool(node.Out, &n.has, "has_key").Says("Whether the dict has the key.")
	s.When("action", dictGetKeys).List(node.Out, &n.list, "keys").Says("The keys in their order.")
	s.When("action", dictGetValues).List(node.Out, &n.list, "values").Says("The values in the order of their keys.")
	s.When("action", dictGetItems).List(node.Out, &n.list, "items").Says("The entries: {\"key\": …, \"value\": …}.")
	s.When("action", dictCreate, dictGetKeys, dictGetValues, dictGetItems, dictMergeTwo).
		Int(node.Out, &n.count, "count").Says("How many entries there are.")
}

func (n *dictSuper) specChanging(s *node.Spec) {
	set := s.When("action", dictSetValue)
	set.Any(node.In, &n.given, "value").Shown(node.Essential).Says("The value to set.")
	set.Bool(node.Param, &n.createPath, "create_path").Or(true).Shown(node.Advanced).
		Says("Kept for old documents: the key is one key, dots in it mean nothing.")
	s.When("action", dictCreate, dictSetValue, dictRemoveKey).Dict(node.Out, &n.result, "dict").Says("The new dict.")
	set.Any(node.Out, &n.previous, "previous").Says("The value the key had before.")
	set.Bool(node.Out, &n.updated, "was_update").Says("Whether the dict had the key before.")

	remove := s.When("action", dictRemoveKey)
	remove.Bool(node.Param, &n.ignoreMissing, "ignore_missing").Or(false).Says("Whether a key that is not there is no error.")
	remove.Any(node.Out, &n.previous, "removed_value").Says("The value the key had.")
	remove.Bool(node.Out, &n.removed, "was_removed").Says("Whether the dict had the key.")

	merge := s.When("action", dictMergeTwo)
	dictInput(merge, &n.first, "dict1").Was("dict_1").Says("The first dict.")
	dictInput(merge, &n.second, "dict2").Was("dict_2").Says("The second dict.")
	merge.Bool(node.Param, &n.deep, "deep_merge").Or(false).Says("Whether dicts that stand under one key in both are merged too.")
	merge.Bool(node.Param, &n.overwrite, "overwrite").Or(true).Says("Whether the second dict's value counts where both have a key.")
	merge.Dict(node.Out, &n.result, "merged").Says("The dict of both.")
}

func (n *dictSuper) specJSON(s *node.Spec) {
	parse := s.When("action", dictParseJSON)
	parse.Any(node.In, &n.source, "json_string").Port(node.KindText).Widget("text").Shown(node.Essential).Says("The JSON text.")
	parse.Any(node.Out, &n.data, "data").Says("The value it stands for.")
	parse.Bool(node.Out, &n.success, "success").Says("Whether the text is JSON; the step succeeds in any case.")
	node.Maybe(parse, node.Out, &n.problem, "error").Says("What is wrong with it and where.")

	write := s.When("action", dictWriteJSON)
	write.Any(node.In, &n.source, "data").Shown(node.Essential).Says("The value to write.")
	write.Int(node.Param, &n.indent, "indent").Or(0).Min(0).Says("Blanks per level; 0 for one line.")
	write.Bool(node.Param, &n.sort, "sort_keys").Or(false).Says("Whether keys are sorted.")
	write.Bool(node.Param, &n.ascii, "ensure_ascii").Or(false).Says("Whether letters beyond ASCII are written as \\u escapes.")
	write.Any(node.Out, &n.text, "json_string").Port(node.KindText).Says("The JSON text.")
	write.Bool(node.Out, &n.success, "success").Says("Whether it could be written.")
}

// Run does what the action says.
func (n *dictSuper) Run(context.Context, *node.Run) error {
	dict := dictOr(n.dict)
	switch n.action {
	case dictCreate:
		n.create()
	case dictGetValue:
		n.value, n.found = n.look(dict)
		if !n.found {
			n.value = n.otherwise()
		}
	case dictGetProperty:
		return n.property(dict)
	case dictHas:
		_, n.has = n.look(dict)
	case dictGetKeys:
		n.list = dict.Keys()
		n.count = int64(len(n.list))
	case dictGetValues:
		n.list = valuesOf(dict)
		n.count = int64(len(n.list))
	case dictGetItems:
		n.list = entries(dict)
		n.count = int64(len(n.list))
	case dictSetValue:
		if !n.key.Set {
			return node.Fail("", "Key is required")
		}
		n.previous, n.updated = n.look(dict)
		n.result = dict.With(n.key.V, n.given)
	case dictRemoveKey:
		return n.remove(dict)
	case dictMergeTwo:
		n.merge()
	case dictParseJSON:
		return n.parse()
	case dictWriteJSON:
		return n.write()
	default:
		return node.Fail("", "Unknown action: %s", n.action)
	}
	return nil
}

// look returns the value of the key, which is never there when none was given.
func (n *dictSuper) look(dict *value.Dict) (node.Value, bool) {
	if !n.key.Set {
		return nil, false
	}
	return dict.Get(n.key.V)
}

// otherwise is the default; an empty one is none.
func (n *dictSuper) otherwise() node.Value {
	if value.Truth(n.fallback) {
		return n.fallback
	}
	return nil
}
