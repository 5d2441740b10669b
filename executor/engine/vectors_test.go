package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/executor/engine"
	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/all"
	"casare/value"
	"casare/workflow"
)

// vector is one recorded or specified run of a whole document. testdata/documents.json holds ours, in the same form.
type vector struct {
	Name      string                     `json:"name"`
	File      string                     `json:"file"`
	Workflow  json.RawMessage            `json:"workflow"`
	Variables json.RawMessage            `json:"variables"`
	Files     map[string]json.RawMessage `json:"files"`
	Options   struct {
		RunTo   string `json:"run_to"`
		RunNode string `json:"run_node"`
		RunAll  bool   `json:"run_all"`
	} `json:"options"`
	Expect json.RawMessage `json:"expect"`
	Basis  string          `json:"basis"`
	Note   string          `json:"note"`
}

// expectation is what a run must show. What is null or missing is not looked at.
type expectation struct {
	Success         bool            `json:"success"`
	LoadError       bool            `json:"load_error"`
	ErrorContains   string          `json:"error_contains"`
	FailedNode      string          `json:"failed_node"`
	Logs            []string        `json:"logs"`
	LogsAnyOrder    bool            `json:"logs_any_order"`
	LogsInclude     []string        `json:"logs_include"`
	Variables       json.RawMessage `json:"variables"`
	VariablesAbsent []string        `json:"variables_absent"`
	Order           []string        `json:"order"`
	NotRun          []string        `json:"not_run"`
	MinSeconds      float64         `json:"min_seconds"`
	MaxSeconds      float64         `json:"max_seconds"`
}

func TestVectors_Engine(t *testing.T) {
	t.Parallel()
	runVectors(t, filepath.Join(nodetest.Folder(t), "engine.json"))
}

func TestVectors_Files(t *testing.T) {
	t.Parallel()
	runVectors(t, filepath.Join(nodetest.Folder(t), "files.json"))
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	if left := runVectors(t, filepath.Join("testdata", "documents.json")); left > 0 {
		t.Errorf("%d of our own documents did not run", left)
	}
}

// runVectors runs every case of a file whose node types are all registered, and says which it left out.
func runVectors(t *testing.T, path string) (left int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("no recordings at %s; set CASARE_VECTORS", path)
	}
	require.NoError(t, err)
	var cases []vector
	require.NoError(t, json.Unmarshal(raw, &cases))
	missing := map[string][]string{}
	for _, c := range cases {
		if c.File != "" {
			c.Name = c.File
			c.Workflow, err = os.ReadFile(filepath.Join(filepath.Dir(path), "files", c.File))
			require.NoError(t, err)
		}
		types := unregistered(c.Workflow)
		for _, name := range slices.Sorted(maps.Keys(c.Files)) {
			types = append(types, unregistered(c.Files[name])...)
		}
		if len(types) > 0 {
			left++
			key := strings.Join(types, ", ")
			missing[key] = append(missing[key], c.Name)
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for _, wrong := range c.run(t) {
				t.Error(wrong)
			}
		})
	}
	t.Logf("%s: %d of %d cases covered", filepath.Base(path), len(cases)-left, len(cases))
	for types, names := range missing {
		t.Logf("not covered yet, for want of %s: %s", types, strings.Join(names, ", "))
	}
	return left
}

// unregistered lists the types of a document that exist but are not linked into this program.
func unregistered(raw []byte) []string {
	doc, _ := workflow.Read(raw)
	if doc == nil {
		return nil
	}
	var out []string
	for _, s := range doc.Steps {
		if _, ok := node.Default.Known(s.Type); ok {
			continue
		}
		if typ, exists := workflow.KnownType(s.Type); exists && !slices.Contains(out, typ) {
			out = append(out, typ)
		}
	}
	slices.Sort(out)
	return out
}

