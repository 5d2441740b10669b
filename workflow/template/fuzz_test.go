package template_test

import (
	"strings"
	"testing"

	"casare/value"
	"casare/workflow/template"
)

// names is an Env with one value of each kind.
type names map[string]value.Value

// Lookup implements template.Env.
func (n names) Lookup(name string) (value.Value, bool) {
	v, ok := n[name]
	return v, ok
}

// FuzzResolve looks for texts that make templates panic, show a secret, or resolve what they bring in a second time.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{
		"{{i}}", " {{ i }} ", "v={{l[2][0]}}", "${d.k.z}", "%i%", "{{{i}}}", "100% of %s%", "{{l[-1]}}", "{{d[\"k\"]}}", "{{}}", "{{$secret:p}}",
		"a{{$secret:p}}b", "{{$currentDate}}", "{{x.}}", "{{l[99999999999999999999]}}", "${", "%", "{{\x00}}", "{{self}}", "{{i}}{{", "%%%%",
	} {
		f.Add(seed)
	}
	inner := value.DictOf(value.Pair{Key: "z", Value: int64(1)})
	env := names{
		"i": int64(7), "f": 2.5, "b": true, "n": nil, "s": "abc", "l": value.List{int64(10), int64(20), value.List{int64(30)}},
		"d": value.DictOf(value.Pair{Key: "k", Value: inner}), "self": "{{s}}", "$secret:p": value.NewSecret("canary-4711"),
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "canary-4711") {
			return
		}
		for _, v := range []value.Value{text, value.List{text, inner}, value.DictOf(value.Pair{Key: "k", Value: text})} {
			out := template.Resolve(v, env)
			if shown := value.Repr(out); strings.Contains(shown, "canary") {
				t.Errorf("%q shows a secret: %s", text, shown)
			}
			for _, name := range template.Paths(v) {
				if name == "" {
					t.Errorf("%q mentions a name that is none", text)
				}
			}
		}
		if p, ok := template.ParsePath(text); ok && p.String() == "" {
			t.Errorf("%q is a path without a name", text)
		}
	})
}
