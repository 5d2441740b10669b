package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/node/nodetest"
	"casare/value"
)

// execute runs the command line in this process.
func execute(t *testing.T, input string, args ...string) (output string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetIn(bytes.NewBufferString(input))
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// code is the exit code that an error gives the process.
func code(err error) int {
	if err == nil {
		return 0
	}
	coded := &exitError{code: exitFailure}
	errors.As(err, &coded)
	return coded.code
}

// Every recorded case of a node type also holds when it is run through the command line.
func TestNodesExec_RecordedCases(t *testing.T) {
	t.Parallel()
	nodetest.VectorsBy(t, node.Default, func(t *testing.T, _ string, c nodetest.Case) nodetest.Result {
		t.Helper()
		given := value.NewDict()
		for name, part := range map[string]*value.Dict{"config": c.Config, "inputs": c.Inputs, "variables": c.Vars} {
			if part != nil {
				given.Set(name, part)
			}
		}
		raw, err := value.JSON(given.Dict())
		require.NoError(t, err)
		text, err := execute(t, string(raw), "nodes", "exec", c.Type, "-o", "json")
		parsed, parseErr := value.ParseJSON([]byte(text))
		require.NoError(t, parseErr, "%s: %v", text, err)
		object, _ := parsed.(*value.Dict)
		get := func(name string) value.Value {
			v, _ := object.Get(name)
			return v
		}
		out := nodetest.Result{Host: nodetest.NewHost(c.Vars)}
		out.Outcome.Outputs, _ = get("outputs").(*value.Dict)
		next, _ := get("next").(value.List)
		out.Outcome.Next = []string{}
		for _, port := range next {
			out.Outcome.Next = append(out.Outcome.Next, value.Str(port))
		}
		variables, _ := get("variables").(*value.Dict)
		for name, v := range variables.All() {
			out.Host.SetVar(value.Str(name), v)
		}
		logs, _ := get("logs").(value.List)
		for _, line := range logs {
			out.Host.Line("INFO", value.Str(line))
		}
		if success := get("success"); success != true {
			failed, _ := get("error").(*value.Dict)
			require.NotNil(t, failed, text)
			require.Equal(t, "n", failed.GetText("node_id"))
			require.Equal(t, exitFailure, code(err))
			out.Err = errors.New(failed.GetText("message"))
		} else {
			require.NoError(t, err)
		}
		return out
	})
}

func TestNodesExec_BadInput(t *testing.T) {
	t.Parallel()
	for input, sentence := range map[string]string{
		`{`: "standard input", `[]`: "must hold a JSON object, not list", `{"config": []}`: "config must be an object, not list",
		`{"inputs": 1}`: "inputs must be an object, not int",
	} {
		out, err := execute(t, input, "nodes", "exec", "LogNode")
		require.ErrorContains(t, err, sentence)
		require.Equal(t, exitUsage, code(err))
		require.Empty(t, out)
	}
	_, err := execute(t, "", "nodes", "exec", "Nonsense")
	require.ErrorContains(t, err, "Nonsense is of the unknown type")
	require.Equal(t, exitUsage, code(err))
	_, err = execute(t, "", "nodes", "exec", "LogNode", "-o", "yaml")
	require.Equal(t, exitUsage, code(err))
}

func TestNodesExec_ShowsNoSecret(t *testing.T) {
	t.Setenv("CASARE_SECRET_DOOR", "sesame-open")
	out, err := execute(t, `{"config": {"variable_name": "x", "value": "<{{$secret:door}}>"}}`, "nodes", "exec", "SetVariable", "-o", "json")
	require.NoError(t, err)
	require.Contains(t, out, `"variables":{"x":"***"}`)
	require.NotContains(t, out, "sesame")
}

func TestNodesCompat_TellsWhatWillDiffer(t *testing.T) {
	t.Parallel()
	out, err := execute(t, "", "nodes", "compat", "../../examples/hello.json")
	require.NoError(t, err)
	require.Contains(t, out, "hello.json: runs")
	_, err = execute(t, "", "nodes", "compat", "nodes.go")
	require.Equal(t, exitFailure, code(err), "no document at all cannot run")
	_, err = execute(t, "", "nodes", "compat", "missing.json")
	require.Equal(t, exitUsage, code(err))
}

func TestNodesShow_EveryType(t *testing.T) {
	t.Parallel()
	for _, typ := range node.Default.Types() {
		out, err := execute(t, "", "nodes", "show", typ)
		require.NoError(t, err)
		require.Contains(t, out, typ+":")
	}
	list, err := execute(t, "", "nodes", "list", "-o", "json")
	require.NoError(t, err)
	parsed, err := value.ParseJSON([]byte(list))
	require.NoError(t, err)
	require.Len(t, parsed, len(node.Default.Types()))
}
