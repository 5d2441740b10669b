package node

import (
	"slices"
	"strings"

	"casare/value"
	"casare/workflow"
)

// hasBody says whether the type opens scopes.
func (t *nodeType) hasBody() bool {
	return slices.ContainsFunc(t.spec.branches, func(b branch) bool { return b.body != 0 })
}

// opens says whether the type has that Body port.
func (t *nodeType) opens(port string) bool {
	return slices.ContainsFunc(t.spec.branches, func(b branch) bool { return b.body != 0 && b.is(port) })
}

// leaves says whether control may leave by the port.
func (t *nodeType) leaves(port string) bool {
	if len(t.spec.branches) == 0 {
		return port == workflow.PortOut
	}
	return slices.ContainsFunc(t.spec.branches, func(b branch) bool { return b.body == 0 && b.name == port })
}

// portName fills an element into the format of a BranchEach.
func (b *branch) portName(v Value) string { return strings.ReplaceAll(b.name, "%s", value.Str(v)) }

// Bodies lists the ports behind which the step opens a scope.
func (b *Bound) Bodies() []Body {
	var out []Body
	for _, br := range b.spec.branches {
		if br.body == 0 || !b.possible(br.when) {
			continue
		}
		names := []string{br.name}
		if br.count != nil {
			names, _ = b.counted(&br)
		}
		for _, name := range names {
			out = append(out, Body{Port: name, Kind: br.body})
		}
	}
	return out
}

// Branches lists the ports by which control may leave the step without opening anything, with its present config; ok is false when a
// template decides some of them.
func (b *Bound) Branches() (ports []string, ok bool) {
	if len(b.spec.branches) == 0 {
		return []string{workflow.PortOut}, true
	}
	ok = true
	for i := range b.spec.branches {
		br := &b.spec.branches[i]
		switch {
		case br.body != 0 || !b.possible(br.when):
		case br.each == nil:
			ports = append(ports, br.name)
		default:
			in := b.input(br.each)
			list, _ := in.constant.(value.List)
			for n, v := range list {
				ports = append(ports, br.portName(v), br.portName(int64(n)))
			}
			ok = ok && !in.dynamic && !br.each.wired()
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports), ok
}

// ports tells the document check what the step's ports are.
func (b *Bound) ports() (workflow.Ports, bool) {
	branches, ok := b.Branches()
	ports := workflow.Ports{Branches: branches, Again: b.control, Pulled: b.effect <= Read && !b.control && len(b.outputs) > 0}
	ports.Fork, ports.Join = b.end(b.spec.forks), b.end(b.spec.joins)
	for _, body := range b.Bodies() {
		ports.Bodies = append(ports.Bodies, body.Port)
		if body.Kind == Parallel {
			ports.Isolated = append(ports.Isolated, body.Port)
		}
	}
	ports.Parted, ports.Part = b.spec.parted, b.part()
	for _, f := range b.spec.fields {
		switch {
		case !b.possible(f.when):
		case f.role == Out:
			ports.Out = append(ports.Out, f.name)
		case f.wired():
			ports.In = append(ports.In, f.ports()...)
		}
	}
	for i := range b.spec.branches {
		if br := &b.spec.branches[i]; br.count != nil {
			_, fixed := b.counted(br)
			ok = ok && fixed
		}
	}
	return ports, ok && b.spec.portsOf == nil
}

// end says what the config says about the step at the other end; nil when the type has none.
func (b *Bound) end(pair *Field) *workflow.End {
	if pair == nil {
		return nil
	}
	id, _ := b.input(pair).constant.(string)
	return &workflow.End{Pair: id}
}

// otherNames gives the index spelling (case_0) of each taken port of a BranchEach, unless that is the name of another element's port.
func (b *Bound) otherNames(taken []string) map[string]string {
	var other map[string]string
	for i := range b.spec.branches {
		br := &b.spec.branches[i]
		if br.each == nil {
			continue
		}
		v, _ := br.each.get()
		list, _ := v.(value.List)
		names := make([]string, len(list))
		for n, e := range list {
			names[n] = br.portName(e)
		}
		for _, port := range taken {
			n := slices.Index(names, port)
			index := br.portName(int64(n))
			if n < 0 || slices.Contains(names, index) {
				continue
			}
			if other == nil {
				other = make(map[string]string, 1)
			}
			other[port] = index
		}
	}
	return other
}
