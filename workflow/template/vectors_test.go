package template_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/template"
)

// vectors reads the recorded documents, or skips the test where they are not at hand.
func vectors(t *testing.T) value.List {
	t.Helper()
	dir := cmp.Or(os.Getenv("CASARE_VECTORS"), filepath.Join("..", "..", "..", "shared", "vectors"))
	raw, err := os.ReadFile(filepath.Join(dir, "engine.json"))
	if err != nil {
		t.Skipf("no recorded vectors (set CASARE_VECTORS): %v", err)
	}
	v, err := value.ParseJSON(raw)
	require.NoError(t, err)
	list, ok := v.(value.List)
	require.True(t, ok)
	return list
}

// at walks into nested dicts; nil where there is nothing.
func at(v value.Value, keys ...string) value.Value {
	for _, key := range keys {
		d, ok := v.(*value.Dict)
		if !ok {
			return nil
		}
		v, _ = d.Get(key)
	}
	return v
}

func asEnv(v value.Value) env {
	e := env{}
	if d, ok := v.(*value.Dict); ok {
		for k, item := range d.All() {
			e[value.Str(k)] = item
		}
	}
	return e
}

// TestRecordedResolution takes the values that SetVariable steps were recorded to set. That node resolves twice (the reference
// says so), and so does the test.
func TestRecordedResolution(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, c := range vectors(t) {
		if at(c, "name") != "probe:resolution_table" {
			continue
		}
		e := asEnv(at(c, "variables"))
		nodes, ok := at(c, "workflow", "nodes").(*value.Dict)
		require.True(t, ok)
		for _, n := range nodes.All() {
			name := value.Str(at(n, "config", "variable_name"))
			want, checked := entry(at(c, "expect", "variables"), name)
			if at(n, "node_type") != "SetVariableNode" || !checked {
				continue
			}
			in := at(n, "config", "default_value")
			got := template.Resolve(in, e)
			if text, ok := got.(string); ok {
				got = template.Resolve(text, e)
			}
			require.Equal(t, value.Repr(want), value.Repr(got), "%q", in)
			seen++
		}
	}
	require.Greater(t, seen, 40)
}

func entry(v value.Value, key string) (value.Value, bool) {
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, false
	}
	return d.Get(key)
}

// TestRecordedPrinting takes the lines that Log steps were recorded to print.
func TestRecordedPrinting(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, c := range vectors(t) {
		if !strings.HasPrefix(value.Str(at(c, "name")), "print:") {
			continue
		}
		message := at(c, "workflow", "nodes", "l", "config", "message")
		logs, ok := at(c, "expect", "logs").(value.List)
		if !ok || len(logs) != 1 || message == nil {
			continue
		}
		got := template.Resolve(message, asEnv(at(c, "variables")))
		require.Equal(t, logs[0], "[l] "+template.Insert(got), "%v", message)
		seen++
	}
	require.GreaterOrEqual(t, seen, 9)
}
