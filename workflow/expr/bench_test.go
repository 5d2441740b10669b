package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/expr"
)

// BenchmarkCached is what a step pays for its condition once the expression is parsed.
func BenchmarkCached(b *testing.B) {
	list := make(value.List, 1000)
	for i := range list {
		list[i] = int64(i)
	}
	cfg := value.DictOf(value.Pair{Key: "a", Value: int64(1)})
	vars := env{"x": int64(10), "name": "Alice", "items": list, "cfg": cfg}
	for _, src := range []string{
		"x > 5", "len(items) > 2", "x > 5 and name == 'Alice'", "cfg.a == 1", "name.upper() == 'ALICE'", "{{x}} > 5 && {{name}} == 'Alice'",
		"f'{name} {x}'", "1 < x < 20", "items[x] + x * 2",
	} {
		b.Run(src, func(b *testing.B) {
			e, err := expr.ParseCondition(src)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Eval(b.Context(), vars); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := expr.ParseCondition("{{x}} > 5 && {{name}} == 'Alice'"); err != nil {
			b.Fatal(err)
		}
	}
}
