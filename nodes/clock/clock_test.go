package clock_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/clock"
	"casare/value"
	"casare/workflow"
)

func run(t *testing.T, typ string, given node.Values) nodetest.Result {
	t.Helper()
	return nodetest.Run(t.Context(), node.Default, nodetest.Case{Type: typ, Config: given.Dict()})
}

// elsewhere is a host whose clock hangs in another place.
type elsewhere struct {
	*nodetest.Host
	now time.Time
}

func (e elsewhere) Now() time.Time { return e.now }

func runAt(t *testing.T, now time.Time, typ string, given node.Values) node.Outcome {
	t.Helper()
	b, problems := node.Default.Bind(&workflow.Step{ID: "n", Type: typ, Config: given.Dict()})
	require.Empty(t, problems)
	out, err := b.Exec(t.Context(), elsewhere{nodetest.NewHost(nil), now}, nil)
	require.NoError(t, err)
	return out
}

// A day like 03/04/2024 is the third of April, because that form is tried first; 03/15/2024 can only be March.
func TestParse_GuessesTheForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"03/04/2024": "2024-04-03T00:00:00", "03/15/2024": "2024-03-15T00:00:00", "3/4/2024 5:06:07": "2024-04-03T05:06:07",
		"15-03-2024": "2024-03-15T00:00:00", "2024/3/5": "2024-03-05T00:00:00", "2024-3-5": "2024-03-05T00:00:00",
		"2024-W11-5": "2024-03-15T00:00:00", "2024-03-15T14:30Z": "2024-03-15T14:30:00+00:00", "2024-03-15 1:2:3": "2024-03-15T01:02:03",
		"2024-03-15T14:30:45.5-03:30": "2024-03-15T14:30:45.500000-03:30",
		"29/02/2023":                  "", "15.03.2024": "", "March 5, 2024": "", "2024-03-15T25:00:00": "", "now": "",
	} {
		r := run(t, "ParseDateTimeNode", node.Values{"datetime_string": text})
		if want == "" {
			require.Error(t, r.Err, text)
			require.Equal(t, false, r.Output("success"), text)
			continue
		}
		require.NoError(t, r.Err, text)
		require.Equal(t, want, r.Output("iso_format"), text)
	}
}

func TestFormat_Inputs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given node.Values
		want  any // an error of a text
	}{
		{node.Values{"datetime": 0, "format": "%c"}, "Thu Jan  1 00:00:00 1970"},
		{node.Values{"datetime": -1.5}, "1969-12-31 23:59:58"},
		{node.Values{"datetime": true, "format": "%s"}, "1"},
		{node.Values{"datetime": "2024-03-15", "format": "%-d. %B %Y, %j, %U"}, "15. March 2024, 075, 10"},
		{node.Values{"datetime": "2024-03-15T10:00:00+05:30", "format": "%z|%Z"}, "+0530|UTC+05:30"},
		{node.Values{"datetime": "2024-03-15", "format": "%z|%Z|%Q|%"}, "|||%Q|%"[1:]},
		{node.Values{"datetime": []any{1}}, require.Error},
		{node.Values{"datetime": math.Inf(1)}, require.Error},
		{node.Values{"datetime": math.NaN()}, require.Error},
		{node.Values{"datetime": new(big.Int).Lsh(big.NewInt(1), 80)}, require.Error},
		{node.Values{"datetime": ""}, require.Error},
		{node.Values{}, require.Error},
	} {
		r := run(t, "FormatDateTimeNode", c.given)
		if want, ok := c.want.(string); ok {
			require.NoError(t, r.Err, c.given)
			require.Equal(t, want, r.Output("result"), c.given)
		} else {
			require.Error(t, r.Err, c.given)
		}
	}
	require.ErrorContains(t, run(t, "FormatDateTimeNode", node.Values{"datetime": []any{1}}).Err, "Cannot parse datetime from: <class 'list'>")
}

