package workflow

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"casare/value"
)

// steps reads "nodes": an object keyed by id, or a list.
func (r *reader) steps(top *value.Dict) {
	nodes, has := top.Get("nodes")
	if !has {
		r.fail(Problem{Code: CodeMissingKey, Field: "nodes", Message: "The document has no key \"nodes\"."})
		return
	}
	var keys []string
	var bodies []value.Value
	switch nodes := nodes.(type) {
	case *value.Dict:
		for key, val := range nodes.All() {
			keys = append(keys, value.Str(key))
			bodies = append(bodies, val)
		}
	case value.List:
		keys, bodies = make([]string, len(nodes)), nodes
	case nil:
	default:
		r.fail(Problem{
			Code: CodeInvalidType, Field: "nodes",
			Message: fmt.Sprintf("The key \"nodes\" is %s, neither an object nor a list.", kind(nodes)),
		})
	}
	if len(bodies) > MaxSteps {
		r.fail(Problem{
			Code: CodeLimit, Field: "nodes",
			Message: fmt.Sprintf("The document has %d steps; at most %d are allowed.", len(bodies), MaxSteps),
		})
		keys, bodies = keys[:MaxSteps], bodies[:MaxSteps]
	}
	seen := make(map[string]bool, len(bodies))
	for i, body := range bodies {
		place := keys[i]
		if place == "" {
			place = fmt.Sprintf("nodes[%d]", i)
		}
		s := r.step(keys[i], place, body)
		if s == nil {
			continue
		}
		if seen[s.ID] {
			r.fail(Problem{
				Code: CodeDuplicateID, Step: s.ID, Field: "node_id",
				Message: fmt.Sprintf("The id %q is used by more than one step.", s.ID),
			})
			continue
		}
		seen[s.ID] = true
		r.doc.Steps = append(r.doc.Steps, s)
	}
	r.repair(seen)
}

// step reads one step. key is its key, or "" in a list; place names it in messages while it has no id. It returns nil for what is no
// step, and when there is nothing that could be one.
func (r *reader) step(key, place string, body value.Value) *Step {
	d, ok := body.(*value.Dict)
	if !ok {
		r.fail(Problem{
			Code: CodeInvalidType, Field: place,
			Message: fmt.Sprintf("The step %s is %s, not an object.", place, kind(body)),
		})
		return nil
	}
	f := &fields{from: d, rest: d.Edit()}
	session := isSession(d)
	s := &Step{Config: r.config(f, place, session)}
	s.Type = typeName(f.text("node_type", "type_", "type"))
	own := s.ID
	if session {
		if id, ok := plainText(first(s.Config.Get("node_id"))); ok {
			own = id
		}
		s.Config = s.Config.Without("node_id")
	}
	id := f.text("node_id")
	if key == "" || f.is("id", key) {
		if other := f.text("id"); id == "" {
			id = other
		}
	}
	s.ID = r.stepID(key, id, own, place)
	if s.ID == "" {
		return nil
	}
	if session && r.leftOut(f, s, key, id) {
		return nil
	}
	r.stepType(s)
	s.Name = f.text("name", "display_name")
	s.Position = r.position(f, s.ID)
	r.disabled(f, s, session)
	r.placement(f, s)
	r.configLimits(s)
	for _, key := range []string{"node_id", "node_type", "config", "position", "name"} {
		f.rest.Delete(key)
	}
	if f.is("id", s.ID) {
		f.rest.Delete("id")
	}
	if rest := f.rest.Dict(); rest.Len() > 0 {
		s.Raw = rest
	}
	return s
}

// isSession says whether a step is written as NodeGraphQt saves it.
func isSession(d *value.Dict) bool {
	has := func(key string) bool {
		_, ok := d.Get(key)
		return ok
	}
	// Subflow files write an empty config beside the properties that count.
	if config, ok := dictAt(d, "config"); has("node_type") || has("config") && (!ok || config.Len() > 0) {
		return false
	}
	typ, _ := first(d.Get("type")).(string)
	return has("type_") || has("custom") || has("properties") || strings.Contains(typ, ".")
}

