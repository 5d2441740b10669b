package engine_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
	"casare/node"
	"casare/value"
	"casare/workflow"
)

// door is the only secret there is.
func door(name string) (string, bool) { return "sesame&open", name == "door" }

// listener keeps all that a run says.
type listener struct{ text string }

func (l *listener) StepEvent(e casare.StepEvent) { l.text += e.Message + "\n" }
func (l *listener) LogLine(line casare.LogLine)  { l.text += line.Message + "\n" }

func TestSecrets_AreUsedAndNeverShown(t *testing.T) {
	t.Parallel()
	doc, problems := workflow.Read([]byte(`{
		"metadata": {"name": "secrets"},
		"variables": {"pin": {"name": "pin", "default_value": "pin-4711", "sensitive": true}},
		"nodes": {
			"s": {"node_id": "s", "node_type": "StartNode"},
			"set": {"node_id": "set", "node_type": "SetVariableNode", "config": {"variable_name": "x", "value": "<{{$secret:door}}>"}},
			"if": {"node_id": "if", "node_type": "IfNode", "config": {"expression": "{{x}} == '<sesame&open>' and pin == 'pin-4711'"}},
			"log": {"node_id": "log", "node_type": "LogNode", "config": {"message": "x={{x}} pin={{pin}} {{$secret:none}}"}},
			"raw": {"node_id": "raw", "node_type": "LogNode", "config": {"message": "sesame&open, sesame%26open"}},
			"dict": {"node_id": "dict", "node_type": "DictSetNode", "config": {"dict": {}, "key": "{{$secret:door}}", "value": 1}},
			"throw": {"node_id": "throw", "node_type": "ThrowErrorNode", "config": {"error_message": "no {{x}} for {{pin}}"}}
		},
		"connections": [
			{"source_node": "s", "source_port": "exec_out", "target_node": "set", "target_port": "exec_in"},
			{"source_node": "set", "source_port": "exec_out", "target_node": "if", "target_port": "exec_in"},
			{"source_node": "if", "source_port": "true", "target_node": "log", "target_port": "exec_in"},
			{"source_node": "log", "source_port": "exec_out", "target_node": "raw", "target_port": "exec_in"},
			{"source_node": "raw", "source_port": "exec_out", "target_node": "dict", "target_port": "exec_in"},
			{"source_node": "dict", "source_port": "exec_out", "target_node": "throw", "target_port": "exec_in"}]}`))
	require.Empty(t, workflow.Errors(problems))
	plan, problems := engine.Compile(doc, node.Default)
	require.Empty(t, workflow.Errors(problems))
	heard := &listener{}
	result := plan.Run(t.Context(), engine.Options{Secrets: door, Sink: heard})
	require.Equal(t, engine.Failed, result.Status)
	require.Equal(t, []string{"s", "set", "if", "log", "raw", "dict", "throw"}, result.Order)
	require.Equal(t, []string{"[log] x=<***> pin=*** {$secret:none}", "[raw] ***, ***"}, result.Logs[:2])
	raw, err := value.JSON(result.Variables)
	require.NoError(t, err)
	for _, shown := range []string{heard.text, string(raw), result.Error.Message, result.Logs[0]} {
		for _, canary := range []string{"sesame", url.QueryEscape("sesame&open"), "4711"} {
			require.NotContains(t, shown, canary)
		}
	}
	x, _ := result.Variables.Get("x")
	require.True(t, value.Equal(value.NewSecret("<sesame&open>"), x))
}

func TestSecrets_WithoutAKeyringATemplateStaysAsItIs(t *testing.T) {
	t.Parallel()
	doc, _ := workflow.Read([]byte(`{"nodes": {"log": {"node_type": "SetVariableNode", "config": {"variable_name": "x", "value": "{{$secret:door}}"}}}, "connections": []}`))
	plan, _ := engine.Compile(doc, node.Default)
	x, _ := plan.Run(t.Context(), engine.Options{}).Variables.Get("x")
	require.Equal(t, "{{$secret:door}}", x)
}
