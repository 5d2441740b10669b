package template_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare/value"
	"casare/workflow/template"
)

// env is a set of variables for tests.
type env map[string]value.Value

func (e env) Lookup(name string) (value.Value, bool) {
	v, ok := e[name]
	return v, ok
}

func dict(pairs ...any) *value.Dict {
	b := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i], pairs[i+1])
	}
	return b.Dict()
}

func vars() env {
	return env{
		"i": int64(7), "f": 2.5, "b": true, "n": nil, "s": "abc", "t": "  pad ", "empty": "", "tpl": "{{i}}", "e1": value.List{},
		"l":            value.List{int64(10), int64(20), value.List{int64(30)}},
		"d":            dict("k", dict("z", int64(1)), "arr", value.List{dict("q", int64(9))}, "none", nil, 0, "zero"),
		"$currentDate": "2024-03-05", "$secret:mail-1": value.NewSecret("hidden"),
	}
}

// The table of reference recordings, and what follows from its rules.
func TestResolve(t *testing.T) {
	t.Parallel()
	l := vars()["l"]
	for in, want := range map[string]value.Value{
		"{{i}}": int64(7), " {{i}} ": int64(7), "{{i}}\n": int64(7), "{{ i }}": int64(7), "{{\ti\n}}": int64(7), "${i}": int64(7), "${ i }": int64(7), "%i%": int64(7),
		"{{i}}{{i}}": "77", "v={{f}}": "v=2.5", "v={{b}}": "v=True", "v={{n}}": "v=", "v={{l}}": "v=[10, 20, [30]]", "v={{d.k}}": "v={'z': 1}",
		"{{n}}": nil, "{{l}}": l, "{{l[0]}}": int64(10), "{{l[2][0]}}": int64(30), "{{d.k.z}}": int64(1), "{{d.arr[0].q}}": int64(9), "{{d[0]}}": "zero",
		"{{empty}}": "", "v={{empty}}": "v=", "{{e1}}": value.List{}, "v={{t}}|": "v=  pad |",
		// what leads nowhere stays
		"{{missing}}": "{{missing}}", "v={{missing}} ${missing} %missing%": "v={{missing}} ${missing} %missing%", "{{l[9]}}": "{{l[9]}}",
		"{{d.nope}}": "{{d.nope}}", " {{missing}} ": " {{missing}} ", "{{d.none}}": "{{d.none}}", "v={{d.none}}": "v={{d.none}}", "{{i.x}}": "{{i.x}}",
		"{{s.upper}}": "{{s.upper}}", "{{s[0]}}": "{{s[0]}}", "{{$unknown}}": "{{$unknown}}", "{{d.k.z.y}}": "{{d.k.z.y}}", "{{$secret:none}}": "{{$secret:none}}",
		"{{l[99999999999999999999]}}": "{{l[99999999999999999999]}}",
		// what is no path stays
		"{{l[-1]}}": "{{l[-1]}}", "{{i + 1}}": "{{i + 1}}", `{{d["k"]}}`: `{{d["k"]}}`, "{{}}": "{{}}", "{{ }}": "{{ }}", "{{1abc}}": "{{1abc}}", "{{i|default}}": "{{i|default}}",
		"{{d-k}}": "{{d-k}}", "{{i.}}": "{{i.}}", "{{l[]}}": "{{l[]}}", "{{i": "{{i", "${i": "${i", "%i": "%i", "{i}": "{i}", "$i": "$i", "% i %": "% i %", "{{$}}": "{{$}}",
		`@{concat(s, "!")}`: `@{concat(s, "!")}`, "": "", "plain": "plain", "{{é}}": "{{é}}",
		// places
		"{{{i}}}": "{7}", "100% of %s%": "100% of abc", "v=%i% and 100%": "v=7 and 100%", "{{s}}/{{i}}/${s}/%s%": "abc/7/abc/abc", "line1\n{{i}}": "line1\n7",
		"{{missing}}{{i}}": "{{missing}}7", "%missing%i%": "%missing%i%", "50%%i%": "50%7", "$${i}": "$7", "{{i}}%": "7%",
		// one pass: what is put in is not looked at again
		"{{tpl}}": "{{i}}", "v={{tpl}}": "v={{i}}",
		// names of the system
		"{{$currentDate}}": "2024-03-05", "on ${$currentDate}": "on 2024-03-05",
	} {
		require.Equal(t, want, template.Resolve(in, vars()), "%q", in)
	}
}

