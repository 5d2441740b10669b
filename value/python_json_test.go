package value_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/value"
)

// pythonJSON is what CPython's json module answered; see testdata/record_json.py.
type pythonJSON struct {
	Loads []struct {
		Text  string `json:"text"`
		Repr  string `json:"repr"`
		Error string `json:"error"`
	} `json:"loads"`
	Dumps []struct {
		Text     string `json:"text"`
		Indent   *int64 `json:"indent"`
		SortKeys bool   `json:"sort_keys"`
		ASCII    bool   `json:"ascii"`
		Want     string `json:"want"`
	} `json:"dumps"`
}

func recordedJSON(t *testing.T) pythonJSON {
	t.Helper()
	raw, err := os.ReadFile("testdata/python_json.json")
	require.NoError(t, err)
	var rec pythonJSON
	require.NoError(t, json.Unmarshal(raw, &rec))
	require.Greater(t, len(rec.Loads), 1000)
	require.Greater(t, len(rec.Dumps), 500)
	return rec
}

func TestLoads_AsCPython(t *testing.T) {
	t.Parallel()
	for _, c := range recordedJSON(t).Loads {
		got, err := value.Loads(c.Text)
		if c.Error != "" {
			require.EqualError(t, err, c.Error, "%q", c.Text)
			require.Equal(t, value.ValueError, value.KindOf(err))
			continue
		}
		require.NoError(t, err, "%q", c.Text)
		require.Equal(t, c.Repr, value.Repr(got), "%q", c.Text)
	}
}

func TestDumps_AsCPython(t *testing.T) {
	t.Parallel()
	for _, c := range recordedJSON(t).Dumps {
		v, err := value.Loads(c.Text)
		require.NoError(t, err, "%q", c.Text)
		got, err := value.Dumps(v, value.DumpOptions{Indent: c.Indent, SortKeys: c.SortKeys, ASCII: c.ASCII})
		require.NoError(t, err, "%q", c.Text)
		require.Equal(t, c.Want, got, "%q", c.Text)
	}
}

func TestLoads_HasLimits(t *testing.T) {
	t.Parallel()
	_, err := value.Loads(strings.Repeat("[", 100) + strings.Repeat("]", 100))
	require.NoError(t, err)
	for _, text := range []string{strings.Repeat("[", 1_000_000), strings.Repeat(`{"a":`, 1_000_000), strings.Repeat("9", 40_000)} {
		_, err = value.Loads(text)
		require.Error(t, err)
		require.Less(t, len(err.Error()), 200)
	}
}

func TestDumps_KindsWithoutJSON(t *testing.T) {
	t.Parallel()
	keys := value.DictOf(value.Pair{Key: 10, Value: nil}, value.Pair{Key: 9, Value: true})
	for _, c := range []struct {
		v    value.Value
		o    value.DumpOptions
		want string // "" is an error
	}{
		{keys, value.DumpOptions{}, `{"10": null, "9": true}`},
		{keys, value.DumpOptions{SortKeys: true}, `{"9": true, "10": null}`},
		{keys.With("a", 1), value.DumpOptions{SortKeys: true}, ""},
		{value.Bytes("a"), value.DumpOptions{}, ""},
		{value.List{value.Bytes("a")}, value.DumpOptions{Strings: true}, `["b'a'"]`},
		{value.Handle{Kind: "page", ID: "p"}, value.DumpOptions{Strings: true}, `"<page p>"`},
		{value.List{"a\xff"}, value.DumpOptions{}, "[\"a\ufffd\"]"},
	} {
		got, err := value.Dumps(c.v, c.o)
		if c.want == "" {
			require.Equal(t, value.TypeError, value.KindOf(err))
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}

func TestDumps_HasLimits(t *testing.T) {
	t.Parallel()
	for _, indent := range []int64{1 << 28, 1 << 40, 1<<63 - 1} {
		_, err := value.Dumps(value.List{value.List{nil}}, value.DumpOptions{Indent: &indent})
		require.Equal(t, value.LimitError, value.KindOf(err))
	}
	var deep value.Value
	for range 101 {
		deep = value.List{deep}
	}
	_, err := value.Dumps(deep, value.DumpOptions{})
	require.Error(t, err)
}

func TestDumps_SecretMakesSecret(t *testing.T) {
	t.Parallel()
	got, err := value.Dumps(value.List{value.NewSecret("hid\nden")}, value.DumpOptions{})
	require.NoError(t, err)
	require.True(t, value.Equal(value.NewSecret(`["hid\nden"]`), got))
	require.NotContains(t, value.Repr(got), "den")
}
