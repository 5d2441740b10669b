package workflow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// typeComment is a note on the canvas; that nothing leads to it is its nature.
const typeComment = "CommentNode"

// Check looks at what the graph means and returns every fault, errors and warnings mixed, in the order of the document: steps,
// wires, circles, reach. types may be nil; then types and ports are not checked. It does not repeat what Read said.
func (d *Document) Check(types Types) []Problem {
	c := &checker{doc: d, graph: NewGraph(d), types: types, ports: make(map[string]Ports), hints: make(map[string]string)}
	if len(d.Steps) == 0 {
		c.fail(CodeEmpty, "", "nodes", "The workflow has no steps.")
	}
	c.head()
	c.steps()
	c.wires()
	c.circles()
	c.reach()
	c.loose()
	c.crossings()
	c.variables()
	return c.problems
}

type checker struct {
	doc      *Document
	graph    *Graph
	types    Types
	ports    map[string]Ports // of the steps whose ports are known
	hints    map[string]string
	problems []Problem
}

func (c *checker) fail(code, step, field, format string, args ...any) {
	c.problems = append(c.problems, Problem{Code: code, Step: step, Field: field, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) warn(code, step, field, format string, args ...any) {
	c.fail(code, step, field, format, args...)
	c.problems[len(c.problems)-1].Warning = true
}

func (c *checker) head() {
	name := strings.TrimSpace(c.doc.Name)
	if name == "" {
		c.warn(CodeMissingName, "", "metadata.name", "The workflow has no name.")
	}
	if utf8.RuneCountInString(name) > 100 {
		c.warn(CodeNameTooLong, "", "metadata.name", "The workflow's name is longer than 100 characters.")
	}
	if c.doc.Raw == nil {
		return
	}
	if meta, ok := dictAt(c.doc.Raw, "metadata"); ok {
		version, text := plainText(first(meta.Get("schema_version")))
		if text && !strings.HasPrefix(version, "1.") && version != "1" {
			c.warn(CodeSchemaVersion, "", "metadata.schema_version",
				"The document has schema version %s; it is read as version 1.", version)
		}
	}
}

func (c *checker) steps() {
	seen := make(map[string]bool, len(c.doc.Steps))
	for _, s := range c.doc.Steps {
		switch {
		case s.ID == "":
			c.fail(CodeMissingField, "", "nodes", "A step of type %s has no id.", s.Type)
		case seen[s.ID]:
			c.fail(CodeDuplicateID, s.ID, "node_id", "The id %q is used by more than one step.", s.ID)
		}
		seen[s.ID] = true
		c.stepType(s)
		c.pairs(s)
	}
}

// stepType tells a type this robot does not run yet from one nobody knows.
func (c *checker) stepType(s *Step) {
	if c.types == nil {
		return
	}
	if _, ok := c.types.Known(s.Type); ok {
		if ports, ok := c.types.Ports(s); ok {
			c.ports[s.ID] = ports
		}
		return
	}
	if s.Type == "" {
		return // Read said so
	}
	if typ, ok := KnownType(s.Type); ok {
		c.fail(CodeUnsupportedType, s.ID, "node_type",
			"The step %s is a %s, which is known but not part of this robot yet.", s.ID, typ)
		return
	}
	c.fail(CodeUnknownType, s.ID, "node_type", "The step %s is of the unknown type %q.%s", s.ID, s.Type, c.hint(s.Type))
}

// mostHints bounds the search for names alike, which a document full of unknown types would make long.
const mostHints = 20

// hint asks whether a known type was meant, for the first few unknown ones.
func (c *checker) hint(typ string) string {
	hint, told := c.hints[typ]
	if told || len(c.hints) >= mostHints {
		return hint
	}
	if near := nearest(typ, c.types); near != "" {
		hint = fmt.Sprintf(" Did you mean %s?", near)
	}
	c.hints[typ] = hint
	return hint
}

// pairs checks that a step which names its other half names a step.
func (c *checker) pairs(s *Step) {
	if s.Config == nil {
		return
	}
	for _, key := range pairKeys {
		id, _ := first(s.Config.Get(key)).(string)
		if id != "" && c.graph.Step(id) == nil {
			c.warn(CodeInvalidPair, s.ID, "config."+key, "The step %s is paired with %q, which is no step (%s).", s.ID, id, key)
		}
	}
}

func (c *checker) wires() {
	type ends struct{ from, fromPort, to, toPort string }
	seen := make(map[ends]bool, len(c.doc.Wires))
	for i, w := range c.doc.Wires {
		place := fmt.Sprintf("connections[%d]", i)
		lost := false
		for _, id := range []string{w.From, w.To} {
			if c.graph.Step(id) == nil {
				lost = true
				c.fail(CodeOrphaned, "", place, "The connection from %s to %s leads to the step %q, which does not exist.", w.From, w.To, id)
			}
		}
		if lost {
			continue
		}
		if w.From == w.To {
			c.fail(CodeSelf, w.From, place, "The step %s is connected to itself.", w.From)
			continue
		}
		e := ends{w.From, w.FromPort, w.To, w.ToPort}
		if seen[e] {
			c.warn(CodeDuplicateWire, w.From, place,
				"The connection from %s.%s to %s.%s is there twice.", w.From, w.FromPort, w.To, w.ToPort)
			continue
		}
		seen[e] = true
		c.wirePorts(place, w)
	}
}

// wirePorts warns of ports that the steps do not have. It is no error: the original follows wires by the names of ports alone.
func (c *checker) wirePorts(place string, w Wire) {
	if from, ok := c.ports[w.From]; ok {
		switch {
		case w.Flow() && !slices.Contains(from.Branches, w.FromPort) && !slices.Contains(from.Bodies, w.FromPort):
			c.warn(CodeInvalidSourcePort, w.From, place,
				"The step %s has no exec port %q, so %s is not reached from there.", w.From, w.FromPort, w.To)
		case !w.Flow() && !slices.Contains(from.Out, w.FromPort):
			c.warn(CodeInvalidSourcePort, w.From, place,
				"The step %s has no output %q, so %s.%s gets no value from there.", w.From, w.FromPort, w.To, w.ToPort)
		}
	}
	if to, ok := c.ports[w.To]; ok && !w.Flow() && !slices.Contains(to.In, w.ToPort) {
		c.warn(CodeInvalidTargetPort, w.To, place, "The step %s has no input %q.", w.To, w.ToPort)
	}
}

// reach warns of a graph without a beginning and of steps that no run can come to.
func (c *checker) reach() {
	starts, _ := c.graph.Starts()
	if len(starts) == 0 && len(c.doc.Steps) > 0 {
		c.warn(CodeNoEntry, "", "nodes", "The workflow has no step to begin with: there is no %s, and something leads to every step.", TypeStart)
		return
	}
	for _, s := range c.doc.Steps {
		if IsTrigger(s.Type) {
			starts = append(starts, s.ID)
		}
	}
	reached := c.reachedFrom(starts)
	for _, s := range c.doc.Steps {
		if !reached[s.ID] && s.Type != typeComment && s.ID != "" {
			c.warn(CodeUnreachable, s.ID, "", "The step %s is never reached.", s.ID)
		}
	}
}

// reachedFrom follows control, the pairs by which a try knows its catch, and backwards the values of steps that are computed on demand.
func (c *checker) reachedFrom(starts []string) map[string]bool {
	reached := c.graph.AfterFlow(starts...)
	for grown := true; grown; {
		grown = false
		var more []string
		for _, s := range c.doc.Steps {
			if !reached[s.ID] && (c.pairedWith(s, reached) || c.pulledBy(s, reached)) {
				more = append(more, s.ID)
			}
		}
		for id := range c.graph.AfterFlow(more...) {
			grown = grown || !reached[id]
			reached[id] = true
		}
	}
	return reached
}

func (c *checker) pairedWith(s *Step, reached map[string]bool) bool {
	if s.Config == nil {
		return false
	}
	for _, key := range pairKeys {
		if id, _ := first(s.Config.Get(key)).(string); reached[id] {
			return true
		}
	}
	return false
}

func (c *checker) pulledBy(s *Step, reached map[string]bool) bool {
	if ports, ok := c.ports[s.ID]; ok && !ports.Pulled || c.graph.HasFlow(s.ID) {
		return false
	}
	return slices.ContainsFunc(c.graph.Out(s.ID), func(w Wire) bool { return reached[w.To] })
}

// loose warns of bodies, and of an If, that lead nowhere.
func (c *checker) loose() {
	for _, s := range c.doc.Steps {
		ports, ok := c.ports[s.ID]
		if !ok || s.Disabled {
			continue
		}
		c.looseBodies(s, ports)
		if slices.Contains(ports.Branches, "true") && slices.Contains(ports.Branches, "false") &&
			!c.graph.Wired(s.ID, "true") && !c.graph.Wired(s.ID, "false") {
			for _, branch := range []string{"true", "false"} {
				c.warn("IF_"+strings.ToUpper(branch)+suffixNotConnected, s.ID, branch,
					"Neither branch of step %s is connected, so the path ends there.", s.ID)
			}
		}
	}
}

// looseCode makes LOOP_BODY_NOT_CONNECTED of "body", TRY_BODY_NOT_CONNECTED of "try_body".
func looseCode(port string) string {
	if port == "body" {
		port = "loop_body"
	}
	return strings.ToUpper(port) + suffixNotConnected
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (c *checker) variables() {
	seen := make(map[string]bool, len(c.doc.Variables))
	for _, v := range c.doc.Variables {
		field := "variables." + v.Name
		switch {
		case !variableName.MatchString(v.Name):
			c.warn(CodeInvalidVariable, "", field,
				"The variable name %q is not made of letters, digits and _, so no template can use it.", v.Name)
		case utf8.RuneCountInString(v.Name) > 128:
			c.warn(CodeInvalidVariable, "", field, "The variable name %.40s… is longer than 128 characters.", v.Name)
		case seen[v.Name]:
			c.fail(CodeInvalidVariable, "", field, "The variable %s is declared twice.", v.Name)
		}
		seen[v.Name] = true
	}
}
