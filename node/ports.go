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
	return slices.ContainsFunc(t.spec.branches, func(b branch) bool { return b.body != 0 && b.name == port })
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
		if br.body != 0 && b.possible(br.when) {
			out = append(out, Body{Port: br.name, Kind: br.body})
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
	ports := workflow.Ports{Branches: branches, Pulled: b.effect <= Read && !b.control && len(b.outputs) > 0}
	for _, body := range b.Bodies() {
		ports.Bodies = append(ports.Bodies, body.Port)
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
	return ports, ok
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
