package charset_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"casare/value/charset"
)

// recorded is one answer of CPython; testdata/record.py writes them.
type recorded struct {
	Op      string `json:"op"`
	Codec   string `json:"codec"`
	Handler string `json:"handler"`
	Text    string `json:"text"`
	Data    string `json:"data"`
	Error   string `json:"error"`
}

func TestCodecs_AnswerAsPython(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/python.jsonl")
	require.NoError(t, err)
	defer file.Close()
	cases := 0
	for lines := bufio.NewScanner(file); lines.Scan(); cases++ {
		var c recorded
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		codec, err := charset.Lookup(c.Codec)
		if c.Op == "lookup" {
			require.EqualError(t, err, c.Error)
			continue
		}
		require.NoError(t, err, c.Codec)
		data, err := base64.StdEncoding.DecodeString(c.Data)
		require.NoError(t, err)
		if c.Op == "decode" {
			text, err := codec.Decode(data, c.Handler)
			check(t, c, err)
			assert.Equal(t, c.Text, text, "%+v", c)
			continue
		}
		out, err := codec.Encode(c.Text, c.Handler, c.Op == "encode")
		check(t, c, err)
		assert.Equal(t, string(data), string(out), "%+v", c)
	}
	require.Greater(t, cases, 500)
}

func check(t *testing.T, c recorded, err error) {
	t.Helper()
	if c.Error == "" {
		assert.NoError(t, err, "%+v", c)
		return
	}
	assert.EqualError(t, err, c.Error, "%+v", c)
}

func FuzzCodecs(f *testing.F) {
	f.Add("utf-16", []byte("a\x00\xd8"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		codec, err := charset.Lookup(name)
		if err != nil {
			return
		}
		text, err := codec.Decode(data, "replace")
		require.NoError(t, err)
		if _, err := codec.Encode(text, "ignore", true); err != nil {
			t.Fatal(err)
		}
	})
}
