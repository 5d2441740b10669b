package expr_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/expr"
)

const canary = "hunter2canary"

// leaks says whether anything of the canary shows in what an evaluation gave, printed and written in every way.
func leaks(t *testing.T, v value.Value, err error) bool {
	t.Helper()
	if err != nil {
		return containsPart(err.Error())
	}
	raw, err := value.JSON(v)
	require.NoError(t, err)
	return containsPart(string(raw)) || containsPart(value.Repr(v)) || containsPart(fmt.Sprintf("%v %+v %#v", v, v, v))
}

func containsPart(s string) bool {
	for i := 0; i+5 <= len(canary); i++ {
		for j := 0; j+5 <= len(s); j++ {
			if canary[i:i+5] == s[j:j+5] {
				return true
			}
		}
	}
	return false
}

func TestTextMadeWithASecretIsSecret(t *testing.T) {
	t.Parallel()
	vars := env{"s": value.NewSecret(canary), "list": value.List{value.NewSecret(canary)}, "n": int64(3), "d": value.DictOf()}
	for src, want := range map[string]string{
		"s": canary, "s + '!'": canary + "!", "'<' + s": "<" + canary, "s * 2": canary + canary, "s[:5]": canary[:5], "s[0]": "h",
		"s.upper()": "HUNTER2CANARY", "'a'.join([s, s])": canary + "a" + canary, "s.join(['x', 'y'])": "x" + canary + "y",
		"f'{s}'": canary, "f'{s:>20}|'": "       " + canary + "|", "'%s!' % s": canary + "!", "'%s %s' % (n, s)": "3 " + canary,
		"'{}'.format(s)": canary, "'{a}'.format(a=s)": canary, "s.replace('2', '3')": "hunter3canary", "'x'.replace('x', s)": canary,
		"format(s, '>15')": "  " + canary, "str(s)": canary, "''.join(c for c in s)": canary, "''.join(list(s))": canary,
		"''.join(reversed(s))": "yranac2retnuh", "''.join(sorted(s))": "2aacehnnrrtuy", "'x' if s == 1 else s": canary, "'{{s}}'": canary,
		"'pw={{s}}'": "pw=" + canary, "{{s}} + '!'": canary + "!", "str.lower(s)": canary, "''.join(map(str, [s]))": canary,
		"f'{s.upper()}'": "HUNTER2CANARY", "s.encode()": canary, "max(list)": canary, "s.split('2')[0]": "hunter", "s.partition('2')[2]": "canary",
		"f'{\"x\":{s[6]}}'": "x ",
	} {
		e, err := expr.ParseTemplated(src)
		require.NoError(t, err, src)
		got, err := e.Eval(t.Context(), vars)
		require.NoError(t, err, src)
		secret, ok := got.(value.Secret)
		require.True(t, ok, "%s gave %T", src, got)
		require.Equal(t, want, secret.Reveal(), src)
	}
}

func TestNothingElseShowsASecret(t *testing.T) {
	t.Parallel()
	vars := env{"s": value.NewSecret(canary), "list": value.List{value.NewSecret(canary)}, "d": value.DictOf(value.Pair{Key: "k", Value: value.NewSecret(canary)})}
	for _, src := range []string{
		"repr(s)", "ascii(s)", "[s]", "(s, s)", "str([s])", "f'{[s]} {d}'", "'%r' % s", "'{!r}'.format(s)", "list(s)", "set(s)", "sorted(s)",
		"{'a': s}", "{s: 1}", "dict([(s, 1)])", "int(s)", "float(s)", "ord(s[0])", "[ord(c) for c in s]", "s.index('zzz')", "{}[s]", "[][s]",
		"s + 1", "s - 1", "s % 1", "s.format()", "(s + '{x}').format()", "(s + '%(x)s') % {}", "s.nothing", "s.split()", "s.splitlines()", "bool(s)",
		"len(s)", "s == 'x'", "s.encode().hex()", "list.index(1)", "[1].index(s)", "f'{1:{s}}'", "format(1, s)", "int('5', s)", "list(zip(s, s))",
		"list(enumerate(s))", "dict(k=s)", "d.items()", "d | {'x': s}", "min(s)", "s[100]", "next(c for c in s)", "s < 1", "hex(s)",
		"'x'.center(5, s)", "s.isdigit()", "'a,b'.split(s)", "'{0[' + s + ']}'", "nosuch(s)", "s()", "chr(s)", "'x'.encode(s)",
	} {
		e, err := expr.ParseTemplated(src)
		require.NoError(t, err, src)
		got, err := e.Eval(t.Context(), vars)
		require.False(t, leaks(t, got, err), "%s gave %#v, %v", src, got, err)
	}
}
