package all_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

// fact is what CasareRPA declares of a node type; see testdata/casarerpa.py.
type fact struct {
	Type        string                `json:"type"`
	Aliases     []string              `json:"aliases"`
	Category    string                `json:"category"`
	ExecOutputs []string              `json:"exec_outputs"`
	Inputs      []factPort            `json:"inputs"`
	Outputs     []factPort            `json:"outputs"`
	Properties  []factProperty        `json:"properties"`
	Actions     map[string]factAction `json:"actions"`
}

type factPort struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type factProperty struct {
	Name        string              `json:"name"`
	Type        string              `json:"type"`
	Default     json.RawMessage     `json:"default"`
	Choices     []json.RawMessage   `json:"choices"`
	DisplayWhen map[string][]string `json:"display_when"`
}

type factAction struct {
	Inputs  []factPort `json:"inputs"`
	Outputs []factPort `json:"outputs"`
}

func facts(t *testing.T) []fact {
	t.Helper()
	raw, err := os.ReadFile("testdata/casarerpa.json")
	require.NoError(t, err)
	var all []fact
	require.NoError(t, json.Unmarshal(raw, &all))
	require.Len(t, all, 144)
	return all
}

// exceptions holds, per type and field, why the type differs from CasareRPA's there.
type exceptions map[string]map[string]string

func readExceptions(t *testing.T) exceptions {
	t.Helper()
	f, err := os.Open("testdata/exceptions.txt")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	out := exceptions{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, " ", 3)
		require.Len(t, parts, 3, "%q: Type field reason", line)
		if out[parts[0]] == nil {
			out[parts[0]] = map[string]string{}
		}
		require.Empty(t, out[parts[0]][parts[1]], "%q stands twice", line)
		out[parts[0]][parts[1]] = parts[2]
	}
	return out
}

// A document of a CasareRPA user finds every port and property it names, with the default that its absence meant.
func TestTypes_LackNothingOfCasareRPA(t *testing.T) {
	t.Parallel()
	excused := readExceptions(t)
	var missing []string
	for _, f := range facts(t) {
		e, ok := node.Default.Entry(f.Type)
		if !ok {
			missing = append(missing, f.Type)
			continue
		}
		t.Run(f.Type, func(t *testing.T) {
			t.Parallel()
			c := conformance{fact: f, entry: e, excused: excused[f.Type]}
			c.check(t)
			for field := range c.excused {
				if !slices.Contains(c.used, field) {
					t.Errorf("testdata/exceptions.txt excuses %s, which needs no excuse", field)
				}
			}
		})
	}
	require.Empty(t, missing, "types of CasareRPA that compute or handle files")
	for typ := range excused {
		require.True(t, slices.ContainsFunc(facts(t), func(f fact) bool { return f.Type == typ }), "testdata/exceptions.txt names %s", typ)
	}
}

// conformance compares one type with what CasareRPA declares.
type conformance struct {
	fact    fact
	entry   node.Entry
	excused map[string]string
	used    []string // the excuses that were needed
}

// wrong reports a difference, unless it is excused.
func (c *conformance) wrong(t *testing.T, field, what string) {
	t.Helper()
	if _, ok := c.excused[field]; ok {
		c.used = append(c.used, field)
		return
	}
	t.Errorf("%s: %s", field, what)
}

func (c *conformance) check(t *testing.T) {
	t.Helper()
	if c.entry.Type != c.fact.Type {
		t.Errorf("the name belongs to %s", c.entry.Type)
	}
	for _, alias := range c.fact.Aliases {
		if name, ok := node.Default.Known(alias); !ok || name != c.fact.Type {
			c.wrong(t, "alias."+alias, "is no other name of the type")
		}
	}
	if c.entry.Category != c.fact.Category {
		c.wrong(t, "category", "is "+c.entry.Category+", not "+c.fact.Category)
	}
	for _, p := range c.fact.Inputs {
		c.port(t, "input.", p, false)
	}
	for _, p := range c.fact.Outputs {
		c.port(t, "output.", p, true)
	}
	ports, _ := node.Default.Ports(&workflow.Step{ID: "n", Type: c.fact.Type, Config: value.DictOf()})
	for _, name := range c.fact.ExecOutputs {
		if !slices.Contains(ports.Branches, name) && !slices.Contains(ports.Bodies, name) {
			c.wrong(t, "exec."+name, "is no port that control leaves by")
		}
	}
	for _, p := range c.fact.Properties {
		c.property(t, &p)
	}
	for name, a := range c.fact.Actions {
		c.action(t, name, a)
	}
	c.distinct(t)
}

// port demands a port of the name and of a kind that CasareRPA's wires fit.
func (c *conformance) port(t *testing.T, prefix string, p factPort, out bool) {
	t.Helper()
	for i := range c.entry.Fields {
		f := &c.entry.Fields[i]
		if isOut := f.Role == node.Out.String(); isOut != out || f.Role == node.Param.String() || !named(f, p.Name) {
			continue
		}
		kind := cmp.Or(f.PortKind, f.Kind)
		if f.Variadic != nil && f.PortKind == "" {
			kind = node.KindAny
		}
		if want := node.Kind(strings.ToLower(p.Type)); kind != want && kind != node.KindExpr && (kind != node.KindSecret || want != node.KindText) {
			c.wrong(t, prefix+p.Name, "is of the kind "+string(kind)+", not "+string(want))
		}
		return
	}
	c.wrong(t, prefix+p.Name, "is missing")
}

