package pyre_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/workflow/pyre"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	compile := func(pattern string) *pyre.Regexp {
		re, err := pyre.Compile(pattern, 0)
		require.NoError(t, err)
		return re
	}
	t.Run("a pattern that backtracks without end", func(t *testing.T) {
		t.Parallel()
		re := compile(`(a+)+$`)
		text := strings.Repeat("a", 40) + "!"
		_, err := re.Search(text)
		require.Equal(t, casare.CodeTimeout, casare.CodeOf(err))
		require.NotContains(t, err.Error(), "aaa", "the text may be a secret")
		_, _, err = re.Sub(t.Context(), "-", text, 0)
		require.Equal(t, casare.CodeTimeout, casare.CodeOf(err))
		m, err := re.Search("xaa")
		require.NoError(t, err)
		require.Equal(t, "aa", m.Text(), "the pattern still works")
	})
	t.Run("long patterns", func(t *testing.T) {
		t.Parallel()
		_, err := pyre.Compile(strings.Repeat("a", pyre.MaxPattern+1), 0)
		require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
		_, err = pyre.Compile(strings.Repeat("é", pyre.MaxPattern), 0)
		require.NoError(t, err)
		_, err = pyre.Compile(strings.Repeat("(", pyre.MaxPattern), 0)
		require.ErrorContains(t, err, "nests too deep")
		_, err = pyre.Compile(strings.Repeat("(?(1)", pyre.MaxPattern/6), 0)
		require.ErrorContains(t, err, "nests too deep")
	})
	t.Run("long texts", func(t *testing.T) {
		t.Parallel()
		m, err := compile(`[\w.]+@[\w.]+`).Search(strings.Repeat("lorem ipsum ", 1<<14) + "a@b")
		require.NoError(t, err, "a long text takes its time")
		require.Equal(t, "a@b", m.Text())
		re := compile("a")
		_, err = re.Search(strings.Repeat("b", pyre.MaxText+1))
		require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
		_, err = re.FindAll(t.Context(), strings.Repeat("a", pyre.MaxMatches+1))
		require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
		_, _, err = re.Sub(t.Context(), strings.Repeat("x", 1<<20), strings.Repeat("a", 100), 0)
		require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
	})
	t.Run("names are refused", func(t *testing.T) {
		t.Parallel()
		_, err := pyre.Compile(`\N{DIGIT ONE}`, 0)
		require.ErrorContains(t, err, "not supported")
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	})
	t.Run("a context that has ended", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := compile("a").FindAll(ctx, "aaa")
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestMatch_PlacesInCodePointsAndBytes(t *testing.T) {
	t.Parallel()
	re, err := pyre.Compile(`(?P<key>\w+)=(?P<val>\w+)?`, 0)
	require.NoError(t, err)
	text := strings.Repeat("東 ", 100) + "größe="
	m, err := re.Search(text)
	require.NoError(t, err)
	require.Equal(t, 200, m.Start(0))
	require.Equal(t, 206, m.End(0))
	start, end, ok := m.Bytes(0)
	require.True(t, ok)
	require.Equal(t, []int{400, 408}, []int{start, end})
	_, _, ok = m.Bytes(2)
	require.False(t, ok)
	require.Equal(t, map[string]pyre.Text{"key": {Text: "größe", Set: true}, "val": {}}, m.GroupDict())
	require.Equal(t, []pyre.Text{{Text: "größe", Set: true}, {}}, m.Groups())
	require.Equal(t, []string{"key", "val"}, re.Names())
	named, ok := m.Named("key")
	require.True(t, ok)
	require.Equal(t, "größe", named.Text)
	_, ok = m.Named("nope")
	require.False(t, ok)
	require.Equal(t, `(?P<key>\w+)=(?P<val>\w+)?`, re.String())
}

// What is no UTF-8 stays as it is.
func TestSub_KeepsOtherBytes(t *testing.T) {
	t.Parallel()
	re, err := pyre.Compile(`(b)`, 0)
	require.NoError(t, err)
	out, n, err := re.Sub(t.Context(), `<\1>`, "a\xffbé\xfe", 0)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "a\xff<b>é\xfe", out)
}

func TestCompile_ManyPatternsAtOnce(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				re, err := pyre.Compile(strings.Repeat("a", i%700+1), 0)
				if err != nil {
					t.Error(err)
					return
				}
				if m, err := re.FullMatch(strings.Repeat("a", i%700+1)); err != nil || m == nil {
					t.Error("no match", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