// stepID decides which id holds: the one inside a NodeGraphQt step, else the key, else the field; "" with an error when there is none.
func (r *reader) stepID(key, field, own, place string) string {
	id := own
	if id == "" {
		id = key
	}
	if id == "" {
		id = field
	}
	switch {
	case strings.TrimSpace(id) == "":
		r.fail(Problem{
			Code: CodeMissingField, Field: place + ".node_id",
			Message: fmt.Sprintf("The step %s has no id.", place),
		})
		return ""
	case utf8.RuneCountInString(id) > MaxID:
		r.fail(Problem{
			Code: CodeLimit, Field: "nodes",
			Message: fmt.Sprintf("A step's id is longer than %d characters: %.40s…", MaxID, id),
		})
		return ""
	case own == "" && key != "" && field != "" && field != key:
		r.warn(Problem{
			Code: CodeIDMismatch, Step: key, Field: "node_id",
			Message: fmt.Sprintf("The step %s calls itself %q; its key %q is used.", key, field, key),
		})
	}
	if own != "" {
		for _, session := range []string{key, field} {
			if session != "" && session != own {
				r.alias(session, own)
			}
		}
	}
	return id
}

// alias remembers that wires of a session call a step by another id.
func (r *reader) alias(session, id string) {
	if r.ids == nil {
		r.ids = make(map[string]string)
	}
	r.ids[session] = id
}

// leftOut takes out what a session has among its nodes and is no step: dots on a wire, and backdrops, which become frames.
func (r *reader) leftOut(f *fields, s *Step, key, id string) bool {
	switch s.Type {
	case typeReroute:
		if r.reroutes == nil {
			r.reroutes = make(map[string]bool)
		}
		for _, name := range []string{key, id, s.ID} {
			r.reroutes[name] = true
		}
		return true
	case "BackdropNode":
		pos := r.position(f, s.ID)
		frame := value.NewDict()
		frame.Set("title", f.text("name"))
		frame.Set("position", value.List{number(pos.X), number(pos.Y)})
		width, _ := f.from.Get("width")
		height, _ := f.from.Get("height")
		frame.Set("size", value.List{width, height})
		frame.Set("node_ids", value.List{})
		r.frames = append(r.frames, frame.Dict())
		return true
	default:
		return false
	}
}

// typeName strips what a session puts around a type: "casare_rpa.system.VisualMessageBoxNode" is MessageBoxNode.
func typeName(text string) string {
	text = strings.TrimSpace(text)
	text = text[strings.LastIndexByte(text, '.')+1:]
	return strings.TrimPrefix(text, "Visual")
}

func (r *reader) stepType(s *Step) {
	switch {
	case s.Type == "":
		r.fail(Problem{
			Code: CodeMissingField, Step: s.ID, Field: "node_type",
			Message: fmt.Sprintf("The step %s has no node_type.", s.ID),
		})
	case utf8.RuneCountInString(s.Type) > MaxType:
		r.fail(Problem{
			Code: CodeLimit, Step: s.ID, Field: "node_type",
			Message: fmt.Sprintf("The node_type of step %s is longer than %d characters.", s.ID, MaxType),
		})
	}
}

// config reads the form of a step: "config", or what a session has under "custom" and "properties".
func (r *reader) config(f *fields, place string, session bool) *value.Dict {
	keys := []string{"config"}
	if session {
		keys = []string{"custom", "properties"}
	}
	b := value.NewDict()
	for _, key := range keys {
		val, has := f.from.Get(key)
		if !has {
			continue
		}
		f.rest.Delete(key)
		inner, ok := val.(*value.Dict)
		if !ok {
			if val != nil {
				r.fail(Problem{
					Code: CodeInvalidConfig, Step: place, Field: key,
					Message: fmt.Sprintf("The %s of step %s is %s, not an object.", key, place, kind(val)),
				})
			}
			continue
		}
		for k, v := range inner.All() {
			b.Set(k, v)
		}
	}
	return b.Dict()
}

// position reads [x, y] or {x, y}.
func (r *reader) position(f *fields, id string) Position {
	for _, key := range []string{"position", "pos"} {
		val, has := f.from.Get(key)
		if !has {
			continue
		}
		f.rest.Delete(key)
		if val == nil {
			return Position{}
		}
		var x, y value.Value
		switch val := val.(type) {
		case value.List:
			if len(val) == 2 {
				x, y = val[0], val[1]
			}
		case *value.Dict:
			x, _ = val.Get("x")
			y, _ = val.Get("y")
		}
		px, ok := asFloat(x)
		py, ok2 := asFloat(y)
		if !ok || !ok2 {
			r.warn(Problem{
				Code: CodeInvalidPosition, Step: id, Field: key,
				Message: fmt.Sprintf("The position of step %s is not a pair of numbers.", id),
			})
			return Position{}
		}
		return Position{X: px, Y: py}
	}
	return Position{}
}

