package pytime_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow/pytime"
)

//go:embed testdata/python.json
var recorded []byte

// recordings is what CPython gave. An answer that is a dict with the key error is an exception.
type recordings struct {
	ISO      [][]any `json:"iso"`
	Strftime [][]any `json:"strftime"`
	Strptime [][]any `json:"strptime"`
	Stamps   [][]any `json:"stamps"`
	Zones    [][]any `json:"zones"`
	Adds     [][]any `json:"adds"`
}

func python(t *testing.T) recordings {
	t.Helper()
	var r recordings
	d := json.NewDecoder(strings.NewReader(string(recorded)))
	d.UseNumber()
	require.NoError(t, d.Decode(&r))
	return r
}

// agree compares an answer of ours with a recorded one.
func agree(t *testing.T, want, got any, err error, input ...any) {
	t.Helper()
	if fault, ok := want.(map[string]any); ok {
		if err == nil {
			t.Errorf("%q: Python raises %v, here it is %q", input, fault["error"], got)
		}
		return
	}
	if err != nil {
		t.Errorf("%q: %v; Python gives %q", input, err, want)
		return
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("%q: %q, Python gives %q", input, got, want)
	}
}

func iso(t *testing.T, v any) pytime.Time {
	t.Helper()
	at, err := pytime.ParseISO(fmt.Sprint(v))
	require.NoError(t, err, v)
	return at
}

func location(t *testing.T, v any) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(fmt.Sprint(v))
	require.NoError(t, err)
	return loc
}

// number turns a recorded number into the value it was.
func number(t *testing.T, v any) value.Value {
	t.Helper()
	n, ok := v.(json.Number)
	if !ok {
		return v
	}
	out, err := value.ParseJSON([]byte(n.String()))
	require.NoError(t, err)
	return out
}

func TestPython_FromISOFormat(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).ISO {
		got, err := pytime.ParseISO(fmt.Sprint(c[0]))
		agree(t, c[1], got.ISO(), err, c[0])
	}
}

func TestPython_Strftime(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Strftime {
		got, err := iso(t, c[0]).Format(fmt.Sprint(c[1]), time.UTC)
		agree(t, c[2], got, err, c[0], c[1])
	}
}

func TestPython_Strptime(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Strptime {
		got, err := pytime.Parse(fmt.Sprint(c[0]), fmt.Sprint(c[1]), time.UTC)
		zone := ""
		if err == nil {
			zone, err = got.Format("%Z", time.UTC)
		}
		agree(t, c[2], []any{got.ISO(), zone}, err, c[0], c[1])
	}
}

func TestPython_Timestamps(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Stamps {
		loc := location(t, c[0])
		if text, ok := c[1].(string); ok {
			got, err := iso(t, text).Timestamp(loc)
			if want, ok := c[2].(json.Number); ok {
				c[2] = value.Str(number(t, want))
			}
			agree(t, c[2], value.Str(got), err, c[0], c[1])
			continue
		}
		at, err := pytime.FromTimestamp(number(t, c[1]), loc)
		back := 0.0
		if err == nil {
			back, err = at.Timestamp(loc)
		}
		want := c[2]
		if answer, ok := want.([]any); ok {
			want = []any{answer[0], value.Str(number(t, answer[2]))}
		}
		agree(t, want, []any{at.ISO(), value.Str(back)}, err, c[0], c[1])
	}
}

func TestPython_Zones(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Zones {
		seconds, err := value.ToFloat(number(t, c[1]))
		require.NoError(t, err)
		at := pytime.In(time.UnixMicro(int64(seconds*1e6)), location(t, c[0]))
		agree(t, c[2], at.ISO(), nil, c[0], c[1])
		got, err := at.Format("%Z %z %A", time.UTC)
		agree(t, c[3], got, err, c[0], c[1])
		stamp, err := at.Timestamp(time.UTC)
		agree(t, value.Str(number(t, c[4])), value.Str(stamp), err, c[0], c[1])
	}
}

func TestPython_Add(t *testing.T) {
	t.Parallel()
	for _, c := range python(t).Adds {
		sum := new(big.Int)
		for i, unit := range []int64{86400, 3600, 60, 1} {
			n, ok := number(t, c[1].([]any)[i]).(int64)
			require.True(t, ok)
			sum.Add(sum, new(big.Int).Mul(big.NewInt(n), big.NewInt(unit*1_000_000)))
		}
		got, err := iso(t, c[0]).Add(sum)
		agree(t, c[2], got.ISO(), err, c[0], c[1])
	}
}

func TestNaiveAndAware_DoNotMix(t *testing.T) {
	t.Parallel()
	naive, aware := iso(t, "2024-01-01"), iso(t, "2024-01-01T00:00:00Z")
	_, err := naive.Compare(aware)
	require.Equal(t, value.TypeError, value.KindOf(err))
	_, err = aware.Sub(naive)
	require.Equal(t, value.TypeError, value.KindOf(err))
}

// A format and a text that would have to be tried in many ways end soon.
func TestParse_EndsSoon(t *testing.T) {
	t.Parallel()
	_, err := pytime.Parse(strings.Repeat(" ", 3000)+"x", strings.Repeat(" %% ", 300), time.UTC)
	require.Error(t, err)
	_, err = pytime.Parse(strings.Repeat("1", 40), "%d%m%y%H%M%S%j%U%W%I%w%V%uX", time.UTC)
	require.Error(t, err)
	_, err = pytime.Parse(strings.Repeat("1", 1<<20), strings.Repeat("1", 1<<20), time.UTC)
	require.Equal(t, value.LimitError, value.KindOf(err))
	text, err := iso(t, "2024-01-01").Format("%1073741824d", time.UTC)
	require.NoError(t, err)
	require.Empty(t, text)
}
