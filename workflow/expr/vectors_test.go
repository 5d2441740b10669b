package expr_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/expr"
)

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

// TestRecordedConditions asks the If of each recorded document its question. An If takes an error for no.
func TestRecordedConditions(t *testing.T) {
	t.Parallel()
	dir := cmp.Or(os.Getenv("CASARE_VECTORS"), filepath.Join("..", "..", "..", "shared", "vectors"))
	raw, err := os.ReadFile(filepath.Join(dir, "engine.json"))
	if err != nil {
		t.Skipf("no recorded vectors (set CASARE_VECTORS): %v", err)
	}
	v, err := value.ParseJSON(raw)
	require.NoError(t, err)
	list, ok := v.(value.List)
	require.True(t, ok)
	seen := 0
	for _, c := range list {
		name := value.Str(at(c, "name"))
		if !strings.HasPrefix(name, "expr:") && !strings.HasPrefix(name, "probe:if:") {
			continue
		}
		src, ok := at(c, "workflow", "nodes", "i", "config", "expression").(string)
		want, checked := at(c, "expect", "variables", "r").(bool)
		require.True(t, ok && checked, name)
		vars := env{}
		if d, ok := at(c, "variables").(*value.Dict); ok {
			for k, item := range d.All() {
				vars[value.Str(k)] = item
			}
		}
		got := false
		e, err := expr.ParseCondition(src)
		if err == nil {
			got, err = e.Truth(t.Context(), vars)
		}
		require.Equal(t, want, got, "%s: %v", src, err)
		seen++
	}
	require.Greater(t, seen, 50)
}
