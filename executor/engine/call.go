package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"casare"
	"casare/node"
	"casare/value"
	"casare/workflow"
)

// nested is a document that is run for a step of another one.
type nested struct {
	kind      node.CallKind
	ref       workflow.Reference // with its revision
	settings  []node.Setting
	plan      *Plan
	variables *value.Dict
	limit     time.Duration
	piece     *piece // of the settings, as they are published
}

// nestedData is nested in a snapshot, where the settings have a record of their own.
type nestedData struct {
	Kind      uint8              `cbor:"1,keyasint"`
	Reference workflow.Reference `cbor:"2,keyasint"`
}

func (n *nested) data() *nestedData {
	return &nestedData{Kind: uint8(n.kind), Reference: n.ref} //nolint:gosec // one of two
}

// library holds the documents that a run has read, and what was made of them.
type library struct {
	mu    sync.Mutex // also held while a document is looked for: nobody else needs to do that twice
	docs  map[string]*document
	plans map[string]*Plan
}

// document is one that was read.
type document struct {
	doc      *workflow.Document
	revision string
}

// mostPlans bounds how many versions of documents, with different settings, are kept ready.
const mostPlans = 64

// Document implements node.Caller.
func (h *host) Document(ctx context.Context, ref workflow.Reference) (*workflow.Document, error) {
	d, err := h.frame.run.read(ctx, h.frame.refer(ref))
	if err != nil {
		return nil, err
	}
	return d.doc, nil
}

// refer adds to a reference from where it refers.
func (f *frame) refer(ref workflow.Reference) workflow.Reference {
	if f.nested != nil && ref.From == "" {
		ref.From = f.nested.ref.Where()
	}
	return ref
}

// read finds and reads a document.
func (r *run) read(ctx context.Context, ref workflow.Reference) (*document, error) {
	if r.opts.Documents == nil {
		return nil, node.Fail(node.TypeDocument, "%s %s cannot be read: there are no other documents here", ref.Kind, ref.Name())
	}
	l := &r.library
	l.mu.Lock()
	defer l.mu.Unlock()
	key := strings.Join([]string{string(ref.Kind), ref.ID, ref.Path, ref.From, ref.Revision}, "\x00")
	if d := l.docs[key]; d != nil {
		return d, nil
	}
	raw, err := r.opts.Documents.Document(ctx, ref)
	if err != nil {
		return nil, node.Fail(node.TypeDocument, "%s %s cannot be read: %w", ref.Kind, ref.Name(), err)
	}
	doc, problems := workflow.Read(raw)
	if err := unfit(ref, problems); err != nil {
		return nil, err
	}
	canonical, err := doc.JSON()
	if err != nil {
		return nil, node.Fail(node.TypeDocument, "%s %s cannot be read: %w", ref.Kind, ref.Name(), err)
	}
	d := &document{doc: doc, revision: casare.RevisionOf(canonical)}
	if ref.Revision != "" && ref.Revision != d.revision {
		return nil, node.Fail(node.TypeDocument, "%s %s has changed since it was begun: it is revision %.12s now, and was %.12s",
			ref.Kind, ref.Name(), d.revision, ref.Revision)
	}
	if l.docs == nil {
		l.docs = map[string]*document{}
	}
	l.docs[key] = d
	return d, nil
}

// unfit says why a document cannot run; nil when it can.
func unfit(ref workflow.Reference, problems []workflow.Problem) error {
	bad := workflow.Errors(problems)
	if len(bad) == 0 {
		return nil
	}
	const shown = 3
	var texts []string
	for _, p := range bad[:min(len(bad), shown)] {
		texts = append(texts, p.String())
	}
	if len(bad) > shown {
		texts = append(texts, fmt.Sprintf("and %d more", len(bad)-shown))
	}
	return node.Fail(node.TypeDocument, "%s %s cannot run: %s", ref.Kind, ref.Name(), strings.Join(texts, "; "))
}

