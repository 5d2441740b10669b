package api

import (
	"cmp"
	"context"

	"casare"
)

// debugBody is where a run shall stop from now on, and what it shall show.
type debugBody struct {
	Breakpoints []casare.Breakpoint `json:"breakpoints"`
	Watches     []string            `doc:"Expressions to evaluate at each stop" json:"watches"`
	IdleSeconds int                 `doc:"How long a stopped run waits for a client; 0: half an hour" json:"idle_seconds"`
	OnIdle      string              `doc:"What becomes of it then: continue, the default, or cancel" json:"on_idle"`
}

// debugCommandBody is what some commands need.
type debugCommandBody struct {
	Step   string `doc:"run_to: the id of the step"                json:"step"`
	NodeID string `doc:"Same as step"                              json:"node_id"`
	Name   string `doc:"set_variable: its name"                    json:"name"`
	Value  Raw    `doc:"set_variable: its value, as JSON"          json:"value"`
}

// debugJobInput names a job.
type debugJobInput struct {
	keyInput

	ID string `path:"id"`
}

// debugInput names a job and a command.
type debugInput struct {
	keyInput

	ID  string `path:"id"`
	Sub string `doc:"continue, step_over, step_into, step_out, run_to, set_variable or pause" path:"sub"`
}

// commandID tells a command that comes again from a new one: the client's key, else what this mesh gave the request.
func (in *keyInput) commandID(ctx context.Context) string { return cmp.Or(in.Key, callOf(ctx).command) }

// debugAnswer is how the debugger of a job stands.
type debugAnswer struct {
	JobID string `json:"job_id"`
	casare.DebugState
}

// debug has the debugger of a job of the caller's tenant do something.
func (a *API) debug(ctx context.Context, id string, c casare.DebugCommand) (*answer[debugAnswer], error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	j, err := a.job(ctx, id)
	if err != nil {
		return nil, err
	}
	if !j.State.Active() {
		return nil, casare.Errorf(casare.CodeTransition, "job %s is %s; only one that runs can be stopped and looked at", id, j.State)
	}
	state, err := a.deps.Fleet.Debug(ctx, id, c)
	if err != nil {
		return nil, err
	}
	out := debugAnswer{JobID: id, DebugState: state}
	// Lists are lists for every client, also when they are empty.
	out.Stack = append([]casare.DebugFrame{}, state.Stack...)
	out.Variables = append([]casare.DebugVariable{}, state.Variables...)
	out.Watches = append([]casare.DebugWatch{}, state.Watches...)
	out.Breakpoints = append([]casare.Breakpoint{}, state.Breakpoints...)
	for i := range out.Variables {
		out.Variables[i].Value = orNull(out.Variables[i].Value)
	}
	for i := range out.Watches {
		out.Watches[i].Value = orNull(out.Watches[i].Value)
	}
	return &answer[debugAnswer]{Body: out}, nil
}

// orNull is raw JSON that is there.
func orNull(raw []byte) []byte {
	if len(raw) == 0 {
		return []byte("null")
	}
	return raw
}

func (a *API) getDebug(ctx context.Context, in *idInput) (*answer[debugAnswer], error) {
	return a.debug(ctx, in.ID, casare.DebugCommand{Verb: casare.DebugLook})
}

func (a *API) putDebug(ctx context.Context, in *debugJobInput, body []byte) (*answer[debugAnswer], error) {
	var req debugBody
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	return a.debug(ctx, in.ID, casare.DebugCommand{
		Verb: casare.DebugConfigure, ID: in.commandID(ctx),
		Spec: &casare.DebugSpec{Breakpoints: req.Breakpoints, Watches: req.Watches, IdleSeconds: req.IdleSeconds, OnIdle: req.OnIdle},
	})
}

func (a *API) pauseJob(ctx context.Context, in *debugJobInput, _ []byte) (*answer[debugAnswer], error) {
	return a.debug(ctx, in.ID, casare.DebugCommand{Verb: casare.DebugPause, ID: in.commandID(ctx)})
}

func (a *API) resumeJob(ctx context.Context, in *debugJobInput, _ []byte) (*answer[debugAnswer], error) {
	return a.debug(ctx, in.ID, casare.DebugCommand{Verb: casare.DebugContinue, ID: in.commandID(ctx)})
}

func (a *API) commandDebug(ctx context.Context, in *debugInput, body []byte) (*answer[debugAnswer], error) {
	var req debugCommandBody
	if len(body) > 0 {
		if err := decode(body, &req); err != nil {
			return nil, err
		}
	}
	verb := casare.DebugVerb(in.Sub)
	if verb == casare.DebugConfigure || verb == casare.DebugLook {
		return nil, casare.Errorf(casare.CodeInvalid, "the debugger has no command %q", in.Sub).On("command")
	}
	return a.debug(ctx, in.ID, casare.DebugCommand{
		Verb: verb, Step: cmp.Or(req.Step, req.NodeID), Name: req.Name, Value: req.Value, ID: in.commandID(ctx),
	})
}

// noBody describes that a request has nothing to say.
type noBody struct{}

func debugRoutes() []route {
	return []route{
		{
			method: post, paths: []string{"/api/v1/jobs/{id}/pause", "/api/jobs/{id}/pause"},
			policy: policyKey, place: placeWrite, body: bodySmall, huma: withBody[noBody]((*API).pauseJob),
			id: "pause-job", tag: "debugger", about: "Stop a running job before its next step",
		},
		{
			method: post, paths: []string{"/api/v1/jobs/{id}/resume", "/api/jobs/{id}/resume"},
			policy: policyKey, place: placeWrite, body: bodySmall, huma: withBody[noBody]((*API).resumeJob),
			id: "resume-job", tag: "debugger", about: "Let a job that is stopped go on",
		},
		{
			method: get, paths: []string{"/api/v1/jobs/{id}/debug"},
			policy: policyKey, place: placeRead, huma: operation((*API).getDebug),
			id: "get-debugger", tag: "debugger", about: "Where a job is stopped, why, and what its variables and watches are",
		},
		{
			method: put, paths: []string{"/api/v1/jobs/{id}/debug"},
			policy: policyKey, place: placeWrite, body: bodyDocument, huma: withBody[debugBody]((*API).putDebug),
			id: "put-debugger", tag: "debugger", about: "Set the breakpoints and watches of a running job; those it had are replaced",
		},
		{
			method: post, paths: []string{"/api/v1/jobs/{id}/debug/{sub}"},
			policy: policyKey, place: placeWrite, body: bodySmall, huma: withBody[debugCommandBody]((*API).commandDebug),
			id: "command-debugger", tag: "debugger", about: "Continue, step, run to a step or set a variable of a job that is stopped",
		},
	}
}
