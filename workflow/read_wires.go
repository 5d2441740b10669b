package workflow

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"casare/value"
)

// end is one end of a connection as written.
type end struct{ step, port string }

// wires reads "connections".
func (r *reader) wires(top *value.Dict) {
	val, _ := top.Get("connections")
	var list value.List
	switch val := val.(type) {
	case nil:
		return
	case value.List:
		list = val
	case *value.Dict:
		if val.Len() == 0 {
			return
		}
	}
	if list == nil {
		r.fail(Problem{
			Code: CodeInvalidType, Field: "connections",
			Message: fmt.Sprintf("The key \"connections\" is %s, not a list.", kind(val)),
		})
		return
	}
	if len(list) > MaxWires {
		r.fail(Problem{
			Code: CodeLimit, Field: "connections",
			Message: fmt.Sprintf("The document has %d connections; at most %d are allowed.", len(list), MaxWires),
		})
		list = list[:MaxWires]
	}
	known := make(map[string]bool, len(r.doc.Steps))
	for _, s := range r.doc.Steps {
		known[s.ID] = true
	}
	for i, item := range list {
		if w, ok := r.wire(i, item, known); ok {
			r.doc.Wires = append(r.doc.Wires, w)
		}
	}
	if len(r.reroutes) > 0 {
		r.doc.Wires = join(r.doc.Wires, r.reroutes)
	}
	dots(r.doc.Steps, r.doc.Wires)
}

// wire reads one connection.
func (r *reader) wire(i int, item value.Value, known map[string]bool) (Wire, bool) {
	place := fmt.Sprintf("connections[%d]", i)
	d, ok := item.(*value.Dict)
	if !ok {
		r.fail(Problem{
			Code: CodeInvalidType, Field: place,
			Message: fmt.Sprintf("The connection %s is %s, not an object.", place, kind(item)),
		})
		return Wire{}, false
	}
	f := &fields{from: d, rest: d.Edit()}
	from := r.end(f, known, sourceKeys)
	to := r.end(f, known, targetKeys)
	for _, side := range []struct{ name, step string }{{"source_node", from.step}, {"target_node", to.step}} {
		if strings.TrimSpace(side.step) == "" {
			r.fail(Problem{
				Code: CodeMissingField, Field: place + "." + side.name,
				Message: fmt.Sprintf("The connection %s has no %s.", place, side.name),
			})
			ok = false
		}
	}
	for _, port := range []string{from.port, to.port} {
		if utf8.RuneCountInString(port) > MaxPort {
			r.fail(Problem{
				Code: CodeLimit, Field: place,
				Message: fmt.Sprintf("A port name of %s is longer than %d characters.", place, MaxPort),
			})
			ok = false
		}
	}
	w := Wire{From: from.step, FromPort: from.port, To: to.step, ToPort: to.port}
	if strings.TrimSpace(w.FromPort) == "" {
		w.FromPort = PortOut
	}
	if strings.TrimSpace(w.ToPort) == "" {
		w.ToPort = PortIn
	}
	for _, key := range []string{"source_node", "source_port", "target_node", "target_port"} {
		f.rest.Delete(key)
	}
	if rest := f.rest.Dict(); rest.Len() > 0 {
		w.Raw = rest
	}
	return w, ok
}

// endKeys are the keys of one end in the formats, in the order in which they are looked for.
type endKeys struct {
	node, port         string // canonical
	tmplNode, tmplPort string // project templates
	joined, handle     string // "id.port", or an id with its port beside it
	pair               string // [id, port]
}

var (
	sourceKeys = endKeys{"source_node", "source_port", "from_node", "from_port", "source", "sourceHandle", "out"}
	targetKeys = endKeys{"target_node", "target_port", "to_node", "to_port", "target", "targetHandle", "in"}
)

// end reads one end in whatever form it has; the zero end when it has none.
func (r *reader) end(f *fields, known map[string]bool, keys endKeys) end {
	e := r.endAsWritten(f, known, keys)
	if r.template {
		e.port = templatePort(e.port)
	}
	if id, ok := r.ids[e.step]; ok {
		e.step = id
	}
	return e
}

func (r *reader) endAsWritten(f *fields, known map[string]bool, keys endKeys) end {
	if step := f.text(keys.node); step != "" {
		return end{step: step, port: f.text(keys.port)}
	}
	if step := f.text(keys.tmplNode); step != "" {
		return end{step: step, port: templatePort(f.text(keys.tmplPort))}
	}
	if text := f.text(keys.joined); text != "" {
		e := cutEnd(text, known)
		if e.port == "" {
			e.port = f.text(keys.handle, keys.port)
		}
		return e
	}
	pair, _ := first(f.from.Get(keys.pair)).(value.List)
	if len(pair) == 0 || len(pair) > 2 {
		return end{}
	}
	f.rest.Delete(keys.pair)
	var e end
	e.step, _ = plainText(pair[0])
	if len(pair) == 2 {
		e.port, _ = plainText(pair[1])
	}
	return e
}

// cutEnd splits "id.port". Ports have no dot, ids may, so the last dot counts, unless the whole text is an id.
func cutEnd(text string, known map[string]bool) end {
	dot := strings.LastIndexByte(text, '.')
	if dot < 0 || known[text] {
		return end{step: text}
	}
	return end{step: text[:dot], port: text[dot+1:]}
}

// templatePort translates the short port names of project templates.
func templatePort(port string) string {
	switch port {
	case "out":
		return PortOut
	case "in":
		return PortIn
	case "loop":
		return "body"
	default:
		return port
	}
}

// join removes the dots a user drew on wires: what leads into a dot leads where the dot leads. The joined wires stand where the wire out
// of the dot stood. A dot that nothing enters, or that leads only round in dots, joins nothing.
func join(wires []Wire, dots map[string]bool) []Wire {
	into := make(map[string][]Wire)
	for _, w := range wires {
		if dots[w.To] {
			into[w.To] = append(into[w.To], w)
		}
	}
	var sources func(dot string, passed map[string]bool) []Wire
	sources = func(dot string, passed map[string]bool) []Wire {
		if passed[dot] {
			return nil
		}
		passed[dot] = true
		var out []Wire
		for _, w := range into[dot] {
			if dots[w.From] {
				out = append(out, sources(w.From, passed)...)
			} else {
				out = append(out, w)
			}
		}
		return out
	}
	var joined []Wire
	for _, w := range wires {
		switch {
		case dots[w.To]:
		case dots[w.From]:
			for _, source := range sources(w.From, make(map[string]bool)) {
				joined = append(joined, Wire{From: source.From, FromPort: source.FromPort, To: w.To, ToPort: w.ToPort})
			}
		default:
			joined = append(joined, w)
		}
	}
	return joined
}
