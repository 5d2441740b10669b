package nodetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing" //nolint:depguard // a package of test helpers

	"casare/node"
	"casare/value"
)

// Conform tests the rules that hold for every node type, and runs the examples of each.
func Conform(t *testing.T, registry *node.Registry) {
	t.Helper()
	for _, e := range registry.Catalogue() {
		t.Run(e.Type, func(t *testing.T) {
			t.Parallel()
			described(t, &e)
			named(t, &e)
			if _, err := json.Marshal(e); err != nil {
				t.Error("catalogue entry:", err)
			}
			for _, x := range registry.Examples(e.Type) {
				t.Run(x.Name, func(t *testing.T) {
					t.Parallel()
					example(t, registry, e.Type, &x)
				})
			}
		})
	}
}

// described demands the texts that documentation and forms need.
func described(t *testing.T, e *node.Entry) {
	t.Helper()
	if !strings.HasSuffix(strings.TrimRight(e.Doc, `)"`), ".") {
		t.Errorf("the doc %q is no sentence", e.Doc)
	}
	if len(e.Effect) == 0 || len(e.Examples) == 0 {
		t.Error("effect and at least one example are needed")
	}
	for _, f := range e.Fields {
		if f.Help == "" {
			t.Errorf("field %s says nothing", f.Name)
		}
		if f.Default != nil && f.Required {
			t.Errorf("field %s has a default, so it cannot be missing", f.Name)
		}
		if f.Default != nil && (f.Role == node.Out.String() || f.Role == node.Wire.String()) {
			t.Errorf("field %s has a default but is no form field", f.Name)
		}
	}
}

// named demands that a name stands once per direction, unless conditions keep its uses apart, and that ports are distinct.
func named(t *testing.T, e *node.Entry) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range e.Fields {
		direction := "in "
		if f.Role == node.Out.String() {
			direction = "out "
		}
		for _, name := range append([]string{f.Name}, f.Was...) {
			if seen[direction+name] && len(f.When) == 0 {
				t.Errorf("%s%s is declared twice", direction, name)
			}
			seen[direction+name] = true
		}
	}
	var ports []string
	for _, b := range e.Branches {
		if slices.Contains(ports, b.Name) && b.Name != "" && len(b.When) == 0 {
			t.Errorf("port %s is declared twice", b.Name)
		}
		ports = append(ports, b.Name)
	}
}

func example(t *testing.T, registry *node.Registry, typ string, x *node.Example) {
	t.Helper()
	tmp := t.TempDir()
	for name, text := range x.Files {
		path := filepath.Join(tmp, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	r := Run(t.Context(), registry, Case{
		Type: typ, Config: x.Given.Dict(), Inputs: x.Wired.Dict(), Vars: x.Vars.Dict(), Files: Access(t, tmp),
	})
	if x.Fails != "" {
		if r.Err == nil || !strings.Contains(r.Err.Error(), x.Fails) {
			t.Fatalf("error %v does not contain %q", r.Err, x.Fails)
		}
		return
	}
	if r.Err != nil || len(r.Problems) > 0 {
		t.Fatalf("fails: %v; problems: %v", r.Err, r.Problems)
	}
	if !Within(x.Wanted.Dict(), r.Outcome.Outputs) {
		t.Errorf("outputs %s, not %s", value.Repr(r.Outcome.Outputs), value.Repr(x.Wanted.Dict()))
	}
	if !Within(x.Sets.Dict(), r.Host.Variables()) {
		t.Errorf("variables %s, not %s", value.Repr(r.Host.Variables()), value.Repr(x.Sets.Dict()))
	}
	if x.Next != nil && !slices.Equal(x.Next, r.Next()) {
		t.Errorf("next %v, not %v", r.Next(), x.Next)
	}
}
