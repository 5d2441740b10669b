package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare/executor/engine"
	"casare/value"
	"casare/workflow"
)

// The keys of records and the numbers of their fields.
const (
	headKey, rootKey          = "h", "f/0"
	versionField              = 1
	queueField, scopesField   = 1, 2
	orderedField, loggedField = 5, 6
	nameField, stepField      = 1, 2
	bornField, formField      = 4, 5
	inlineField, blobField    = 1, 2
	chunksField, tailField    = 3, 4
)

func TestResume_RefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	source := "s StartNode\na PlainNode\ns > a"
	stop := make(chan struct{})
	close(stop)
	var kept keeper
	run(t, source, engine.Options{Checkpoint: kept.keep, Stop: stop})
	at := kept.last(t).Records

	with := func(key string, field int, to any) engine.Options {
		return engine.Options{Resume: edit(t, at, key, field, to)}
	}
	torn := map[int]any{nameField: "x", formField: map[int]any{inlineField: tag(999)}}
	formed := func(form map[int]any) engine.Options {
		return engine.Options{Resume: put(t, at, "f/0/v/x", map[int]any{nameField: "x", formField: form})}
	}
	nobody := make([]byte, 16)
	for name, tc := range map[string]struct {
		source string
		o      engine.Options
		want   string
	}{
		"another document":   {source + "\nb PlainNode\na > b", engine.Options{Resume: at}, "revision"},
		"a newer version":    {source, with(headKey, versionField, 99), "version 99, this robot reads version 2"},
		"no CBOR":            {source, engine.Options{Resume: []engine.Record{{Key: headKey, Data: []byte("nonsense")}}}, "cannot be read"},
		"no head":            {source, engine.Options{Resume: at[:len(at)-1]}, "cannot be read"},
		"no frame":           {source, engine.Options{Resume: at[len(at)-1:]}, "damaged: frame 0 is missing"},
		"another mode":       {source, engine.Options{Resume: at, RunTo: "a"}, "mode"},
		"an unknown record":  {source, engine.Options{Resume: put(t, at, "x", 1)}, `damaged: record "x"`},
		"an unknown part":    {source, engine.Options{Resume: put(t, at, "f/0/x/y", 1)}, `damaged: record "f/0/x/y"`},
		"a chunk misnamed":   {source, engine.Options{Resume: put(t, at, "c/00", 1)}, `damaged: record "c/00"`},
		"a chunk changed":    {source, engine.Options{Resume: put(t, at, "c/"+strings.Repeat("0", 32), 1)}, `damaged: record "c/0000`},
		"a chunk missing":    {source, formed(map[int]any{blobField: nobody}), "is missing"},
		"half a hash":        {source, formed(map[int]any{blobField: nobody[:8]}), "a hash of 8 bytes"},
		"a list cut off":     {source, formed(map[int]any{chunksField: nobody[:9]}), "a hash of 9 bytes"},
		"no list at the end": {source, formed(map[int]any{chunksField: []byte{}, tailField: 1}), "a part of a list that is int"},
		"a token nowhere":    {source, with(rootKey, queueField, [][]any{{7, 0, 1}}), "damaged: token of step 7"},
		"a reason unknown":   {source, with(rootKey, queueField, [][]any{{0, 0, 9}}), "damaged: token of step 0"},
		"a lost scope":       {source, with(rootKey, scopesField, []any{map[int]any{1: 4, 2: 0, 3: 2, 4: 4}}), "damaged: scope 4"},
		"a scope of none":    {source, with(rootKey, scopesField, []any{map[int]any{1: 4, 2: 99, 3: 2}}), "damaged: scope 4 of step 99"},
		"a scope too new":    {source, with(rootKey, scopesField, []any{map[int]any{2: -1, 3: 1}, map[int]any{1: 4, 2: 0, 3: 2}}), "damaged: scope 4 has"},
		"a value torn":       {source, engine.Options{Resume: put(t, at, "f/0/v/x", torn)}, `damaged: variable "x"`},
		"a value misplaced":  {source, engine.Options{Resume: put(t, at, "f/0/v/y", map[int]any{nameField: "x", formField: map[int]any{inlineField: 1}})}, `record "f/0/v/y"`},
		"outputs of none":    {source, engine.Options{Resume: put(t, at, "f/0/o/s", map[int]any{stepField: 9, formField: map[int]any{inlineField: map[int]int{}}})}, "damaged: outputs of step 9"},
		"outputs torn":       {source, engine.Options{Resume: put(t, at, "f/0/o/s", torn)}, "damaged: outputs of step 0"},
		"names out of order": {source, engine.Options{Resume: put(t, at, "f/0/v/x", map[int]any{nameField: "x", bornField: 7, formField: map[int]any{inlineField: 1}})}, "order of the names"},
		"kept by no scope":   {source, engine.Options{Resume: put(t, at, "f/0/k/7/items", torn)}, "of no scope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tc.source, tc.o)
			require.Equal(t, engine.Failed, r.Status)
			require.Equal(t, engine.TypeResume, r.Error.ErrorType)
			require.Contains(t, r.Error.Message, tc.want)
			require.Empty(t, r.Order)
		})
	}
}

