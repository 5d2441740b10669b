package expr_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/expr"
)

// FuzzEval holds that whatever is written as a condition ends soon, without a panic, in a value that can be stored or in an error of
// a known kind.
func FuzzEval(f *testing.F) {
	raw, err := os.ReadFile("testdata/python_expr.json")
	require.NoError(f, err)
	var rec recorded
	require.NoError(f, json.Unmarshal(raw, &rec))
	for i, c := range rec.Cases {
		if i%9 == 0 {
			f.Add(c.Expr)
		}
	}
	for _, src := range []string{`"x"*10**9`, `{{x}} > 5 && "{{name}}" != ""`, `[i for i in range(10**9)]`, `f"{x:>{y}}"`, `"%*d" % (9, 1)`} {
		f.Add(src)
	}
	vars := conditionVars()
	f.Fuzz(func(t *testing.T, src string) {
		e, err := expr.ParseCondition(src)
		if err != nil {
			require.NotEmpty(t, value.KindOf(err), "%v", err)
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start := time.Now()
		got, err := e.Eval(ctx, vars)
		require.Less(t, time.Since(start), 10*time.Second, src)
		if err != nil {
			require.NotEmpty(t, value.KindOf(err), "%v", err)
			return
		}
		b, err := value.EncodeCBOR(got)
		require.NoError(t, err)
		_, err = value.DecodeCBOR(b)
		require.NoError(t, err)
	})
}
