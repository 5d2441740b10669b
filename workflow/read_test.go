package workflow_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/value"
	"casare/workflow"
)

var update = flag.Bool("update", false, "write the golden files anew")

func read(tb testing.TB, text string) *workflow.Document {
	tb.Helper()
	d, problems := workflow.Read([]byte(text))
	require.Empty(tb, workflow.Errors(problems))
	require.NotNil(tb, d)
	return d
}

func codes(ps []workflow.Problem) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.Code
		if p.Warning {
			out[i] = "warn " + p.Code
		}
		if path := p.Path(); path != "" {
			out[i] += " " + path
		}
	}
	return out
}

// ids prints the steps and wires of a document, which is enough to see what was read.
func ids(d *workflow.Document) (steps, wires []string) {
	for _, s := range d.Steps {
		steps = append(steps, s.ID+":"+s.Type)
	}
	for _, w := range d.Wires {
		wires = append(wires, w.From+"."+w.FromPort+">"+w.To+"."+w.ToPort)
	}
	return steps, wires
}

// Every format becomes the canonical one, which the golden files show, and reading that gives the same document.
func TestReadFormats(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/formats/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		if strings.HasSuffix(file, ".golden.json") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			d := read(t, string(raw))
			out, err := d.JSON()
			require.NoError(t, err)

			golden := strings.TrimSuffix(file, ".json") + ".golden.json"
			if *update {
				var b bytes.Buffer
				require.NoError(t, json.Indent(&b, out, "", "  "))
				require.NoError(t, os.WriteFile(golden, append(b.Bytes(), '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			var compact bytes.Buffer
			require.NoError(t, json.Compact(&compact, want))
			require.Equal(t, compact.String(), string(out))

			again, err := read(t, string(want)).JSON()
			require.NoError(t, err)
			require.Equal(t, string(out), string(again))
		})
	}
}

func TestReadSession(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/formats/session.json")
	require.NoError(t, err)
	d := read(t, string(raw))
	steps, wires := ids(d)
	require.Equal(t, []string{"start:StartNode", "loop:ForLoopStartNode", "log:LogNode", "again:ForLoopEndNode", "0x8:LogNode"}, steps)
	require.Equal(t, []string{
		"start.exec_out>loop.exec_in",
		"loop.body>log.exec_in", // through two dots
		"loop.body>0x8.exec_in",
		"log.exec_out>again.exec_in",
		"loop.current_item>log.data",
	}, wires)
	require.True(t, d.Step("log").Disabled)
	require.Equal(t, "b", d.Step("log").Config.GetText("message"), "properties win over custom")
	require.Equal(t, "loop", d.Step("again").Config.GetText("paired_start_id"), "the pair is named by its new id")
	require.Equal(t, "without custom", d.Step("0x8").Config.GetText("message"))
}

func TestReadRerouteCircle(t *testing.T) {
	t.Parallel()
	d := read(t, `{"metadata":{"name":"x"},"graph":{"nodes":{
		"a":{"type_":"x.VisualStartNode"},"b":{"type_":"x.VisualLogNode"},
		"r1":{"type_":"x.VisualRerouteNode"},"r2":{"type_":"x.VisualRerouteNode"}},
		"connections":[{"out":["r1","out"],"in":["r2","in"]},{"out":["r2","out"],"in":["r1","in"]},
		{"out":["a","exec_out"],"in":["r1","in"]},{"out":["r2","out"],"in":["b","exec_in"]},{"out":["r2","out"],"in":["b","data"]}]}}`)
	_, wires := ids(d)
	require.Equal(t, []string{"a.exec_out>b.exec_in", "a.exec_out>b.data"}, wires)
}

func TestReadPlacement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step     string // what it holds besides its type
		requires []string
		robot    string
		config   string
		problems []string
	}{
		"none":            {`"config":{}`, nil, "", `{}`, []string{}},
		"in the form":     {`"config":{"_requires":["a","k=v"],"_robot":"r"}`, []string{"a", "k=v"}, "r", `{"_requires":["a","k=v"],"_robot":"r"}`, []string{}},
		"one text":        {`"config":{"_requires":"a, b"}`, []string{"a", "b"}, "", `{"_requires":"a, b"}`, []string{}},
		"beside the form": {`"requires":"a","robot":"r"`, []string{"a"}, "r", `{"_requires":"a","_robot":"r"}`, []string{}},
		"the form wins":   {`"requires":"a","robot":"r","config":{"_requires":"b"}`, []string{"b"}, "r", `{"_requires":"b","_robot":"r"}`, []string{}},
		"another's key":   {`"requires":{"x":1},"robot":true`, nil, "", `{}`, []string{}},
		"no text":         {`"config":{"_requires":5.5,"_robot":[]}`, []string{"5.5"}, "", `{"_requires":5.5,"_robot":[]}`, []string{"INVALID_CONFIG nodes.a.config._robot"}},
		"a variable": {`"config":{"_requires":["x={{y}}"],"_robot":"{{r}}"}`, []string{"x={{y}}"}, "{{r}}", `{"_requires":["x={{y}}"],"_robot":"{{r}}"}`, []string{
			"INVALID_CONFIG nodes.a.config._requires", "INVALID_CONFIG nodes.a.config._robot",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, problems := workflow.Read([]byte(`{"metadata":{"name":"x"},"nodes":{"a":{"node_type":"LogNode",` + c.step + `}}}`))
			require.Equal(t, c.problems, codes(problems))
			s := d.Steps[0]
			require.Equal(t, c.requires, s.Requires)
			require.Equal(t, c.robot, s.Robot)
			config, err := value.JSON(s.Config)
			require.NoError(t, err)
			require.Equal(t, c.config, string(config))
		})
	}
}

func TestReadListOfTheDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/formats/docs.json")
	require.NoError(t, err)
	steps, wires := ids(read(t, string(raw)))
	require.Equal(t, []string{"start_1:StartNode", "browser_1:LaunchBrowserNode", "v1.2:LogNode"}, steps)
	require.Equal(t, []string{"start_1.exec_out>browser_1.exec_in", "browser_1.exec_out>v1.2.exec_in", "browser_1.page>v1.2.data"}, wires)
}

func TestReadVariables(t *testing.T) {
	t.Parallel()
	d := read(t, `{"metadata":{"name":"x"},"nodes":{},"variables":{
		"a":{"name":"a","type":"Integer","default_value":5,"description":"d"},
		"b":1, "c":{"name":"c","type":"Any"}, "e":{"value":[1]}, "f":{"name":"Ann","type":"customer"}, "g":{"x":1},
		"h":{"default_value":null,"value":7}},
		"default_variables":[{"name":"a","default_value":6},{"name":"z","data_type":"List","default_value":["q"],"required":true}]}`)
	out, err := value.JSON(d.Defaults())
	require.NoError(t, err)
	require.JSONEq(t, `{"a":5,"b":1,"c":null,"e":[1],"f":{"name":"Ann","type":"customer"},"g":{"x":1},"h":null,"z":["q"]}`, string(out))
	require.Equal(t, "Integer", d.Variables[0].Type)
	require.Equal(t, "d", d.Variables[0].Description)
	require.Equal(t, "List", d.Variables[7].Type)
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	def := workflow.DefaultSettings()
	for name, c := range map[string]struct {
		text string
		want workflow.Settings
	}{
		"none":                 {`{}`, def},
		"settings":             {`{"settings":{"stop_on_error":false,"timeout":1,"retry_count":3}}`, workflow.Settings{StepTimeout: time.Second, RetryCount: 3}},
		"execution wins":       {`{"settings":{"stop_on_error":false,"timeout":1,"retry_count":3},"execution_settings":{"node_timeout":0.2}}`, workflow.Settings{StopOnError: true, StepTimeout: 200 * time.Millisecond, RetryCount: 3}},
		"empty execution":      {`{"settings":{"timeout":1},"execution_settings":{}}`, workflow.Settings{StopOnError: true, StepTimeout: time.Second}},
		"stop_on_error":        {`{"settings":{"stop_on_error":false},"execution_settings":{"stop_on_error":true}}`, def},
		"continue before stop": {`{"execution_settings":{"continue_on_error":true,"stop_on_error":true}}`, workflow.Settings{StepTimeout: def.StepTimeout}},
		"stop turned":          {`{"execution_settings":{"stop_on_error":false}}`, workflow.Settings{StepTimeout: def.StepTimeout}},
		"cleanup":              {`{"settings":{"cleanup":true}}`, workflow.Settings{StopOnError: true, StepTimeout: workflow.DefaultStepTimeout, Cleanup: true}},
		"cleanup of execution": {`{"execution_settings":{"cleanup":"true","node_timeout":1},"settings":{"cleanup":false}}`, workflow.Settings{StopOnError: true, StepTimeout: time.Second, Cleanup: true}},
		"template":             {`{"default_settings":{"timeout_seconds":7,"retry_count":1,"stop_on_error":false}}`, workflow.Settings{StepTimeout: 7 * time.Second, RetryCount: 1}},
		"strict":               {`{"settings":{"durability":"strict","isolation":"stop","isolation_wait":90}}`, workflow.Settings{StopOnError: true, StepTimeout: def.StepTimeout, Strict: true, Fence: true, IsolationWait: 90 * time.Second}},
		"strict of execution":  {`{"execution_settings":{"durability":"strict"},"settings":{"isolation":"continue"}}`, workflow.Settings{StopOnError: true, StepTimeout: def.StepTimeout, Strict: true}},
		"words unknown":        {`{"settings":{"durability":"much","isolation":true,"isolation_wait":-1}}`, def},
		"texts":                {`{"settings":{"timeout":" 2.5 ","retry_count":"1","stop_on_error":"off"}}`, workflow.Settings{StepTimeout: 2500 * time.Millisecond, RetryCount: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _ := workflow.Read([]byte(c.text))
			require.Equal(t, c.want, d.Settings)
		})
	}
}

