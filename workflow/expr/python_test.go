package expr_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/expr"
)

// env is a set of variables for tests.
type env map[string]value.Value

func (e env) Lookup(name string) (value.Value, bool) {
	v, ok := e[name]
	return v, ok
}

// recorded is what CPython answered; see testdata/record.py.
type recorded struct {
	Variables value.Box `json:"variables"`
	Cases     []struct {
		Expr    string `json:"expr"`
		Repr    string `json:"repr"`
		Error   string `json:"error"`
		Message string `json:"message"`
	} `json:"cases"`
}

func TestAnswersAsCPythonDoes(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/python_expr.json")
	require.NoError(t, err)
	var rec recorded
	require.NoError(t, json.Unmarshal(raw, &rec))
	require.GreaterOrEqual(t, len(rec.Cases), 250)
	vars := env{}
	d, ok := rec.Variables.Value.(*value.Dict)
	require.True(t, ok)
	for k, v := range d.All() {
		vars[value.Str(k)] = v
	}
	for _, c := range rec.Cases {
		t.Run(c.Expr, func(t *testing.T) {
			t.Parallel()
			e, err := expr.Parse("repr((" + c.Expr + "))") // inside, so that tuples and sets are seen as they are
			if err == nil {
				var got value.Value
				if got, err = e.Eval(t.Context(), vars); err == nil {
					require.Equal(t, c.Repr, got)
					return
				}
			}
			require.NotEmpty(t, c.Error, "%v", err)
			kind := c.Error
			if kind == "UnicodeEncodeError" || kind == "UnicodeDecodeError" { // kinds of ValueError in Python too
				kind = "ValueError"
			}
			require.Equal(t, kind, string(value.KindOf(err)), "%v; CPython: %s", err, c.Message)
		})
	}
}
