package api

import (
	"context"
	"strconv"

	"casare"
	"casare/value"
)

// resolveBody says how a job goes on that needs attention.
type resolveBody struct {
	Action  casare.ResolveAction `doc:"retry: run the step, or go on where the job stands; skip: take the step as done; fail: the job has failed" enum:"retry,skip,fail" json:"action"`
	Step    string               `doc:"Which step, where more than one can be meant"                                                             json:"step"`
	Outputs Raw                  `doc:"skip: an object, what the step would have left"                                                           json:"outputs"`
	Message string               `doc:"Kept with the job"                                                                                        json:"message"`
}

type resolveAnswer struct {
	JobID   string          `json:"job_id"`
	Status  casare.JobState `json:"status"`
	State   casare.JobState `json:"state"`
	Reason  string          `doc:"What is still to be decided" json:"reason"`
	Message string          `json:"message"`
}

func (a *API) resolveJob(ctx context.Context, in *idInput, body []byte) (*answer[resolveAnswer], error) {
	var req resolveBody
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	if len(req.Message) > 4<<10 {
		return nil, invalidField("message", "is longer than 4 KiB")
	}
	c := casare.ResolveJob{JobID: in.ID, Action: req.Action, Step: req.Step, Message: req.Message}
	if len(req.Outputs) > 0 && string(req.Outputs) != "null" {
		v, err := value.ParseJSON(req.Outputs)
		if _, object := v.(*value.Dict); err != nil || !object {
			return nil, invalidField("outputs", "is no JSON object")
		}
		if req.Action != casare.ResolveSkip {
			return nil, invalidField("outputs", "belongs to action skip")
		}
		c.Outputs = req.Outputs
	}
	if _, err := a.job(ctx, in.ID); err != nil {
		return nil, err
	}
	call := callOf(ctx)
	result, err := a.propose(ctx, a.proposal(call, call.command, c))
	if err != nil {
		return nil, err
	}
	out := resolveAnswer{JobID: in.ID, Message: "The job goes on"}
	if j := result.Job; j != nil {
		out.State, out.Status, out.Reason = j.State, publicState(j.State), j.Reason
		switch j.State { //nolint:exhaustive // in any other state it goes on
		case casare.JobFailed:
			out.Message = "The job has failed"
		case casare.JobNeedsAttention:
			out.Message = "There is more to decide"
		}
	}
	return &answer[resolveAnswer]{Index: strconv.FormatUint(result.Index, 10), Body: out}, nil
}
