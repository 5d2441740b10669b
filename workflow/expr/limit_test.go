package expr_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/value"
	"casare/workflow/expr"
)

// large is what a run may hold when an expression meets it.
func large() env {
	text := strings.Repeat("naïve text ", 1<<17)
	list := make(value.List, 100_000)
	for i := range list {
		list[i] = int64(i)
	}
	return env{"text": text, "ascii": strings.Repeat("a", 1<<20), "items": list, "x": int64(10)}
}

//nolint:paralleltest // one after another and before all others, so that the time measured is their own
func TestRunAwaysEnd(t *testing.T) {
	vars := large()
	for _, src := range []string{
		`"x" * 10**9`,
		`"x" * 10**9 * 10**9`,
		`[0] * 10**8`,
		`(0,) * 10**8`,
		`max(range(10**9))`,
		`sum(range(10**9))`,
		`sorted(range(10**8))`,
		`list(range(10**8))`,
		`set(range(10**8))`,
		`tuple(range(10**12))`,
		`9**9**9`,
		`9**9**9**9`,
		`1 << 10**9`,
		`10**5000 * 10**5000 * 10**30000`,
		`[10**30000 * 10**200 for i in range(10**6)]`,
		`sum(10**29000 * 10**1000 for i in range(10**6))`,
		`pow(7, 10**29000, 10**29000 + 1)`,
		`[str(10**29000) for i in range(10**6)]`,
		`any(False for i in range(10**9))`,
		`[i for i in range(10**5) for j in range(10**5)]`,
		`[[j for j in range(1000)] for i in range(10**6)]`,
		`{i: i for i in range(10**7)}`,
		`{i for i in range(10**7)}`,
		`10**8 in [i for i in range(10**7)]`,
		`10**8 in (i for i in range(10**9))`,
		`"%1000000000d" % 1`,
		`"%.1000000000f" % 1`,
		`"%*d" % (10**9, 1)`,
		`"{:1000000000}".format(1)`,
		`"{:.1000000000f}".format(1.5)`,
		`f"{1:>1000000000}"`,
		`f"{1.5:.{10**9}f}"`,
		`[format(1, "0" * 10**6 + "1") for i in range(10**6)]`,
		`"a".zfill(10**9)`,
		`"a".center(10**9)`,
		`"a\t".expandtabs(10**9)`,
		`("a" * 10**6).replace("a", "b" * 10**6)`,
		`("a" * 10**6).replace("", "b" * 1000)`,
		`("b" * 10**6).join("a" * 10**6)`,
		`("," * 10**7).split(",")`,
		`("\n" * 10**7).splitlines()`,
		`[text.upper() for i in range(10**6)]`,
		`[text.isalpha() for i in range(10**6)]`,
		`[text[i] for i in range(10**6)]`,
		`[ascii.count("b") for i in range(10**6)]`,
		`[ascii.rfind("b") for i in range(10**6)]`,
		`[ascii == ascii[:-1] + "b" for i in range(10**6)]`,
		`["b" in ascii for i in range(10**6)]`,
		`[len(ascii) for i in range(10**6)]`,
		`[ascii.strip(ascii) for i in range(10**6)]`,
		`[float("1" * 10**6) for i in range(10**6)]`,
		`[int("1" * 10**4) for i in range(10**6)]`,
		`[sorted(items) for i in range(10**4)]`,
		`sorted(items * 10, key=str)`,
		`[items == items[:] for i in range(10**4)]`,
		`[items + items for i in range(10**6)]`,
		`sum([[i] for i in range(10**5)], [])`,
		`list(zip(range(10**9), range(10**9)))`,
		`list(enumerate(range(10**9)))`,
		`list(map(str, range(10**9)))`,
		`list(filter(None, range(10**9)))`,
		`list(reversed(range(10**9)))`,
		`str([[[[["aaaaaaaaaa"] * 100] * 100] * 100] * 100] * 100)`,
		`[[[[["aaaaaaaaaa"] * 100] * 100] * 100] * 100] * 100`,
		`[[[[[0] * 100] * 100] * 100] * 100] * 100 == [[[[[0] * 100] * 100] * 100] * 100] * 100`,
		`{((((0,) * 100,) * 100,) * 100,) * 100}`,
		`repr("\x00" * (5 * 10**7))`,
		`"".join(str(i) for i in range(10**9))`,
		`round(10**29000, -10**9) + len("x" * 10**9)`,
		`-(1 << 99999) * (1 << 99999)`,
		`str(((("%9999d" * 100) * 100) % ((1,) * 10000)))`,
	} {
		t.Run(src, func(t *testing.T) {
			e, err := expr.Parse(src)
			require.NoError(t, err)
			start := time.Now()
			_, err = e.Eval(t.Context(), vars)
			took := time.Since(start)
			require.Equal(t, value.LimitError, value.KindOf(err), "%v", err)
			require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
			require.Less(t, took, 10*time.Second) // loose: the machine is shared and the race detector slow
			t.Log(took.Round(time.Millisecond), err)
		})
	}
}

func TestDeepSourcesAreRefused(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"parentheses": strings.Repeat("(", 101) + "1" + strings.Repeat(")", 101),
		"lists":       strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"minus":       strings.Repeat("-", 20000) + "1",
		"not":         strings.Repeat("not ", 10000) + "1",
		"bang":        strings.Repeat("!", 20000) + "x",
		"power":       strings.Repeat("2**", 10000) + "1",
		"ternary":     strings.Repeat("1 if 0 else ", 5000) + "1",
		"calls":       strings.Repeat("str(", 5000) + strings.Repeat(")", 5000),
		"index":       strings.Repeat("x[", 5000) + strings.Repeat("]", 5000),
		"targets":     "[1 for " + strings.Repeat("(", 5000) + "a" + strings.Repeat(")", 5000) + " in x]",
		"length":      strings.Repeat("1+", 40000) + "1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := expr.Parse(src)
			require.Equal(t, value.LimitError, value.KindOf(err), "%v", err)
		})
	}
}

func TestLongChainsAreFine(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		"0" + strings.Repeat("+1", 30000),
		"x" + strings.Repeat(" and x", 10000),
		"0" + strings.Repeat("<1", 1) + strings.Repeat("<=1", 20000),
		"[" + strings.Repeat("1,", 30000) + "]",
		strings.Repeat("(", 99) + "1" + strings.Repeat(")", 99),
	} {
		e, err := expr.Parse(src)
		require.NoError(t, err)
		_, err = e.Eval(t.Context(), env{"x": true})
		require.NoError(t, err)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	e, err := expr.Parse("sum(i for i in range(900000))")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = e.Eval(ctx, env{})
	require.Equal(t, casare.CodeTimeout, casare.CodeOf(err))
	require.ErrorIs(t, err, context.Canceled)
}

// stopping ends its context in the middle of an evaluation, from within.
type stopping struct {
	env
	after  int
	cancel context.CancelFunc
}

func (s *stopping) Lookup(name string) (value.Value, bool) {
	if s.after--; s.after == 0 {
		s.cancel()
	}
	return s.env.Lookup(name)
}

func TestLooksAtItsContextOnTheWay(t *testing.T) {
	t.Parallel()
	e, err := expr.Parse("sum(x for i in range(400000))")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	vars := &stopping{env: env{"x": int64(1)}, after: 1000, cancel: cancel}
	_, err = e.Eval(ctx, vars)
	require.Equal(t, casare.CodeTimeout, casare.CodeOf(err))
	require.Greater(t, vars.after, -1100) // 1,024 steps at most after the end
}
