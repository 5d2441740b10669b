package nodetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing" //nolint:depguard // a package of test helpers

	"casare/node"
	"casare/value"
)

// Folder returns where the recorded cases lie: CASARE_VECTORS, or the folder beside the repository. Without them the test is skipped.
func Folder(tb testing.TB) string {
	tb.Helper()
	folder := os.Getenv("CASARE_VECTORS")
	if folder == "" {
		folder = filepath.Join(root(tb), "..", "shared", "vectors")
	}
	if _, err := os.Stat(folder); err != nil { //nolint:gosec // a test reads the folder its developer names
		tb.Skipf("no recorded cases at %s: set CASARE_VECTORS to their folder", folder)
	}
	return folder
}

// root is the folder of go.mod.
func root(tb testing.TB) string {
	tb.Helper()
	folder, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			tb.Fatal("no go.mod above the test's folder")
		}
		folder = parent
	}
}

// Load reads a file of recorded cases.
func Load(tb testing.TB, name string) []*value.Dict {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(Folder(tb), name))
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := value.ParseJSON(raw)
	if err != nil {
		tb.Fatal(err)
	}
	list, _ := parsed.(value.List)
	out := make([]*value.Dict, 0, len(list))
	for _, v := range list {
		if d, ok := v.(*value.Dict); ok {
			out = append(out, d)
		}
	}
	return out
}

// Vectors runs the recorded cases of every type in the registry, each in a folder of its own, and tells how many there are.
func Vectors(t *testing.T, registry *node.Registry) {
	t.Helper()
	VectorsBy(t, registry, func(t *testing.T, folder string, c Case) Result {
		t.Helper()
		c.Files = Access(t, folder)
		return Run(t.Context(), registry, c)
	})
}

// VectorsBy is Vectors for another way to run a case, in whose folder its files already are.
func VectorsBy(t *testing.T, registry *node.Registry, run func(t *testing.T, folder string, c Case) Result) {
	t.Helper()
	ran, skipped := 0, 0
	for _, vector := range Load(t, "nodes.json") {
		if _, known := registry.Known(vector.GetText("type")); !known {
			skipped++
			continue
		}
		ran++
		t.Run(vector.GetText("name"), func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			vector := Place(vector, tmp)
			furnish(t, tmp, vector)
			c := Case{
				Type: vector.GetText("type"), Config: dict(vector, "config"), Inputs: dict(vector, "inputs"), Vars: dict(vector, "variables"),
			}
			r := run(t, tmp, c)
			expect := dict(vector, "expect")
			for _, wrong := range append(Compare(expect, &r), left(tmp, dict(expect, "files_after"))...) {
				t.Error(wrong)
			}
		})
	}
	t.Logf("%d cases of %d registered types; %d cases of other types left out", ran, len(registry.Types()), skipped)
}

func dict(d *value.Dict, key string) *value.Dict {
	v, _ := d.Get(key)
	out, _ := v.(*value.Dict)
	return out
}

// Compare lists what is not as a recorded case expects it.
func Compare(expect *value.Dict, r *Result) []string {
	var bad []string
	wrong := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	success, _ := expect.Get("success")
	if success != (r.Err == nil) {
		wrong("success is %t (%v)", r.Err == nil, r.Err)
	}
	if want := expect.GetText("error_contains"); want != "" && (r.Err == nil || !Match(anything+want+anything, r.Err.Error())) {
		wrong("error %v does not contain %q", r.Err, want)
	}
	given, _ := expect.Get("checks")
	checks, _ := given.(value.List)
	for port, want := range dict(expect, "outputs").All() {
		got, _ := r.Outcome.Outputs.Get(port)
		if unordered(checks, port) {
			want, got = ordered(want), ordered(got)
		}
		if !Equal(want, got) {
			wrong("output %v is %s, not %s", port, value.Repr(got), value.Repr(want))
		}
	}
	changed := r.Host.Changed()
	for name, want := range dict(expect, "variables_set").All() {
		if got, _ := changed.Get(name); !Equal(want, got) {
			wrong("variable %v is %s, not %s", name, value.Repr(got), value.Repr(want))
		}
	}
	for name := range changed.All() {
		if _, ok := dict(expect, "variables_set").Get(name); !ok && !internal(name) {
			wrong("variable %v was set", name)
		}
	}
	if want, ok := expect.Get("next"); ok && r.Err == nil && !Equal(want, texts(r.Next())) {
		wrong("next is %v, not %s", r.Next(), value.Repr(want))
	}
	if want, ok := expect.Get("logs"); ok && !Equal(want, texts(r.Host.Lines())) {
		wrong("log is %q, not %s", r.Host.Lines(), value.Repr(want))
	}
	for _, v := range checks {
		c, _ := v.(*value.Dict)
		if text := check(c, r); text != "" {
			wrong("%s", text)
		}
	}
	return bad
}

// internal says whether a variable is one that steps keep for one another, which the recordings leave out.
func internal(name value.Value) bool {
	text, _ := name.(string)
	return strings.HasPrefix(text, "_") || strings.HasSuffix(text, "_state")
}

func texts(list []string) value.List {
	out := make(value.List, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
