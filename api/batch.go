package api

import (
	"context"
	"encoding/binary"
	"strconv"

	"casare"
)

const maxBatch = 1000

// batchBody asks for several jobs. Atomic is refused by name: each job is taken or refused by itself.
type batchBody struct {
	Jobs   []submitItem `doc:"1 to 1,000 jobs" json:"jobs"`
	Atomic bool         `doc:"Not supported"   json:"atomic"`
}

// submitItem is a submit that is decoded by itself, so that a wrong one spoils no other.
type submitItem struct {
	submitBody

	wrong error // why it could not be decoded
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *submitItem) UnmarshalJSON(b []byte) error {
	s.wrong = decode(b, &s.submitBody)
	return nil
}

type batchAnswer struct {
	Results  []batchResult `json:"results"`
	Accepted int           `json:"accepted"`
	Rejected int           `json:"rejected"`
}

type batchResult struct {
	JobID  string          `json:"job_id,omitempty"`
	Status casare.JobState `json:"status,omitempty"`
	Error  *batchError     `json:"error,omitempty"`
}

type batchError struct {
	Code    casare.Code      `json:"code"`
	Message string           `json:"message"`
	Field   string           `json:"field,omitempty"`
	Details []casare.Problem `json:"validation_errors,omitempty"`
}

func (a *API) submitBatch(ctx context.Context, in *keyInput, body []byte) (*answer[batchAnswer], error) {
	var req batchBody
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	switch {
	case req.Atomic:
		return nil, casare.Errorf(casare.CodeUnsupported, "atomic batches are not supported: each job is taken by itself").On("atomic")
	case len(req.Jobs) == 0 || len(req.Jobs) > maxBatch:
		return nil, invalidField("jobs", "must hold 1 to 1,000 jobs, not "+strconv.Itoa(len(req.Jobs)))
	}
	c := callOf(ctx)
	b := batch{api: a, call: c, results: make([]batchResult, len(req.Jobs)), carried: map[string]bool{}}
	b.family = inOrderOf(c.command, digest("batch", c.command))
	if in.Key != "" {
		b.family = inOrderOf(in.Key, digest("batch", c.caller.tenant, c.caller.id, in.Key))
	}
	seen := lookups{workflows: map[string]*casare.Workflow{}, robots: map[string]string{}}
	for i := range req.Jobs {
		if err := b.add(i, in.Key, &req.Jobs[i], seen); err != nil {
			b.refuse(i, a.fail(ctx, err))
		}
	}
	index, err := b.propose(ctx)
	if err != nil {
		return nil, err
	}
	out := batchAnswer{Results: b.results}
	for i := range b.results {
		if b.results[i].Error == nil {
			out.Accepted++
		} else {
			out.Rejected++
		}
	}
	return &answer[batchAnswer]{Index: strconv.FormatUint(index, 10), Body: out}, nil
}

// batch is the work of one request for several jobs.
type batch struct {
	api     *API
	call    *call
	results []batchResult
	jobs    []submission
	place   []int           // of each job in results
	carried map[string]bool // revisions whose document a job before carries
	family  [16]byte        // what the ids of its jobs begin with
}

// add reads one item.
func (b *batch) add(i int, key string, item *submitItem, seen lookups) error {
	if item.wrong != nil {
		return item.wrong
	}
	id, err := b.itemID(i, key, item.Key)
	if err != nil {
		return err
	}
	s, err := b.api.submission(b.call, &item.submitBody, id, seen)
	if err != nil {
		return err
	}
	if item.Key != "" || key != "" {
		s.spec.BodyHash = item.hash()
	}
	// One job carries the document for the others; not one with its own key, which may be refused for it and then stores nothing.
	switch {
	case s.doc == nil:
	case b.carried[s.spec.Revision]:
		s.doc = nil
	case item.Key == "":
		b.carried[s.spec.Revision] = true
	}
	b.jobs = append(b.jobs, s)
	b.place = append(b.place, i)
	return nil
}

// itemID is the id of the job that an item makes. An item without a key of its own is known by its place in a batch that is known
// by its key or its command; the jobs of such a batch are neighbours in the state, which writes them together.
func (b *batch) itemID(i int, key, own string) (string, error) {
	if own != "" {
		return b.call.jobID("jobs", own, "")
	}
	if len(key) > maxIdempotency {
		return "", casare.Errorf(casare.CodeInvalid, "the Idempotency-Key is longer than %d bytes", maxIdempotency).On("key")
	}
	id := b.family
	binary.BigEndian.PutUint16(id[14:], uint16(i)) //nolint:gosec // less than maxBatch
	return uuidOf(id, 8), nil
}

func (b *batch) refuse(i int, f *failure) {
	e := &batchError{Code: f.Problem.Code, Message: f.Problem.Message}
	if f.Problem.Field != nil {
		e.Field = *f.Problem.Field
	}
	if f.Problem.Details != nil {
		e.Details = f.Problem.Details.Problems
	}
	b.results[i] = batchResult{Error: e}
}

// propose submits every job at once and notes each answer.
func (b *batch) propose(ctx context.Context) (uint64, error) {
	if len(b.jobs) == 0 {
		return b.api.deps.State.Index(), nil
	}
	var before []casare.Proposal // all documents that a job refers to come before all jobs
	ps := make([]casare.Proposal, len(b.jobs))
	for n, s := range b.jobs {
		before = append(before, s.before...)
		ps[n] = b.api.proposal(b.call, s.spec.ID, s.command())
	}
	results, err := b.api.proposeAll(ctx, append(before, ps...))
	if err != nil {
		return 0, err
	}
	index := uint64(0)
	for n, r := range results[len(before):] {
		index = max(index, r.Index)
		if r.Err != nil {
			b.refuse(b.place[n], b.api.fail(ctx, r.Err))
			continue
		}
		b.accept(n, r.Job)
	}
	return index, nil
}

func (b *batch) accept(n int, job *casare.Job) {
	spec := b.jobs[n].spec
	state := casare.JobQueued
	if job != nil {
		state = job.State
	}
	b.results[b.place[n]] = batchResult{JobID: spec.ID, Status: publicState(state)}
	b.api.stored(&spec)
}

// proposeAll applies commands and returns an answer for each. When only some are known, the outcome of the whole is not.
func (a *API) proposeAll(ctx context.Context, ps []casare.Proposal) ([]casare.Result, error) {
	results, err := a.deps.Proposer.Propose(ctx, ps...)
	switch {
	case err != nil && len(results) > 0:
		return nil, casare.Errorf(casare.CodeOutcomeUnknown, "only %d of %d were answered: %w", len(results), len(ps), err)
	case err != nil:
		return nil, err
	case len(results) != len(ps):
		return nil, casare.Errorf(casare.CodeInternal, "%d commands had %d answers", len(ps), len(results))
	}
	return results, nil
}