// everything has a frame of each kind, scopes of each kind, and values that are cut up.
const everything = `
	s StartNode
	l LoopNode {"times": 2}
	t TryNode
	r RetryNode {"max_attempts": 2, "initial_delay": 0}
	x FailNode {"until": 1}
	w SleepNode {"ms": 0}
	c CatchNode {"paired_try_id": "t"}
	y FinallyNode {"paired_try_id": "t"}
	a PlainNode
	f ForkNode
	g SubflowNode {"subflow_path": "lib/inner", "a": "{{rows}}"}
	p ParallelForEachNode {"items": [1, 2, 3], "batch_size": 2}
	b PlainNode
	j JoinNode
	d CallSubworkflowNode {"subworkflow_path": "lib/inner", "execution_mode": "async"}
	z PlainNode
	s > l
	l.body > t
	t.try_body > r
	r.retry_body > x
	x > w
	y.finally_body > a
	l.completed > f
	f.branch_1 > g
	g > p
	p.body > b
	f.branch_2 > d
	p.completed > j
	d > j
	j > z
`

// everythingSnapshots are the snapshots of such a run, and what runs it on.
func everythingSnapshots(t tb) (cuts []cut, resume func(ctx context.Context, o engine.Options) engine.Result) {
	t.Helper()
	rows := make(value.List, 1500)
	for i := range rows {
		rows[i] = config("name", fmt.Sprintf("row %d", i))
	}
	doc := document(t, everything)
	doc.Variables = append(doc.Variables,
		workflow.Variable{Name: "rows", Default: rows}, workflow.Variable{Name: "long", Default: strings.Repeat("long ", 5000)})
	plan := compile(t, doc)
	var kept keeper
	r := plan.Run(context.Background(), engine.Options{Checkpoint: kept.keep, Now: slowClock(), Documents: deepShelf})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	return kept.cuts, func(ctx context.Context, o engine.Options) engine.Result {
		o.Documents = deepShelf
		return plan.Run(ctx, o)
	}
}

func TestResume_Everything(t *testing.T) {
	t.Parallel()
	cuts, resume := everythingSnapshots(t)
	require.Greater(t, len(cuts), 20)
	for _, c := range cuts {
		r := resume(t.Context(), engine.Options{Resume: c.Records})
		if r.Attention == "" { // a workflow was about to be started
			require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
		}
	}
}

// A damaged snapshot is refused or runs on, but it takes no robot down.
func TestResume_SurvivesDamage(t *testing.T) {
	t.Parallel()
	cuts, resume := everythingSnapshots(t)
	rapid.Check(t, func(t *rapid.T) {
		var at []engine.Record
		for _, r := range rapid.SampledFrom(cuts).Draw(t, "cut").Records {
			at = append(at, engine.Record{Key: r.Key, Data: bytes.Clone(r.Data)})
		}
		for range rapid.IntRange(1, 4).Draw(t, "bytes") {
			data := at[rapid.IntRange(0, len(at)-1).Draw(t, "record")].Data
			data[rapid.IntRange(0, len(data)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		if rapid.Bool().Draw(t, "lost") {
			at = at[:rapid.IntRange(1, len(at)).Draw(t, "length")]
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		r := resume(ctx, engine.Options{Resume: at})
		require.NotEmpty(t, r.Status)
		require.NotNil(t, r.Variables)
	})
}

// FuzzRestore reads snapshots that came from anywhere: whatever they hold, the run ends.
func FuzzRestore(f *testing.F) {
	cuts, resume := everythingSnapshots(f)
	for _, c := range cuts {
		data, err := cbor.Marshal(c.Records)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var at []engine.Record
		if cbor.Unmarshal(data, &at) != nil || len(at) == 0 {
			t.Skip()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r := resume(ctx, engine.Options{Resume: at, Checkpoint: func(context.Context, engine.Snapshot) error { return nil }})
		require.NotEmpty(t, r.Status)
	})
}

// tag is something no value is.
func tag(number uint64) cbor.Tag { return cbor.Tag{Number: number, Content: 1} }

// edit returns the records with a numbered field of one of them replaced.
func edit(t tb, records []engine.Record, key string, field int, to any) []engine.Record {
	t.Helper()
	var fields map[int]any
	for _, r := range records {
		if r.Key == key {
			require.NoError(t, cbor.Unmarshal(r.Data, &fields))
		}
	}
	require.NotNil(t, fields, "no record %s", key)
	fields[field] = to
	return put(t, records, key, fields)
}

// put returns the records with one more, or with one of them replaced.
func put(t tb, records []engine.Record, key string, content any) []engine.Record {
	t.Helper()
	data, err := cbor.Marshal(content)
	require.NoError(t, err)
	out := []engine.Record{{Key: key, Data: data}}
	for _, r := range records {
		if r.Key != key {
			out = append(out, r)
		}
	}
	return out
}

func TestRun_OrderAndLogsAreCapped(t *testing.T) {
	t.Parallel()
	source := "s StartNode\nl LoopNode {\"times\": 5}\np PlainNode\ns > l\nl.body > p"
	stop := make(chan struct{})
	close(stop)
	var kept keeper
	run(t, source, engine.Options{Checkpoint: kept.keep, Stop: stop})
	at := edit(t, kept.last(t).Records, rootKey, orderedField, engine.MaxEntries-4)
	at = edit(t, at, rootKey, loggedField, engine.MaxEntries-2)
	r := run(t, source, engine.Options{Resume: at})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, []string{"s", "l", "p", "l"}, r.Order)
	require.Equal(t, []string{"s", "p"}, r.Logs)
	require.Equal(t, int64(5), variable(r, "count_p"), "it runs on all the same")
}
