package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"casare"
	"casare/executor/engine"
	"casare/node"
	_ "casare/nodes/all" // every node type this program knows
	"casare/value"
	"casare/workflow"
)

// variableFlags are --var and --vars, shared by run and submit.
type variableFlags struct {
	pairs []string
	json  string
}

func (v *variableFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&v.pairs, "var", nil, "k=v, a variable of the run; v is JSON if it reads as JSON, else text; may be repeated")
	cmd.Flags().StringVar(&v.json, "vars", "", "variables of the run as one JSON object")
}

// dict returns the variables; --var wins over --vars.
func (v *variableFlags) dict() (*value.Dict, error) {
	vars := value.NewDict()
	if v.json != "" {
		parsed, err := value.ParseJSON([]byte(v.json))
		if err != nil {
			return nil, usageError("--vars: %w", err)
		}
		object, ok := parsed.(*value.Dict)
		if !ok {
			return nil, usageError("--vars must be a JSON object, not %s", value.TypeName(parsed))
		}
		for k, val := range object.All() {
			vars.Set(k, val)
		}
	}
	for _, pair := range v.pairs {
		key, text, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return nil, usageError("--var %q is not of the form k=v", pair)
		}
		parsed, err := value.ParseJSON([]byte(text))
		if err != nil {
			parsed = text
		}
		vars.Set(key, parsed)
	}
	return vars.Dict(), nil
}

func runCommand() *cobra.Command {
	var vars variableFlags
	var output, secretFile string
	var part localPart
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a workflow on this machine, with no mesh",
		Long: `Run a workflow on this machine, with no mesh, and print its log.

Exit code 0: the workflow succeeded; 1: it failed; 2: the document is bad, every problem is listed.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "" && output != "json" {
				return usageError("-o %q: only json is known", output)
			}
			variables, err := vars.dict()
			if err != nil {
				return err
			}
			secrets, err := localSecrets(secretFile)
			if err != nil {
				return err
			}
			return runLocally(cmd.Context(), localRun{
				file: args[0], variables: variables, secrets: secrets, part: part, json: output == "json", out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(),
			})
		},
	}
	vars.register(cmd)
	part.register(cmd)
	secretsFlag(cmd, &secretFile)
	cmd.Flags().StringVarP(&output, "output", "o", "", `"json" prints one object: success, error, variables, logs, order`)
	return cmd
}

// localPart says how much of a document runs: all from its first start, unless a flag says otherwise.
type localPart struct {
	to, only string
	all      bool
}

func (p *localPart) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.to, "to", "", "STEP: run only what leads to this step, and stop after it")
	cmd.Flags().StringVar(&p.only, "only", "", "STEP: run only this step, once")
	cmd.Flags().BoolVar(&p.all, "all", false, "begin at every start step instead of the first")
}

// check refuses flags that contradict one another, and steps that the document does not have.
func (p *localPart) check(doc *workflow.Document) error {
	if p.to != "" && p.only != "" || p.all && (p.to != "" || p.only != "") {
		return usageError("only one of --to, --only and --all can be given")
	}
	for flag, id := range map[string]string{"--to": p.to, "--only": p.only} {
		if id != "" && !slices.ContainsFunc(doc.Steps, func(s *workflow.Step) bool { return s.ID == id }) {
			return usageError("%s: the document has no step %s", flag, id)
		}
	}
	return nil
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError("one FILE is needed, not %d", len(args))
	}
	return nil
}

// readDocument reads a workflow file up to the size that a mesh takes.
func readDocument(path string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, casare.MaxDocument+1))
	if err != nil {
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("read %s: %w", path, err)}
	}
	if len(raw) > casare.MaxDocument {
		return nil, usageError("%s is larger than the %d KiB a workflow document may have", path, casare.MaxDocument>>10)
	}
	return raw, nil
}

type localRun struct {
	file      string
	variables *value.Dict
	secrets   func(name string) (string, bool)
	part      localPart
	json      bool
	out, err  io.Writer
}

func runLocally(ctx context.Context, r localRun) error {
	raw, err := readDocument(r.file)
	if err != nil {
		return err
	}
	doc, problems := workflow.Read(raw)
	var plan *engine.Plan
	if doc != nil && len(workflow.Errors(problems)) == 0 {
		var found []workflow.Problem
		plan, found = engine.Compile(doc, node.Default)
		problems = append(problems, found...)
	}
	printProblems(r.err, problems)
	if bad := workflow.Errors(problems); len(bad) > 0 || plan == nil {
		return usageError("%s: %d %s in the document", r.file, len(bad), plural(len(bad), "problem"))
	}
	if err := r.part.check(doc); err != nil {
		return err
	}
	var sink engine.Sink
	if !r.json {
		sink = printSink{out: r.out}
	}
	options, done, err := localOptions(filepath.Dir(r.file), r.secrets)
	if err != nil {
		return err
	}
	defer done()
	options.Variables, options.Sink = r.variables, sink
	options.RunTo, options.RunStep, options.RunAll = r.part.to, r.part.only, r.part.all
	result := plan.Run(ctx, options)
	if r.json {
		if err := printResult(r.out, result); err != nil {
			return err
		}
	}
	if result.Status == engine.Completed {
		return nil
	}
	return &exitError{code: exitFailure, err: failure(result), quiet: r.json}
}

func failure(result engine.Result) error {
	if result.Error == nil {
		return errors.New("the run was stopped")
	}
	if result.Error.NodeID == "" {
		return fmt.Errorf("%s: %s", result.Error.ErrorType, result.Error.Message)
	}
	return fmt.Errorf("step %s: %s: %s", result.Error.NodeID, result.Error.ErrorType, result.Error.Message)
}

func printProblems(w io.Writer, problems []workflow.Problem) {
	for _, p := range problems {
		kind := "error"
		if p.Warning {
			kind = "warning"
		}
		where := ""
		if p.Step != "" {
			where = " step " + p.Step
		}
		if p.Field != "" {
			where += " field " + p.Field
		}
		fmt.Fprintf(w, "%s %s%s: %s\n", kind, p.Code, where, p.Message)
	}
}

// printSink shows a run's log on the terminal.
type printSink struct{ out io.Writer }

// StepEvent shows failures; a run's own log says the rest.
func (p printSink) StepEvent(e casare.StepEvent) {
	if e.State == casare.StepFailed {
		fmt.Fprintf(p.out, "[%s] failed: %s\n", e.Step, e.Message)
	}
}

// LogLine prints a line.
func (p printSink) LogLine(l casare.LogLine) { fmt.Fprintf(p.out, "%-8s %s\n", l.Level, l.Message) }

// printResult writes the one object of -o json.
func printResult(w io.Writer, result engine.Result) error {
	var failed value.Value
	if result.Error != nil {
		failed = value.DictOf(
			value.Pair{Key: "node_id", Value: result.Error.NodeID},
			value.Pair{Key: "error_type", Value: result.Error.ErrorType},
			value.Pair{Key: "message", Value: result.Error.Message},
		)
	}
	object := value.DictOf(
		value.Pair{Key: "success", Value: result.Status == engine.Completed},
		value.Pair{Key: "error", Value: failed},
		value.Pair{Key: "variables", Value: result.Variables},
		value.Pair{Key: "logs", Value: texts(result.Logs)},
		value.Pair{Key: "order", Value: texts(result.Order)},
	)
	text, err := value.JSON(object)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	fmt.Fprintln(w, string(text))
	return nil
}

func texts(lines []string) value.List {
	list := make(value.List, 0, len(lines))
	for _, l := range lines {
		list = append(list, l)
	}
	return list
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
