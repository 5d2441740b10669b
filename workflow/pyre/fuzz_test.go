package pyre_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/workflow/pyre"
)

// No pattern, template or text may bring the robot down: every call ends, with an answer or an error that has a code.
func FuzzSub(f *testing.F) {
	for _, seed := range []struct{ pattern, template, text string }{
		{`(?P<a>x)(?P=a)`, `\g<a>`, "xx"},
		{`(?i)[^\W_]{,3}`, `\1`, "aé"},
		{`(?<=a|b)c++`, `\\`, "acbc"},
		{`(?(1)a|b)(x)`, "-", "bx"},
		{`(a*)*\1`, `\g<0>`, "aaa"},
		{`[z-a`, `\q`, ""},
		{`(?x) # c`, "$1", "a"},
		{`\b\B\A\Z$^.`, "", "\n"},
		{`a{2,1}`, "", ""},
	} {
		f.Add(seed.pattern, seed.template, seed.text, uint8(0))
	}
	f.Fuzz(func(t *testing.T, pattern, template, text string, flags uint8) {
		if len(pattern) > 200 || len(text) > 200 || len(template) > 200 {
			return
		}
		re, err := pyre.Compile(pattern, pyre.Flags(flags)&(pyre.IgnoreCase|pyre.Multiline|pyre.DotAll|pyre.Verbose|pyre.ASCII))
		if err != nil {
			require.Equal(t, casare.CodeInvalid, casare.CodeOf(err), "%v", err)
			require.NotContains(t, err.Error(), "cannot be run", "the engine refuses what was written for it: %s", pattern)
			return
		}
		m, err := re.Search(text)
		if err != nil {
			require.Equal(t, casare.CodeTimeout, casare.CodeOf(err))
			return
		}
		if m != nil && utf8.ValidString(text) {
			require.Equal(t, m.Text(), string([]rune(text)[m.Start(0):m.End(0)]))
		}
		out, n, err := re.Sub(t.Context(), `\g<0>`, text, 0)
		if err != nil {
			require.Equal(t, casare.CodeTimeout, casare.CodeOf(err))
			return
		}
		require.Equal(t, text, out)
		require.Equal(t, m != nil, n > 0)
		if _, _, err = re.Sub(t.Context(), template, text, 3); err != nil {
			require.NotEqual(t, casare.CodeInternal, casare.CodeOf(err))
		}
	})
}
