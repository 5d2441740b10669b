package executor

import (
	"context"
	"errors"
	"strings"

	"casare"
	"casare/executor/engine"
	"casare/node"
	"casare/value"
	"casare/workflow"
)

// NewRunner returns the runner that reads documents with the node types of a registry and runs them with the engine.
func NewRunner(registry *node.Registry) Runner { return engineRunner{registry} }

type engineRunner struct{ registry *node.Registry }

// Compile implements Runner.
func (r engineRunner) Compile(document []byte) (Program, error) {
	doc, problems := workflow.Read(document)
	if err := problemsOf(problems); err != nil || doc == nil {
		return nil, err
	}
	plan, problems := engine.Compile(doc, r.registry)
	if err := problemsOf(problems); err != nil {
		return nil, err
	}
	return program{plan}, nil
}

// problemsOf makes one error of what keeps a document from running.
func problemsOf(problems []workflow.Problem) error {
	found := workflow.Errors(problems)
	if len(found) == 0 {
		return nil
	}
	code := casare.CodeUnsupported
	texts := make([]string, 0, len(found))
	for _, p := range found {
		if p.Code != workflow.CodeUnknownType && p.Code != workflow.CodeUnsupportedType {
			code = casare.CodeInvalid // it would not run on a robot with more node types either
		}
		texts = append(texts, p.String())
	}
	return casare.Errorf(code, "%s", strings.Join(texts, "; "))
}

type program struct{ plan *engine.Plan }

// Run implements Program.
func (p program) Run(ctx context.Context, o RunOptions) Outcome {
	variables, err := variablesOf(o.Variables)
	if err != nil {
		return Outcome{State: casare.JobFailed, Error: &casare.JobError{ErrorType: "ValidationError", Message: err.Error()}}
	}
	seal, open := o.Secrets.cipher()
	mode := casare.RunMode{}
	if o.Mode != nil {
		mode = *o.Mode
	}
	decisions, err := decisionsOf(o.Decisions)
	if err != nil {
		return Outcome{State: casare.JobFailed, Error: &casare.JobError{ErrorType: "ValidationError", Message: err.Error()}}
	}
	result := p.plan.Run(ctx, engine.Options{
		Variables: variables,
		Secrets:   o.Secrets.Secret,
		Seal:      seal,
		Open:      open,
		Sink:      sink{o},
		Checkpoint: func(ctx context.Context, s engine.Snapshot) error {
			return o.Checkpoint(ctx, Snapshot{
				Changes: s.Changes, Whole: s.Whole, Moment: s.Moment, Open: s.Open, Step: s.Step, Progress: s.Progress,
			})
		},
		Settle:    o.Settle,
		Resume:    o.Resume,
		Decisions: decisions,
		Edit:      o.Edit,
		Here:      o.Here,
		Held:      o.Held,
		Stop:      o.Stop,
		Files:     o.Files,
		Documents: o.Documents,
		Debug:     o.Debug,
		RunTo:     mode.To, RunStep: mode.Only, RunAll: mode.All,
		Now:    o.Now,
		Logger: o.Logger,
	})
	out := Outcome{Error: result.Error, Released: result.Status == engine.Released, Attention: result.Attention}
	switch result.Status {
	case engine.Completed:
		out.State = casare.JobCompleted
	case engine.Failed:
		out.State = casare.JobFailed
	case engine.Cancelled:
		out.State = casare.JobCancelled
	case engine.TimedOut:
		out.State = casare.JobTimeout
	case engine.Released:
		out.Moves, out.Move = result.Moves, result.Move
		return out
	}
	return out.with(result.Variables)
}

// decisionsOf gives the engine what a person decided.
func decisionsOf(all []casare.Decision) ([]engine.Decision, error) {
	decisions := make([]engine.Decision, 0, len(all))
	for _, d := range all {
		outputs, err := variablesOf(d.Outputs)
		if err != nil {
			return nil, casare.Errorf(casare.CodeInvalid, "outputs of step %s: %w", d.Step, err).On("outputs")
		}
		decisions = append(decisions, engine.Decision{Step: d.Step, Skip: d.Action == casare.ResolveSkip, Outputs: outputs})
	}
	return decisions, nil
}

// Policy implements Program.
func (p program) Policy() Policy {
	s := p.plan.Document().Settings
	return Policy{Strict: s.Strict, Fence: s.Fence, IsolationWait: s.IsolationWait}
}

func variablesOf(raw []byte) (*value.Dict, error) {
	if len(raw) == 0 {
		return nil, nil //nolint:nilnil // no variables are no error
	}
	v, err := value.ParseJSON(raw)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "variables: %w", err).On("variables")
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, casare.Errorf(casare.CodeInvalid, "variables are no JSON object").On("variables")
	}
	return d, nil
}

// with adds the variables at the end. Those that do not fit through the log fail the job, naming the largest: a job whose result
// silently lacks something has not completed.
func (o Outcome) with(variables *value.Dict) Outcome {
	raw, err := value.JSON(variables)
	if err == nil && len(raw) <= casare.MaxDocument {
		o.Variables = raw
		return o
	}
	if o.State != casare.JobCompleted {
		return o // it has a better reason already
	}
	o.State = casare.JobFailed
	o.Error = &casare.JobError{ErrorType: engine.TypeTooLarge}
	if err != nil {
		o.Error.Message = "the variables cannot be written: " + err.Error()
		return o
	}
	name, size := largest(variables)
	o.Error.Message = casare.Errorf(casare.CodeTooLarge,
		"the variables take %d bytes, more than %d; the largest is %s with %d bytes", len(raw), casare.MaxDocument, name, size).Message
	return o
}

// largest finds the variable whose JSON is the longest.
func largest(variables *value.Dict) (name string, size int) {
	for k, v := range variables.All() {
		raw, err := value.JSON(v)
		if err == nil && len(raw) > size {
			name, size = value.Str(k), len(raw)
		}
	}
	return name, size
}

// sink passes on what a run says.
type sink struct{ o RunOptions }

// StepEvent implements engine.Sink.
func (s sink) StepEvent(e casare.StepEvent) { s.o.Step(e) }

// LogLine implements engine.Sink.
func (s sink) LogLine(l casare.LogLine) { s.o.Log(l) }

// The causes that a run's context ends with.
var (
	errCancelled = engine.ErrCancelled
	errTimeout   = engine.ErrJobTimeout
	errGone      = errors.New("the attempt is no longer this robot's")
	errDrained   = errors.New("the robot stops")
	errFenced    = errors.New("the lease of this robot nears its end")
)
