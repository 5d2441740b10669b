package node

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"casare/value"
	"casare/workflow"
)

// A branch is what a step starts beside others of its kind (OpenEach), or a whole other document (Call). It has its own queue, and
// variables and outputs of its own that begin as those of the run; what it changes nobody else sees. When all have ended, the step that
// started them is called again with what became of each.

// BranchStart is one branch that OpenEach starts.
type BranchStart struct {
	Body      string      // the Body port, of kind Parallel, where it begins
	Label     string      // what lines of the log call it
	Variables *value.Dict // what it has besides the variables of the run; they do not count as changed by it
	Outputs   *value.Dict // the outputs of the step that starts it, as it sees them; nil: as they are
}

// ParallelOptions say how branches run. The zero value runs all at once, to their ends.
type ParallelOptions struct {
	Limit    int           // how many run at once; 0: all
	FailFast bool          // the first that fails cancels the others, whose Finally steps still run
	Timeout  time.Duration // of each; 0: none
}

// Parallels is what OpenEach asks for.
type Parallels struct {
	Branches []BranchStart
	Options  ParallelOptions
}

// BranchResult is what became of a branch.
type BranchResult struct {
	Label     string
	Variables *value.Dict // those it created or set; never nil
	Outputs   *value.Dict // of a called document: what its steps left, by step; nil for a branch
	Err       *Error      // why it failed; nil when it came to its end. A branch that was cancelled has TypeCancelled
}

// TypeDocument is the type of the error of a step whose other document cannot be run.
const TypeDocument = "DocumentError"

// TypeCancelled is the type of the error of a branch that was cancelled because another one failed.
const TypeCancelled = "Cancelled"

// OpenEach starts branches, which run at the same time. Resume is called with Branches when all have ended, and may start more. The step's type
// declares the ports where they begin with the kind Parallel. No branches is as good as branches that end at once.
func (r *Run) OpenEach(branches []BranchStart, o ParallelOptions) {
	r.out.Each = &Parallels{Branches: branches, Options: o}
}

// Meet lets control go on where the branches of the step meet: at the step whose type declares Joins and that belongs to this one.
// Without one the path ends, unless Take says something else.
func (r *Run) Meet() { r.out.Meet = true }

// Put replaces a value that Keep stored, or stores one. It is for what grows: of a list only what is added costs anything.
func (r *Run) Put(name string, v Value) {
	delete(r.unshared(), name)
	r.Keep(name, v)
}

// Joined is what a Host offers besides, to a step where branches meet.
type Joined interface {
	// Fork is the id of the step whose branches meet here; "" for none.
	Fork() string
}

// Fork is the id of the step whose branches meet at this one; "" when there is none.
func (r *Run) Fork() string {
	if j, ok := r.host.(Joined); ok {
		return j.Fork()
	}
	return ""
}

// Joins declares that branches of another step meet at a step of the type: of the one that the parameter, declared before, names, or of the
// one that the wires tell.
func (s *Spec) Joins(pairParam string) { s.t.joins = s.pair(pairParam) }

// Forks declares that the branches of a step of the type may meet: at the step that the parameter, declared before, names, or where the
// wires tell.
func (s *Spec) Forks(pairParam string) { s.t.forks = s.pair(pairParam) }

func (s *Spec) pair(param string) *Field {
	f := s.t.param(param)
	if f == nil {
		panic(fmt.Sprintf("node: a pair by %q, which is no parameter declared before", param))
	}
	return f
}

// BranchCount declares as many Body ports as an integer parameter declared before says: format is "branch_%d", for the number from 1.
func (s *Spec) BranchCount(format, intParam string, kind ScopeKind) {
	f := s.t.param(intParam)
	if f == nil || f.kind != KindInt || !strings.Contains(format, "%d") {
		panic(fmt.Sprintf("node: BranchCount of %q by %q, which is no integer declared before", format, intParam))
	}
	s.t.branches = append(s.t.branches, branch{name: format, count: f, body: kind, when: s.when})
}

// mostCounted is how many ports a BranchCount may declare.
const mostCounted = 64

// numbered is the n-th port of a BranchCount, from 1.
func (b *branch) numbered(n int) string { return strings.Replace(b.name, "%d", strconv.Itoa(n), 1) }

// is says whether a port is one of those the rule declares, whatever their number.
func (b *branch) is(port string) bool {
	if b.count == nil {
		return b.name == port
	}
	before, after, _ := strings.Cut(b.name, "%d")
	digits, ok := strings.CutPrefix(port, before)
	if ok {
		digits, ok = strings.CutSuffix(digits, after)
	}
	n, err := strconv.Atoi(digits)
	return ok && err == nil && n >= 1 && n <= mostCounted && strconv.Itoa(n) == digits
}