// run runs the case and lists what is not as expected.
func (c *vector) run(t *testing.T) []string {
	t.Helper()
	tmp := t.TempDir()
	place := func(raw []byte) []byte {
		return []byte(strings.ReplaceAll(string(raw), "{{$tmp}}", filepath.ToSlash(tmp)))
	}
	for name, content := range c.Files {
		require.NoError(t, os.WriteFile(filepath.Join(tmp, name), place(content), 0o600))
	}
	var want expectation
	require.NoError(t, json.Unmarshal(place(c.Expect), &want))

	doc, problems := workflow.Read(place(c.Workflow))
	var plan *engine.Plan
	if len(workflow.Errors(problems)) == 0 {
		var more []workflow.Problem
		plan, more = engine.Compile(doc, node.Default)
		problems = append(problems, more...)
	}
	if plan == nil {
		if want.LoadError || !want.Success && want.ErrorContains != "" && strings.Contains(workflow.Err(problems).Error(), want.ErrorContains) {
			return nil
		}
		return []string{"refused: " + workflow.Err(problems).Error()}
	}
	if want.LoadError {
		return []string{"was not refused"}
	}
	o := engine.Options{
		RunTo: c.Options.RunTo, RunStep: c.Options.RunNode, RunAll: c.Options.RunAll, Files: nodetest.Access(t, tmp),
	}
	if len(c.Variables) > 0 {
		v, err := value.ParseJSON(place(c.Variables))
		require.NoError(t, err)
		o.Variables, _ = v.(*value.Dict)
	}
	o.Documents = folder(tmp)
	began := time.Now()
	r := plan.Run(context.Background(), o)
	return want.compare(t, r, time.Since(began))
}

// compare is the reference comparison of the recordings.
func (e *expectation) compare(t *testing.T, r engine.Result, took time.Duration) []string {
	t.Helper()
	var bad []string
	wrong := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	message, failed := "", ""
	if r.Error != nil {
		message, failed = r.Error.Message, r.Error.NodeID
	}
	if success := r.Status == engine.Completed; success != e.Success {
		wrong("success %v (%s)", success, message)
	}
	if e.ErrorContains != "" && !nodetest.Match("<any>"+e.ErrorContains+"<any>", message) {
		wrong("error %q, not %q", message, e.ErrorContains)
	}
	if e.FailedNode != "" && failed != e.FailedNode {
		wrong("failed step %q, not %q", failed, e.FailedNode)
	}
	if e.Logs != nil {
		got, want := slices.Clone(r.Logs), slices.Clone(e.Logs)
		if e.LogsAnyOrder {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.EqualFunc(want, got, nodetest.Match) {
			wrong("logs %q, not %q", got, want)
		}
	}
	for _, line := range e.LogsInclude {
		if !slices.Contains(r.Logs, line) {
			wrong("no log line %q in %q", line, r.Logs)
		}
	}
	bad = append(bad, e.variables(t, r)...)
	if e.Order != nil && !slices.Equal(e.Order, r.Order) {
		wrong("order %v, not %v", r.Order, e.Order)
	}
	for _, id := range e.NotRun {
		if slices.Contains(r.Order, id) {
			wrong("ran %s", id)
		}
	}
	if took.Seconds() < e.MinSeconds-0.02 {
		wrong("too fast: %v", took)
	}
	if e.MaxSeconds > 0 && took.Seconds() > e.MaxSeconds {
		wrong("too slow: %v", took)
	}
	return bad
}

func (e *expectation) variables(t *testing.T, r engine.Result) []string {
	t.Helper()
	var bad []string
	if len(e.Variables) > 0 {
		v, err := value.ParseJSON(e.Variables)
		require.NoError(t, err)
		want, _ := v.(*value.Dict)
		for name, x := range want.All() {
			got, ok := r.Variables.Get(name)
			if !ok && x != nil || !holds(x, got) {
				bad = append(bad, fmt.Sprintf("variable %v: %s, not %s", name, value.Repr(got), value.Repr(x)))
			}
		}
	}
	for _, name := range e.VariablesAbsent {
		if _, ok := r.Variables.Get(name); ok {
			bad = append(bad, "there is a variable "+name)
		}
	}
	return bad
}

// holds compares a variable: of one that is the outputs of a step, the ports that are not named may be anything.
func holds(want, got value.Value) bool {
	a, aDict := want.(*value.Dict)
	b, bDict := got.(*value.Dict)
	if aDict && bDict {
		return nodetest.Within(a, b)
	}
	return nodetest.Equal(want, got)
}

// folder finds documents by their paths, absolute or inside it.
type folder string

func (f folder) Document(_ context.Context, r workflow.Reference) ([]byte, error) {
	path := filepath.FromSlash(r.Where())
	if !filepath.IsAbs(path) {
		path = filepath.Join(string(f), path)
	}
	return os.ReadFile(path)
}