func TestResolveWalksContainers(t *testing.T) {
	t.Parallel()
	in := dict("{{i}}", "{{i}}", "list", value.List{"v={{i}}", int64(1), dict("x", "${s}")}, "n", nil)
	got := template.Resolve(in, vars())
	require.Equal(t, "{'{{i}}': 7, 'list': ['v=7', 1, {'x': 'abc'}], 'n': None}", value.Repr(got))
	require.Equal(t, "{'{{i}}': '{{i}}', 'list': ['v={{i}}', 1, {'x': '${s}'}], 'n': None}", value.Repr(in))

	same := dict("a", value.List{"x", dict("y", "z")}, "b", value.Bytes("{{i}}"))
	require.Same(t, same, template.Resolve(same, vars()), "nothing to fill in: nothing is copied")
}

func TestNothingIsRemembered(t *testing.T) {
	t.Parallel()
	now := vars()
	for _, form := range []string{"{{l[0]}}", "${i}", "%i%", "v={{$currentDate}}"} {
		before := template.Resolve(form, now)
		changed := env{"l": value.List{"new"}, "i": "new", "$currentDate": "new"}
		require.NotEqual(t, before, template.Resolve(form, changed), form)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	whole, ok := template.Resolve("{{$secret:mail-1}}", vars()).(value.Secret)
	require.True(t, ok)
	require.Equal(t, "hidden", whole.Reveal())
	part, ok := template.Resolve("Bearer ${$secret:mail-1} {{i}}", vars()).(value.Secret)
	require.True(t, ok)
	require.Equal(t, "Bearer hidden 7", part.Reveal())
	in := env{"list": value.List{value.NewSecret("hidden")}}
	require.Equal(t, "v=['***']", template.Resolve("v={{list}}", in))
}

func TestPaths(t *testing.T) {
	t.Parallel()
	v := dict("a", "{{x.y}} and ${z[0]}", "b", value.List{"%x% 100%", "{{$currentDate}}", int64(1)}, "c", "{{no path}}", "{{key}}", nil)
	require.Equal(t, []string{"x", "z", "$currentDate"}, template.Paths(v))
	require.Empty(t, template.Paths(int64(1)))
}

func TestParsePath(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a", "a.b", "a[0]", "a.b[10].c", "$x", "_a1", "$secret:ab-1.c"} {
		p, ok := template.ParsePath(text)
		require.True(t, ok, text)
		require.Equal(t, text, p.String())
	}
	for _, text := range []string{"", "1a", "a.", "a[", "a[x]", "a b", "a.1", ".a", "$", "$secret:", "a[-1]", "a..b"} {
		_, ok := template.ParsePath(text)
		require.False(t, ok, text)
	}
	p, _ := template.ParsePath("d.none")
	v, ok := p.Find(vars())
	require.True(t, ok && v == nil)
	_, ok = p.Text(vars())
	require.False(t, ok)
}

func TestAnyTextResolves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([{}$%. \[\]]|i|s|l|d|\{\{i\}\}|\$\{s\}|0){0,20}`).Draw(t, "text")
		got := template.Resolve(text, env{}) // nothing is known: nothing changes
		if got != text {
			t.Fatalf("%q became %q", text, got)
		}
		template.Resolve(text, vars())
	})
}

func BenchmarkResolve(b *testing.B) {
	for _, text := range []string{"no template", "{{i}}", "Hello {{s}}, {{d.arr[0].q}}"} {
		b.Run(text, func(b *testing.B) {
			e := vars()
			b.ReportAllocs()
			for b.Loop() {
				template.Resolve(text, e)
			}
		})
	}
}
