package nodetest

import (
	"context"
	"slices"

	"casare/node"
	"casare/value"
	"casare/workflow"
)

// StepID is the id of the step that Run executes.
const StepID = "n"

// Case is one execution of one step.
type Case struct {
	Type   string
	Config *value.Dict
	Inputs *value.Dict // values arriving by wire
	Vars   *value.Dict // variables before
	Files  node.Files  // nil: none
}

// Result is what the execution did.
type Result struct {
	Problems []workflow.Problem
	Outcome  node.Outcome
	Err      error
	Host     *Host
}

// Next lists the ports that control leaves by, a body that is opened included.
func (r *Result) Next() []string {
	if each := r.Outcome.Each; each != nil {
		var ports []string
		for _, b := range each.Branches {
			if !slices.Contains(ports, b.Body) {
				ports = append(ports, b.Body)
			}
		}
		return ports
	}
	if r.Outcome.Open != "" {
		return []string{r.Outcome.Open}
	}
	return r.Outcome.Next
}

// Output returns a data output; nil when it is not set.
func (r *Result) Output(port string) node.Value {
	v, _ := r.Outcome.Outputs.Get(port)
	return v
}

// maxNaps is how often Run wakes a step that goes to sleep again.
const maxNaps = 10_000

// Run binds and executes the case. A step that sleeps is woken at once.
func Run(ctx context.Context, registry *node.Registry, c Case) Result {
	config := c.Config
	if config == nil {
		config = value.DictOf()
	}
	r := Result{Host: NewHost(c.Vars)}
	if c.Files != nil {
		r.Host.WithFiles(c.Files)
	}
	var bound *node.Bound
	bound, r.Problems = registry.Bind(&workflow.Step{ID: StepID, Type: c.Type, Config: config})
	if bound == nil {
		r.Err = workflow.Err(r.Problems)
		return r
	}
	in := map[string]node.Value{}
	for port, v := range c.Inputs.All() {
		if name, ok := port.(string); ok {
			in[name] = v
		}
	}
	r.Outcome, r.Err = bound.Exec(ctx, r.Host, in)
	for range maxNaps {
		if r.Err != nil || r.Outcome.Sleep == 0 {
			break
		}
		r.Outcome, r.Err = bound.Resume(ctx, r.Host, in, r.Outcome.Saved, node.Event{Kind: node.Woken})
	}
	return r
}