func TestReadProblems(t *testing.T) {
	t.Parallel()
	head := `"metadata":{"name":"x"}`
	long := strings.Repeat("ä", 10_001)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"not json":           {`{"nodes":`, []string{"INVALID_JSON"}},
		"nothing":            {``, []string{"INVALID_JSON"}},
		"two":                {`{} {}`, []string{"INVALID_JSON"}},
		"a list":             {`[]`, []string{"INVALID_TYPE"}},
		"no nodes":           {`{` + head + `}`, []string{"MISSING_REQUIRED_KEY nodes"}},
		"nodes a text":       {`{` + head + `,"nodes":"x"}`, []string{"INVALID_TYPE nodes"}},
		"metadata a list":    {`{"metadata":[],"nodes":{}}`, []string{"INVALID_TYPE metadata", "warn MISSING_NAME metadata.name"}},
		"name an object":     {`{"metadata":{"name":{}},"nodes":{}}`, []string{"INVALID_TYPE metadata.name", "warn MISSING_NAME metadata.name"}},
		"name too long":      {`{"metadata":{"name":"` + strings.Repeat("n", 257) + `"},"nodes":{}}`, []string{"LIMIT_EXCEEDED metadata.name"}},
		"step a number":      {`{` + head + `,"nodes":{"a":1}}`, []string{"INVALID_TYPE a"}},
		"no type":            {`{` + head + `,"nodes":{"a":{}}}`, []string{"MISSING_REQUIRED_FIELD nodes.a.node_type"}},
		"no id in a list":    {`{` + head + `,"nodes":[{"node_type":"StartNode"}]}`, []string{"MISSING_REQUIRED_FIELD nodes[0].node_id"}},
		"id twice":           {`{` + head + `,"nodes":[{"id":"a","type":"StartNode"},{"id":"a","type":"EndNode"}]}`, []string{"DUPLICATE_NODE_ID nodes.a.node_id"}},
		"id is not key":      {`{` + head + `,"nodes":{"a":{"node_id":"b","node_type":"StartNode"}}}`, []string{"warn NODE_ID_MISMATCH nodes.a.node_id"}},
		"config a list":      {`{` + head + `,"nodes":{"a":{"node_type":"StartNode","config":[]}}}`, []string{"INVALID_CONFIG nodes.a.config"}},
		"config too deep":    {`{` + head + `,"nodes":{"a":{"node_type":"T","config":` + strings.Repeat(`{"k":`, 11) + `1` + strings.Repeat(`}`, 11) + `}}}`, []string{"LIMIT_EXCEEDED nodes.a.config" + strings.Repeat(".k", 11)}},
		"text too long":      {`{` + head + `,"nodes":{"a":{"node_type":"T","config":{"l":["` + long + `"]}}}}`, []string{"LIMIT_EXCEEDED nodes.a.config.l[0]"}},
		"type too long":      {`{` + head + `,"nodes":{"a":{"node_type":"` + strings.Repeat("T", 129) + `"}}}`, []string{"LIMIT_EXCEEDED nodes.a.node_type"}},
		"id too long":        {`{` + head + `,"nodes":{"` + strings.Repeat("i", 257) + `":{"node_type":"T"}}}`, []string{"LIMIT_EXCEEDED nodes"}},
		"connections object": {`{` + head + `,"nodes":{},"connections":{"a":1}}`, []string{"INVALID_TYPE connections"}},
		"connection a text":  {`{` + head + `,"nodes":{},"connections":["a"]}`, []string{"INVALID_TYPE connections[0]"}},
		"connection empty":   {`{` + head + `,"nodes":{},"connections":[{}]}`, []string{"MISSING_REQUIRED_FIELD connections[0].source_node", "MISSING_REQUIRED_FIELD connections[0].target_node"}},
		"port too long":      {`{` + head + `,"nodes":{},"connections":[{"source_node":"a","source_port":"` + strings.Repeat("p", 129) + `","target_node":"b"}]}`, []string{"LIMIT_EXCEEDED connections[0]"}},
		"variables a text":   {`{` + head + `,"nodes":{},"variables":"a"}`, []string{"INVALID_TYPE variables"}},
		"variable no name":   {`{` + head + `,"nodes":{},"variables":[{"type":"Any"}]}`, []string{"INVALID_VARIABLE variables[0]"}},
		"settings a list":    {`{` + head + `,"nodes":{},"settings":[1]}`, []string{"INVALID_TYPE settings"}},
		"settings odd": {`{` + head + `,"nodes":{},"settings":{"timeout":0,"retry_count":1.5,"stop_on_error":"perhaps"}}`, []string{
			"warn INVALID_SETTING settings.stop_on_error", "warn INVALID_SETTING settings.timeout", "warn INVALID_SETTING settings.retry_count",
		}},
		"position odd": {`{` + head + `,"nodes":{"a":{"node_type":"StartNode","position":[1]}}}`, []string{"warn INVALID_POSITION nodes.a.position"}},
		"all at once": {`{` + head + `,"nodes":{"a":{},"b":2},"connections":[3]}`, []string{
			"MISSING_REQUIRED_FIELD nodes.a.node_type", "INVALID_TYPE b", "INVALID_TYPE connections[0]",
		}},
		"dangerous words are fine": {`{` + head + `,"nodes":{"a":{"node_type":"LogNode","config":{"message":"open(x); eval(y); __import__"}}}}`, []string{}},
		"byte order mark":          {"\xef\xbb\xbf{" + head + `,"nodes":{}}`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := workflow.Read([]byte(c.text))
			require.Equal(t, c.want, codes(problems))
			for _, p := range problems {
				require.Regexp(t, `(?s)^[A-Z].*[.…]$`, p.Message, "one sentence")
			}
		})
	}
}

func TestReadCounts(t *testing.T) {
	t.Parallel()
	many := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	steps := make([]string, 1001)
	for i := range steps {
		steps[i] = `{"id":` + value.Str(int64(i)) + `,"type":"LogNode"}`
	}
	d, problems := workflow.Read([]byte(`{"metadata":{"name":"x"},"nodes":[` + strings.Join(steps, ",") + `]}`))
	require.Equal(t, []string{"LIMIT_EXCEEDED nodes"}, codes(problems))
	require.Len(t, d.Steps, workflow.MaxSteps)
	_, problems = workflow.Read([]byte(`{"metadata":{"name":"x"},"nodes":{},"connections":[` + many(5001, `{"source_node":"a","target_node":"b"}`) + `]}`))
	require.Equal(t, []string{"LIMIT_EXCEEDED connections"}, codes(problems))
}
