package pyxml_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/pyxml"
)

func TestParse_IsBounded(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"entities":         `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>`,
		"outside entities": `<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>`,
		"other parts":      `<!DOCTYPE r [<!ENTITY % a "b">]><r/>`,
		"depth":            strings.Repeat("<a>", 20_000) + strings.Repeat("</a>", 20_000),
		"elements":         "<r>" + strings.Repeat("<a/>", 1<<20) + "</r>",
		"text":             "<r>" + strings.Repeat("x", 64<<20) + "</r>",
		"declared content": "<!DOCTYPE r [<!ELEMENT r " + strings.Repeat("(", 1000) + "]><r/>",
	} {
		_, err := pyxml.Parse(text)
		require.Error(t, err, name)
	}
	_, err := pyxml.Pretty(strings.Repeat("<a>\n", 9000)+strings.Repeat("</a>", 9000), "          ")
	require.Equal(t, value.LimitError, value.KindOf(err), "the indentation of a deep document is as large as the square of its depth")
}

func TestFindAll_IsBounded(t *testing.T) {
	t.Parallel()
	root, err := pyxml.Parse(strings.Repeat("<a>", 3000) + "x" + strings.Repeat("</a>", 3000))
	require.NoError(t, err)
	_, err = root.FindAll(".//*//*//*")
	require.Equal(t, value.LimitError, value.KindOf(err))
	_, err = root.FindAll(".//a[.='x']")
	require.NoError(t, err)
	wide, err := pyxml.Parse("<r>" + strings.Repeat("<a/>", 100_000) + "</r>")
	require.NoError(t, err)
	found, err := wide.FindAll("a[last()]")
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestParse_SaysWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<bad":                               "unclosed token: line 1, column 0",
		"<r>\r\n é<b></r>":                   "mismatched tag: line 2, column 7",
		"<r>&nbsp;</r>":                      "undefined entity: line 1, column 3",
		"":                                   "no element found: line 1, column 0",
		"<r/>x":                              "junk after document element: line 1, column 4",
		"<r a='1' a='2'/>":                   "duplicate attribute: line 1, column 9",
		"<p:r/>":                             "unbound prefix: line 1, column 0",
		"<!DOCTYPE r [<!ENTITY a 'b'>]><r/>": "entities cannot be declared here: line 1, column 13",
	} {
		_, err := pyxml.Parse(text)
		require.EqualError(t, err, want, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"<r a='1'>x<b/>y</r>", "<!DOCTYPE r [<!ATTLIST r a CDATA 'd'>]><r/>", "<?xml version='1.0'?><a:b xmlns:a='u'/>"} {
		f.Add(text, ".//b[1]/..")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		root, err := pyxml.Parse(text)
		if err != nil {
			return
		}
		_, _ = root.FindAll(path)
		written, err := root.Write()
		require.NoError(t, err)
		again, err := pyxml.Parse(written)
		require.NoError(t, err, written)
		require.Equal(t, dump(root), dump(again))
		_, err = pyxml.Pretty(text, "  ")
		require.NoError(t, err)
	})
}