func TestAdd_Counts(t *testing.T) {
	t.Parallel()
	huge, ok := new(big.Int).SetString("1"+"000000000000000000000000000000", 10)
	require.True(t, ok)
	for _, c := range []struct {
		given node.Values
		want  string // "" fails
	}{
		{node.Values{"datetime": "2024-01-31T10:00:00", "years": 1, "months": -1, "weeks": 2, "days": 3, "hours": 4, "minutes": 5, "seconds": 6}, "2025-01-17T14:05:06"},
		{node.Values{"datetime": "2024-01-31", "days": "2"}, "2024-02-02T00:00:00"},
		{node.Values{"datetime": "2024-01-31", "days": 2.9}, "2024-02-02T00:00:00"},
		{node.Values{"datetime": "2024-01-31", "days": "2.9"}, "2024-01-31T00:00:00"},
		{node.Values{"datetime": "2024-01-31", "days": []any{1}, "hours": "many", "minutes": nil, "weeks": true}, "2024-02-07T00:00:00"},
		{node.Values{"datetime": 0, "days": 1}, "1970-01-02T00:00:00"},
		{node.Values{"days": 1}, "2024-03-16T10:00:00"},
		{node.Values{"datetime": "2024-01-31", "days": huge}, ""},
		{node.Values{"datetime": "2024-01-31", "days": math.Inf(1)}, ""},
		{node.Values{"datetime": "9999-12-31", "days": 1}, ""},
		{node.Values{"datetime": ""}, ""},
		{node.Values{"datetime": "31.01.2024"}, ""},
		{node.Values{"datetime": node.Values{}}, ""},
	} {
		r := run(t, "DateTimeAddNode", c.given)
		if c.want == "" {
			require.Error(t, r.Err, c.given)
			continue
		}
		require.NoError(t, r.Err, c.given)
		require.Equal(t, c.want, r.Output("result"), c.given)
	}
}

func TestDiff_Units(t *testing.T) {
	t.Parallel()
	r := run(t, "DateTimeDiffNode", node.Values{"datetime_1": "2024-03-01T00:00:00.25", "datetime_2": "2024-02-28T22:30:10"})
	require.NoError(t, r.Err)
	require.Equal(t, value.List{-91790.25, int64(-1), int64(1), int64(29), int64(50)}, value.List{
		r.Output("total_seconds"), r.Output("days"), r.Output("hours"), r.Output("minutes"), r.Output("seconds"),
	})
	// As in Python, where 63846403199.999999 seconds are no float but 63846403200.0.
	r = run(t, "DateTimeDiffNode", node.Values{"datetime_1": "0001-01-01", "datetime_2": "2024-03-14T23:59:59.999999"})
	require.Equal(t, int64(0), r.Output("seconds"))
	require.Error(t, run(t, "DateTimeDiffNode", node.Values{"datetime_1": "2024-01-01", "datetime_2": "2024-01-01T00:00:00Z"}).Err)
	require.ErrorContains(t, run(t, "DateTimeDiffNode", node.Values{"datetime_1": "2024-01-01"}).Err, "datetime_2")
}

// A time without an offset is one of the zone the run's clock is in, the hour that comes twice included.
func TestNaive_IsInTheZoneOfTheClock(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	second := time.Date(2023, 10, 29, 1, 30, 0, 123456789, time.UTC).In(berlin) // 02:30, for the second time
	out := runAt(t, second, "GetCurrentDateTimeNode", node.Values{}).Outputs
	require.Equal(t, "2023-10-29T02:30:00.123456", out.GetText("datetime"))
	stamp, _ := out.Get("timestamp")
	require.InDelta(t, 1698543000.123456, stamp, 1e-9)
	out = runAt(t, second, "ParseDateTimeNode", node.Values{"datetime_string": "2023-10-29 02:30:00"}).Outputs
	stamp, _ = out.Get("timestamp")
	require.InDelta(t, 1698539400.0, stamp, 0)
	out = runAt(t, second, "GetCurrentDateTimeNode", node.Values{"timezone": "America/New_York", "format": "%c %Z"}).Outputs
	require.Equal(t, "Sat Oct 28 21:30:00 2023 EDT", out.GetText("datetime"))
	for _, zone := range []string{"Nowhere/Else", "Local", "../../etc"} {
		out = runAt(t, second, "GetCurrentDateTimeNode", node.Values{"timezone": zone}).Outputs
		require.Equal(t, "2023-10-29T02:30:00.123456", out.GetText("datetime"), zone)
	}
	out = runAt(t, second, "FormatDateTimeNode", node.Values{"datetime": 1698543000}).Outputs
	require.Equal(t, "2023-10-29 02:30:00", out.GetText("result"))
}