// disabled reads the switch that bypasses a step, which a session keeps beside the form.
func (r *reader) disabled(f *fields, s *Step, session bool) {
	val, has := s.Config.Get("_disabled")
	if !has && session {
		val, has = f.from.Get("disabled")
		f.rest.Delete("disabled")
		if off, _ := asBool(val); off {
			s.Config = s.Config.With("_disabled", true)
		}
	}
	if has {
		s.Disabled, _ = asBool(val)
	}
}

// placement reads where a step runs: from the form, else from keys beside it, which move there.
func (r *reader) placement(f *fields, s *Step) {
	for _, key := range []string{"requires", "robot"} {
		own := "_" + key
		val, has := f.from.Get(key)
		if !has || !placeable(val) {
			continue // another program's
		}
		f.rest.Delete(key)
		if _, has := s.Config.Get(own); !has {
			s.Config = s.Config.With(own, val)
		}
	}
	requires, has := s.Config.Get("_requires")
	if has && requires != nil {
		var ok bool
		if s.Requires, ok = textList(requires); !ok || slices.ContainsFunc(s.Requires, templated) {
			r.misplaced(s, "_requires", "a text or a list of texts without variables")
		}
	}
	robot, has := s.Config.Get("_robot")
	if has && robot != nil {
		var ok bool
		if s.Robot, ok = plainText(robot); !ok || templated(s.Robot) {
			r.misplaced(s, "_robot", "a text without variables")
		}
	}
}

func (r *reader) misplaced(s *Step, key, wanted string) {
	r.fail(Problem{
		Code: CodeInvalidConfig, Step: s.ID, Field: "config." + key,
		Message: fmt.Sprintf("Step %s: %s is not %s.", s.ID, key, wanted),
	})
}

// templated says whether a text holds a variable: where a step runs is known before it has any.
func templated(text string) bool { return strings.Contains(text, "{{") }

// placeable says whether a value can say where a step runs.
func placeable(v value.Value) bool {
	_, ok := textList(v)
	return ok
}

// textList reads a text, or a list of them; texts are trimmed, and empty ones left out.
func textList(v value.Value) ([]string, bool) {
	list, ok := v.(value.List)
	if !ok {
		text, ok := plainText(v)
		if !ok {
			return nil, false
		}
		list = value.List{text}
	}
	var texts []string
	for _, item := range list {
		text, ok := plainText(item)
		if !ok {
			return nil, false
		}
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				texts = append(texts, part)
			}
		}
	}
	return texts, true
}

// configLimits refuses forms that are nested too deeply or hold a text that is too long.
func (r *reader) configLimits(s *Step) {
	var walk func(v value.Value, path string, depth int)
	walk = func(v value.Value, path string, depth int) {
		if depth > MaxConfigDepth {
			r.fail(Problem{
				Code: CodeLimit, Step: s.ID, Field: path,
				Message: fmt.Sprintf("The field %s of step %s is nested more than %d levels deep.", path, s.ID, MaxConfigDepth),
			})
			return
		}
		switch v := v.(type) {
		case string:
			if len(v) > MaxConfigText && utf8.RuneCountInString(v) > MaxConfigText {
				r.fail(Problem{
					Code: CodeLimit, Step: s.ID, Field: path,
					Message: fmt.Sprintf("The field %s of step %s is a text of more than %d characters.", path, s.ID, MaxConfigText),
				})
			}
		case *value.Dict:
			for key, inner := range v.All() {
				walk(inner, path+"."+value.Str(key), depth+1)
			}
		case value.List:
			for i, inner := range v {
				walk(inner, fmt.Sprintf("%s[%d]", path, i), depth+1)
			}
		}
	}
	walk(s.Config, "config", 0)
}

// repair points the pairs of a session (loop end to loop start…) at the ids the steps have now, and keeps its frames.
func (r *reader) repair(steps map[string]bool) {
	if len(r.frames) > 0 {
		frames, _ := first(r.keep.Dict().Get("frames")).(value.List)
		r.keep.Set("frames", append(slices.Clone(frames), r.frames...))
	}
	if len(r.ids) == 0 {
		return
	}
	for _, s := range r.doc.Steps {
		for _, key := range pairKeys {
			old, _ := first(s.Config.Get(key)).(string)
			if id, ok := r.ids[old]; ok && !steps[old] {
				s.Config = s.Config.With(key, id)
			}
		}
	}
}

// pairKeys are the config keys by which one step names another.
var pairKeys = []string{
	"paired_start_id", "paired_loop_start_id", "paired_try_id", "paired_catch_id", "paired_finally_id", "paired_fork_id", "paired_join_id",
}