// Prepare implements node.Caller.
func (h *host) Prepare(ctx context.Context, c *node.Call) (id string, err error) {
	f := h.frame
	ref := f.refer(c.Reference)
	d, err := f.run.read(ctx, ref)
	if err != nil {
		return "", err
	}
	ref.Revision, ref.Step = d.revision, h.step.id
	if err := f.reachable(c.Kind, ref); err != nil {
		return "", err
	}
	plan, err := f.run.planOf(d, ref, c.Settings, f.plan.registry)
	if err != nil {
		return "", err
	}
	c.Prepared = &nested{kind: c.Kind, ref: ref, settings: c.Settings, plan: plan, variables: c.Variables, limit: c.Timeout}
	return "call-" + childID(f.id, f.pos.last+1, 0), nil
}

// reachable refuses a document that is open already, and one that would lie too deep.
func (f *frame) reachable(kind node.CallKind, ref workflow.Reference) error {
	var way []string
	depth, circle := 1, false
	for at := f; at != nil; at = at.parent {
		if at.kind == frameBranch {
			continue
		}
		name, revision := at.plan.doc.Name, at.plan.revision
		if at.nested != nil {
			name, revision = at.nested.ref.Name(), at.nested.ref.Revision
			if at.nested.kind == kind {
				depth++
			}
		}
		way = append(way, name)
		circle = circle || revision == ref.Revision
	}
	slices.Reverse(way)
	if circle {
		return node.Fail(node.TypeDocument, "%s %s calls itself: %s → %s", ref.Kind, ref.Name(), strings.Join(way, " → "), ref.Name())
	}
	if depth > kind.Deepest() {
		return node.Fail(node.TypeDocument, "%ss may be nested %d deep, and %s would be one more: %s",
			kind, kind.Deepest(), ref.Name(), strings.Join(way, " → "))
	}
	return nil
}

// planOf makes a document ready to run, with other settings in some of its steps.
func (r *run) planOf(d *document, ref workflow.Reference, settings []node.Setting, registry *node.Registry) (*Plan, error) {
	key := d.revision
	if len(settings) > 0 {
		data, err := value.EncodeCBOR(settingsValue(settings))
		if err != nil {
			key = "" // a secret: it is not known which one
		} else {
			h := hashOf(data)
			key += string(h[:])
		}
	}
	l := &r.library
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.plans[key]; p != nil && key != "" {
		return p, nil
	}
	doc, err := d.with(ref, settings)
	if err != nil {
		return nil, err
	}
	p, problems := Compile(doc, registry)
	if p == nil {
		return nil, unfit(ref, problems)
	}
	if key == "" {
		return p, nil
	}
	if len(l.plans) >= mostPlans || l.plans == nil {
		l.plans = map[string]*Plan{}
	}
	l.plans[key] = p
	return p, nil
}

// with returns the document with other settings in some of its steps.
func (d *document) with(ref workflow.Reference, settings []node.Setting) (*workflow.Document, error) {
	if len(settings) == 0 {
		return d.doc, nil
	}
	out := *d.doc
	out.Steps = slices.Clone(d.doc.Steps)
	for _, set := range settings {
		i := slices.IndexFunc(out.Steps, func(s *workflow.Step) bool { return s.ID == set.Step })
		if i < 0 {
			return nil, node.Fail(node.TypeDocument, "%s %s has no step %s", ref.Kind, ref.Name(), set.Step)
		}
		s := *out.Steps[i]
		s.Config = s.Config.With(set.Key, set.Value)
		out.Steps[i] = &s
	}
	return &out, nil
}

// settingsValue is the settings as a value.
func settingsValue(settings []node.Setting) value.List {
	out := make(value.List, 0, len(settings))
	for _, s := range settings {
		out = append(out, value.List{s.Step, s.Key, s.Value})
	}
	return out
}

