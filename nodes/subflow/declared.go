package subflow

import (
	"cmp"
	"context"
	"slices"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

// The ports these types share.
const (
	portError    = "error"
	typeOutput   = "SubflowOutputNode"
	keyPortName  = "port_name"
	categoryFlow = "workflow"
)

// port is an input or output that a document declares.
type port struct {
	name, step, at string // at: the port of the step inside that it belongs to; "" for none
	def            node.Value
	required       bool
}

// parameter is a setting of a step inside that a document lets its callers make.
type parameter struct {
	name, step, key string
	def             node.Value
}

// declared is what a document says about what it is given and gives back.
type declared struct {
	inputs, outputs []port
	parameters      []parameter
}

// of reads the declarations of a document. A workflow that declares nothing has its variables as inputs and outputs.
func of(doc *workflow.Document) declared {
	var d declared
	for _, p := range dicts(doc.Raw, "inputs") {
		d.inputs = append(d.inputs, portOf(p))
	}
	for _, p := range dicts(doc.Raw, "outputs") {
		d.outputs = append(d.outputs, portOf(p))
	}
	for _, p := range dicts(doc.Raw, "parameters") {
		def, _ := p.Get("default_value")
		q := parameter{
			name: p.GetText("name"), step: p.GetText("internal_node_id"), key: p.GetText("internal_property_name"), def: def,
		}
		if q.name != "" && q.step != "" && q.key != "" {
			d.parameters = append(d.parameters, q)
		}
	}
	return d
}

func portOf(p *value.Dict) port {
	def, _ := p.Get("default_value")
	required, _ := p.Get("required")
	return port{
		name: p.GetText("name"), def: def, required: required == true,
		step: cmp.Or(p.GetText("internal_node_id"), p.GetText("source_node")),
		at:   cmp.Or(p.GetText("internal_port_name"), p.GetText("source_port")),
	}
}

// dicts lists the objects under a key that have a name.
func dicts(raw *value.Dict, key string) []*value.Dict {
	v, _ := raw.Get(key)
	list, _ := v.(value.List)
	var out []*value.Dict
	for _, item := range list {
		if d, ok := item.(*value.Dict); ok && d.GetText("name") != "" {
			out = append(out, d)
		}
	}
	return out
}

// variables is what a called document begins with: what the step is given for each input, else the input's default.
func (d *declared) variables(r *node.Run, doc *workflow.Document) (*value.Dict, error) {
	out := value.NewDict()
	for _, p := range d.inputs {
		v, ok := r.Given(p.name)
		if !ok {
			v = p.def
		}
		if v == nil && p.required {
			return nil, node.Fail(node.TypeInput, "required input '%s' has no value", p.name)
		}
		if v != nil {
			out.Set(p.name, v)
		}
	}
	if len(d.inputs) == 0 {
		for _, v := range doc.Variables {
			if given, ok := r.Given(v.Name); ok {
				out.Set(v.Name, given)
			}
		}
	}
	return out.Dict(), nil
}

// settings are the changes of steps inside: the parameters, and a reference to the input's variable where an input belongs to a port of a
// step that nothing else gives a value.
func (d *declared) settings(r *node.Run, doc *workflow.Document) []node.Setting {
	var out []node.Setting
	for _, p := range d.parameters {
		v, ok := r.Given(p.name)
		if !ok {
			v = p.def
		}
		if v != nil && doc.Step(p.step) != nil {
			out = append(out, node.Setting{Step: p.step, Key: p.key, Value: v})
		}
	}
	for _, p := range d.inputs {
		wired := slices.ContainsFunc(doc.Wires, func(w workflow.Wire) bool { return w.To == p.step && w.ToPort == p.at })
		if p.at != "" && !wired && doc.Step(p.step) != nil {
			out = append(out, node.Setting{Step: p.step, Key: p.at, Value: "{{" + p.name + "}}"})
		}
	}
	return out
}

// give sets the outputs of the step: of each declared one what the step inside left that it belongs to, else the variable of its name.
func (d *declared) give(r *node.Run, b node.BranchResult) {
	for _, p := range d.outputs {
		v := left(b, p.step, p.at)
		if v == nil {
			v, _ = b.Variables.Get(p.name)
		}
		if v == nil {
			v, _ = r.Var(p.name) // the document has not changed it
		}
		if v == nil {
			v = p.def
		}
		if v != nil {
			r.Output(p.name, v)
		}
	}
}

// left is what a step inside left on a port; nil for nothing.
func left(b node.BranchResult, step, at string) node.Value {
	if step == "" || at == "" {
		return nil
	}
	v, _ := b.Outputs.Get(step)
	outputs, _ := v.(*value.Dict)
	v, _ = outputs.Get(at)
	return v
}

// failed lets an error leave by the port error.
func failed(err *node.Error) error {
	out := *err
	return out.Via(portError)
}

// ports are the data ports that a step has because of the document it runs.
func ports(ctx context.Context, docs node.Documents, ref workflow.Reference) (in, out []string, err error) {
	raw, err := docs.Document(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	doc, problems := workflow.Read(raw)
	if err := workflow.Err(problems); err != nil {
		return nil, nil, err
	}
	d := of(doc)
	for _, p := range d.inputs {
		in = append(in, p.name)
	}
	for _, p := range d.outputs {
		out = append(out, p.name)
	}
	return in, out, nil
}