// counted lists the ports of a BranchCount with the step's config; ok is false when a template decides how many there are.
func (b *Bound) counted(br *branch) (ports []string, ok bool) {
	in := b.input(br.count)
	n, _ := in.constant.(int64)
	if in.dynamic || br.count.wired() {
		n = mostCounted
	}
	for i := range min(max(n, 0), mostCounted) {
		ports = append(ports, br.numbered(int(i)+1))
	}
	return ports, !in.dynamic && !br.count.wired()
}

// CallKind says how deep documents of a kind may call one another.
type CallKind int

// The kinds of called documents.
const (
	CallSubflow  CallKind = iota + 1 // a part of a workflow that stands in a file of its own
	CallWorkflow                     // another workflow
)

// Deepest is how many documents of the kind may be open inside one another.
func (k CallKind) Deepest() int {
	if k == CallSubflow {
		return 3
	}
	return 10
}

// String returns the word for the kind.
func (k CallKind) String() string {
	switch k {
	case CallSubflow:
		return "subflow"
	case CallWorkflow:
		return "workflow"
	}
	return "unknown"
}

// Setting replaces one value in the config of a step of a called document.
type Setting struct {
	Step  string
	Key   string
	Value Value
}

// Call is a document that a step wants to be run.
type Call struct {
	Kind      CallKind
	Reference workflow.Reference
	Variables *value.Dict // what it begins with, besides the variables of the run; nil for none
	Settings  []Setting
	Timeout   time.Duration // 0: none
	// Detached: the step goes on at once, as if it had not called; the document runs beside it on a copy of the variables and the run ends
	// when it has, however it ends.
	Detached bool

	Prepared any // what the host made of it
}

// Documents finds the documents that a document refers to.
type Documents interface {
	// Document returns the bytes of a document. One that is not there is casare.CodeNotFound, one that must not be read
	// casare.CodeForbidden.
	Document(ctx context.Context, r workflow.Reference) ([]byte, error)
}

// Caller is what a Host offers besides when it can run other documents.
type Caller interface {
	// Document reads the document that is referred to. Nobody may change it.
	Document(ctx context.Context, r workflow.Reference) (*workflow.Document, error)
	// Prepare makes a call ready or says why it cannot be: it is not there, cannot run here, calls itself, lies too deep.
	Prepare(ctx context.Context, c *Call) (id string, err error)
}

// Document reads a document that the step refers to, to see what it wants to be given.
func (r *Run) Document(ctx context.Context, ref workflow.Reference) (*workflow.Document, error) {
	c, ok := r.host.(Caller)
	if !ok {
		return nil, Fail(TypeInput, "%s %s cannot be read here: the step runs on its own", ref.Kind, ref.Name())
	}
	return c.Document(ctx, ref)
}

// Call runs another document. Resume is called with Returned when it has ended; after a Detached one the step goes on. The id is that of
// the run of the document. An error means that nothing will run.
func (r *Run) Call(ctx context.Context, call Call) (id string, err error) {
	c, ok := r.host.(Caller)
	if !ok {
		return "", Fail(TypeInput, "%s %s cannot be run here: the step runs on its own", call.Reference.Kind, call.Reference.Name())
	}
	if id, err = c.Prepare(ctx, &call); err != nil {
		return "", err
	}
	r.out.Call = &call
	return id, nil
}

// Given returns what the step is given under a name that is no field of its type: by wire, else by its config, templates resolved.
// A secret stays one.
func (r *Run) Given(name string) (Value, bool) {
	if v := r.wires[name]; v != nil {
		return v, true
	}
	v, ok := r.bound.given(r.host, name)
	return v, ok && v != nil
}

// Output sets an output that is no field of the type.
func (r *Run) Output(name string, v Value) {
	if r.more == nil {
		r.more = value.NewDict()
	}
	r.more.Set(name, v)
}

// Final lets a step of the type that no wire of control reaches or leaves run when everything else in a called document has: it says
// what the document gives back.
func (s *Spec) Final() { s.t.final = true }

// Final says whether the step runs when everything else has, unless control reaches it.
func (b *Bound) Final() bool { return b.spec.final }

// PortsOf gives the data ports of a step that depend on another document; its fields are ports besides. It is called to draw and to check
// a document, never to run it.
func (s *Spec) PortsOf(f func(ctx context.Context, config *value.Dict, docs Documents) (in, out []string, err error)) {
	s.t.portsOf = f
}

// PortsIn is Ports for a step whose ports depend on other documents: these are looked at. An error says why they cannot be told.
func (r *Registry) PortsIn(ctx context.Context, step *workflow.Step, docs Documents) (workflow.Ports, error) {
	ports, ok := r.Ports(step)
	t := r.lookup(step.Type)
	switch {
	case t == nil:
		return ports, fmt.Errorf("unknown type %s", step.Type)
	case t.spec.portsOf == nil && !ok:
		return ports, fmt.Errorf("a template decides what ports step %s has", step.ID)
	case t.spec.portsOf == nil:
		return ports, nil
	}
	in, out, err := t.spec.portsOf(ctx, step.Config, docs)
	ports.In, ports.Out = append(ports.In, in...), append(ports.Out, out...)
	return ports, err
}