// openCall starts the document that the popped token's step wants to be run.
func (f *frame) openCall(t token, out node.Outcome) *ending {
	n, ok := out.Call.Prepared.(*nested)
	fail := f.room(1)
	if !ok {
		fail = node.Fail(node.TypeDocument, "%s was not prepared", out.Call.Reference.Name())
	}
	if fail != nil {
		fail.Step = f.plan.steps[t.step].id
		return f.failed(t, node.Outcome{}, fail)
	}
	s, k := f.adopt(t, out.Saved)
	c := f.child(frameSub, s, k.base, n.plan)
	c.enter(n)
	k.add(c)
	return nil
}

// enter puts a frame at the start of the document it runs. The variables of whoever called are there already, and win over the
// document's own; what the call gives wins over both.
func (f *frame) enter(n *nested) {
	f.prefix += n.ref.Step + "/"
	f.nested, f.limit, f.label = n, n.limit, n.kind.String()+" "+n.ref.Name()
	for _, v := range n.plan.doc.Variables {
		if _, ok := f.vals.variable(v.Name); !ok {
			f.vals.set(v.Name, f.run.hidden(v.Default, v.Sensitive))
		}
	}
	for name, v := range n.variables.All() {
		f.vals.set(value.Str(name), v)
	}
	ids, auto := n.plan.graph.Starts()
	for _, i := range n.plan.places(ids) {
		// Without a start step the run begins at all that nothing leads to; but not at what is computed for others, or comes last.
		st := &n.plan.steps[i]
		forOthers := st.pulled && len(n.plan.graph.Out(st.id)) > 0
		if !auto || !forOthers && !slices.Contains(n.plan.finals, i) {
			f.pos.pushBack(root, []int{i})
		}
	}
}

// last begins the steps that run when everything else in a called document has; false when there are none.
func (f *frame) lastSteps() bool {
	if f.kind != frameSub || f.finals || len(f.plan.finals) == 0 || f.pos.closing() {
		return false
	}
	f.finals = true
	f.pos.pushBack(root, f.plan.finals)
	return true
}

// restoreCall makes the frame of a document that was called.
func (f *frame) restoreCall(ctx context.Context, s *scope, n int, p *parts, in *reader) (*frame, error) {
	d := p.data.Nested
	call := &nested{kind: node.CallKind(d.Kind), ref: d.Reference}
	if call.kind != node.CallSubflow && call.kind != node.CallWorkflow || d.Reference.Revision == "" {
		return nil, fmt.Errorf("a call of kind %d", d.Kind)
	}
	if p.settings != nil {
		var slot slotData
		at, err := in.slot(p.settings, &slot)
		if err != nil {
			return nil, err
		}
		if call.settings, err = settingsOf(at.value); err != nil {
			return nil, err
		}
		call.piece = at
	}
	doc, err := f.run.read(ctx, call.ref)
	if err != nil {
		return nil, err
	}
	if call.plan, err = f.run.planOf(doc, call.ref, call.settings, f.plan.registry); err != nil {
		return nil, err
	}
	c := f.child(frameSub, s, n, call.plan)
	c.nested = call
	c.prefix += call.ref.Step + "/"
	if c.loose = s.id == root; c.loose {
		c.vals.under = nil
	}
	return c, nil
}

func settingsOf(v value.Value) ([]node.Setting, error) {
	list, _ := v.(value.List)
	var out []node.Setting
	for _, item := range list {
		one, _ := item.(value.List)
		if len(one) != 3 {
			return nil, fmt.Errorf("a setting that is %.40s", value.Repr(item))
		}
		step, ok := one[0].(string)
		key, ok2 := one[1].(string)
		if !ok || !ok2 {
			return nil, fmt.Errorf("a setting that is %.40s", value.Repr(item))
		}
		out = append(out, node.Setting{Step: step, Key: key, Value: one[2]})
	}
	return out, nil
}