// named says whether the field is read or written under the name.
func named(f *node.FieldEntry, name string) bool {
	for _, own := range append([]string{f.Name}, f.Was...) {
		if f.Variadic == nil {
			if own == name {
				return true
			}
			continue
		}
		number, ok := strings.CutPrefix(name, own)
		if n, err := strconv.Atoi(number); ok && err == nil && 1 <= n && n <= f.Variadic.Max {
			return true
		}
	}
	return false
}

// properties lists the form fields of the name.
func (c *conformance) properties(name string) []*node.FieldEntry {
	var out []*node.FieldEntry
	for i := range c.entry.Fields {
		f := &c.entry.Fields[i]
		if (f.Role == node.In.String() || f.Role == node.Param.String()) && named(f, name) {
			out = append(out, f)
		}
	}
	return out
}

func (c *conformance) property(t *testing.T, p *factProperty) {
	t.Helper()
	fields := c.properties(p.Name)
	if len(fields) == 0 {
		c.wrong(t, "property."+p.Name, "is missing")
		return
	}
	for _, f := range fields {
		if !sameDefault(t, p.Default, f) {
			c.wrong(t, "default."+p.Name, "is "+cmp.Or(string(f.Default), "none")+", not "+string(p.Default))
			break
		}
	}
	for param, values := range p.DisplayWhen {
		for _, v := range values {
			if !slices.ContainsFunc(fields, func(f *node.FieldEntry) bool { return shown(f, param, v) }) {
				c.wrong(t, "property."+p.Name, "does not exist when "+param+" is "+v)
			}
		}
	}
	for _, choice := range p.Choices {
		c.choice(t, p, fields[0], choice)
	}
}

// sameDefault compares defaults. A field without one holds nothing: null, an empty text, no, 0, or an empty list.
func sameDefault(t *testing.T, raw json.RawMessage, f *node.FieldEntry) bool {
	t.Helper()
	want, err := value.ParseJSON(raw)
	require.NoError(t, err)
	if f.Default == nil {
		return !value.Truth(want)
	}
	have, err := value.ParseJSON(f.Default)
	require.NoError(t, err)
	return value.Equal(want, have) || want == nil && have == ""
}

// shown says whether a field exists while the parameter has the value.
func shown(f *node.FieldEntry, param, v string) bool {
	for _, w := range f.When {
		if w.Param == param && !slices.ContainsFunc(w.In, func(raw json.RawMessage) bool { return string(raw) == strconv.Quote(v) }) {
			return false
		}
	}
	return true
}

// choice demands that a value CasareRPA offers is known here, by that spelling or another.
func (c *conformance) choice(t *testing.T, p *factProperty, f *node.FieldEntry, raw json.RawMessage) {
	t.Helper()
	v, err := value.ParseJSON(raw)
	require.NoError(t, err)
	config := value.DictOf(value.Pair{Key: p.Name, Value: v})
	for _, w := range f.When {
		first, err := value.ParseJSON(w.In[0])
		require.NoError(t, err)
		config = config.With(w.Param, first)
	}
	if len(f.Choices) == 0 {
		c.wrong(t, "choices."+p.Name, "are missing")
		return
	}
	_, problems := node.Default.Bind(&workflow.Step{ID: "n", Type: c.fact.Type, Config: config})
	for _, problem := range problems {
		if problem.Field == "config."+f.Name {
			c.wrong(t, "choices."+p.Name, problem.Message)
		}
	}
}

// action demands the ports of an action, and an example of it.
func (c *conformance) action(t *testing.T, name string, a factAction) {
	t.Helper()
	config := value.DictOf(value.Pair{Key: "action", Value: name})
	ports, ok := node.Default.Ports(&workflow.Step{ID: "n", Type: c.fact.Type, Config: config})
	if !ok {
		c.wrong(t, "action."+name, "is refused")
		return
	}
	for _, p := range a.Inputs {
		if !slices.Contains(ports.In, p.Name) {
			c.wrong(t, "action."+name+".input."+p.Name, "is missing")
		}
	}
	for _, p := range a.Outputs {
		if !slices.Contains(ports.Out, p.Name) {
			c.wrong(t, "action."+name+".output."+p.Name, "is missing")
		}
	}
	if !slices.ContainsFunc(node.Default.Examples(c.fact.Type), func(x node.Example) bool { return x.Given["action"] == name }) {
		c.wrong(t, "action."+name, "has no example")
	}
}

// distinct demands that two fields of one name and direction never exist at once.
func (c *conformance) distinct(t *testing.T) {
	t.Helper()
	for i := range c.entry.Fields {
		for j := range i {
			a, b := &c.entry.Fields[i], &c.entry.Fields[j]
			if (a.Role == node.Out.String()) == (b.Role == node.Out.String()) && a.Name == b.Name && a.Variadic == nil && b.Variadic == nil && meet(a, b) {
				t.Errorf("%s is declared twice for the same case", a.Name)
			}
		}
	}
}

// meet says whether both fields may exist at once.
func meet(a, b *node.FieldEntry) bool {
	for _, v := range a.When {
		for _, w := range b.When {
			common := slices.ContainsFunc(v.In, func(x json.RawMessage) bool {
				return slices.ContainsFunc(w.In, func(y json.RawMessage) bool { return string(x) == string(y) })
			})
			if v.Param == w.Param && !common {
				return false
			}
		}
	}
	return true
}
