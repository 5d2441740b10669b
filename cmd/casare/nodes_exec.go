package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"casare"
	"casare/executor/engine"
	"casare/internal/files"
	"casare/node"
	"casare/value"
	"casare/workflow"
)

// What casare nodes exec calls the one step and its workflow.
const (
	execStep     = "n"
	execWorkflow = "t"
)

func nodesExec() *cobra.Command {
	var output, secretFile string
	cmd := &cobra.Command{
		Use:   "exec TYPE",
		Short: "Run one node type on this machine",
		Long: `Run one node type on this machine, as the step "n" of a workflow "t".

Standard input holds one JSON object, every key of which may be left out:
  config     what the form of the step says
  inputs     values that arrive at its ports by wire, which win over the config
  variables  the variables before

Exit code 0: the step succeeded; 1: it failed; 2: the input or the config is bad.`,
		Example: `  echo '{"config": {"string_1": "a", "string_2": "b"}}' | casare nodes exec ConcatenateNode -o json`,
		Args:    oneType,
		RunE: func(cmd *cobra.Command, args []string) error {
			secrets, err := localSecrets(secretFile)
			if err != nil {
				return err
			}
			e, err := entryOf(args[0])
			if err != nil {
				return err
			}
			given, err := readGiven(cmd.InOrStdin())
			if err != nil {
				return err
			}
			return given.run(cmd.Context(), e.Type, oneRun{
				secrets: secrets, json: output == "json", out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(),
			})
		},
	}
	outputFlag(cmd, &output)
	secretsFlag(cmd, &secretFile)
	return cmd
}

// given is what one execution gets.
type given struct{ config, inputs, variables *value.Dict }

// readGiven reads the object on standard input; nothing at all is an empty one.
func readGiven(in io.Reader) (given, error) {
	g := given{config: value.DictOf(), inputs: value.DictOf(), variables: value.DictOf()}
	raw, err := io.ReadAll(io.LimitReader(in, casare.MaxDocument+1))
	switch {
	case err != nil:
		return g, fmt.Errorf("read standard input: %w", err)
	case len(raw) > casare.MaxDocument:
		return g, usageError("standard input has more than %d KiB", casare.MaxDocument>>10)
	case len(raw) == 0:
		return g, nil
	}
	parsed, err := value.ParseJSON(raw)
	if err != nil {
		return g, usageError("standard input: %w", err)
	}
	object, ok := parsed.(*value.Dict)
	if !ok {
		return g, usageError("standard input must hold a JSON object, not %s", value.TypeName(parsed))
	}
	for name, to := range map[string]**value.Dict{"config": &g.config, "inputs": &g.inputs, "variables": &g.variables} {
		part, _ := object.Get(name)
		if part == nil {
			continue
		}
		if *to, ok = part.(*value.Dict); !ok {
			return g, usageError("%s must be an object, not %s", name, value.TypeName(part))
		}
	}
	return g, nil
}

// oneRun is how one execution is done and shown.
type oneRun struct {
	secrets  func(name string) (string, bool)
	json     bool
	out, err io.Writer
}

func (g given) run(ctx context.Context, typ string, r oneRun) error {
	doc := &workflow.Document{
		ID: execWorkflow, Name: execWorkflow, Settings: workflow.DefaultSettings(), Raw: value.DictOf(),
		Steps: []*workflow.Step{{ID: execStep, Type: typ, Config: g.config}},
	}
	plan, problems := engine.Compile(doc, node.Default)
	if bad := workflow.Errors(problems); len(bad) > 0 {
		printProblems(r.err, bad)
		return usageError("%s: %d %s in the config", typ, len(bad), plural(len(bad), "problem"))
	}
	var sink engine.Sink
	if !r.json {
		sink = printSink{out: r.err}
	}
	options, done, err := localOptions(".", r.secrets)
	if err != nil {
		return err
	}
	defer done()
	options.Variables, options.Inputs, options.RunStep, options.Sink = g.variables, g.inputs, execStep, sink
	result := plan.Run(ctx, options)
	if err := printSingle(r, g.variables, &result); err != nil {
		return err
	}
	if result.Status == engine.Completed {
		return nil
	}
	return &exitError{code: exitFailure, err: failure(result), quiet: r.json}
}

// localOptions are those of every run without a mesh: with the rights of whoever calls, in the working folder. folder is where the document
// lies. done closes what they hold.
func localOptions(folder string, secrets func(name string) (string, bool)) (o engine.Options, done func(), err error) {
	access, err := files.Caller(files.Default())
	if err != nil {
		return o, nil, err
	}
	open, err := files.Open(access)
	if err != nil {
		return o, nil, err
	}
	documents := &besideDocuments{folder: folder, read: open.ReadFile}
	return engine.Options{Now: time.Now, Secrets: secrets, Files: open, Documents: documents}, open.Close, nil
}

// printSingle writes the one object of nodes exec.
func printSingle(r oneRun, before *value.Dict, result *engine.Result) error {
	var failed value.Value
	if result.Error != nil {
		failed = value.DictOf(
			value.Pair{Key: "node_id", Value: result.Error.NodeID},
			value.Pair{Key: "error_type", Value: result.Error.ErrorType},
			value.Pair{Key: "message", Value: result.Error.Message},
		)
	}
	single := result.Single
	if single == nil {
		single = &engine.Single{Outputs: value.DictOf()}
	}
	object := value.DictOf(
		value.Pair{Key: "success", Value: result.Status == engine.Completed},
		value.Pair{Key: "outputs", Value: single.Outputs},
		value.Pair{Key: "error", Value: failed},
		value.Pair{Key: "variables", Value: changedVariables(before, result.Variables)},
		value.Pair{Key: "next", Value: texts(single.Next)},
		value.Pair{Key: "logs", Value: texts(result.Logs)},
	)
	text, err := value.JSON(object)
	if err != nil {
		return errors.Join(errors.New("the result cannot be written as JSON"), err)
	}
	fmt.Fprintln(r.out, string(text))
	return nil
}

// changedVariables are those that were created or changed; the outputs of the step are no variable.
func changedVariables(before, after *value.Dict) *value.Dict {
	b := value.NewDict()
	for k, v := range after.All() {
		if old, ok := before.Get(k); k != execStep && (!ok || !value.Equal(old, v)) {
			b.Set(k, v)
		}
	}
	return b.Dict()
}
