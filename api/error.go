package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"

	"casare"
)

// failure is the error body of the contract. It is also what huma asks of an error.
type failure struct {
	Success bool         `json:"success"`
	Data    *struct{}    `json:"data"`
	Problem failureError `json:"error"`
	Meta    failureMeta  `json:"meta"`
	Detail  string       `json:"detail"`

	status int
	header http.Header
}

type failureError struct {
	Code    casare.Code     `json:"code"`
	Message string          `json:"message"`
	Details *failureDetails `json:"details"`
	Field   *string         `json:"field"`
}

type failureDetails struct {
	Problems []casare.Problem `json:"validation_errors,omitempty"`
	JobID    string           `json:"job_id,omitempty"` // of an unknown outcome: ask for this job before sending it again
}

type failureMeta struct {
	RequestID string      `json:"request_id"`
	Timestamp casare.Time `json:"timestamp"`
}

// Error implements huma.StatusError.
func (f *failure) Error() string { return f.Detail }

// GetStatus implements huma.StatusError.
func (f *failure) GetStatus() int { return f.status }

// GetHeaders implements huma.HeadersError.
func (f *failure) GetHeaders() http.Header { return f.header }

// fail turns any error into the body of the contract. What is not a *casare.Error is a fault of ours: it is logged, and the user
// gets the id under which it can be found.
func (a *API) fail(ctx context.Context, err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	c := callOf(ctx)
	e, ok := errors.AsType[*casare.Error](err)
	if !ok {
		a.deps.Logger.LogAttrs(ctx, slog.LevelError, "request failed",
			slog.String("request_id", c.requestID), slog.String("error", err.Error()))
		e = casare.Errorf(casare.CodeInternal, "something went wrong inside; the robot's log has it under %s", c.requestID)
	}
	f := newFailure(c, casare.TimeOf(a.deps.Now()), e)
	if e.Code == casare.CodeOutcomeUnknown && c.command != "" {
		f.Problem.Details = &failureDetails{JobID: c.command}
	}
	return f
}

func newFailure(c *call, now casare.Time, e *casare.Error) *failure {
	f := &failure{
		Problem: failureError{Code: e.Code, Message: e.Message},
		Meta:    failureMeta{RequestID: c.requestID, Timestamp: now},
		Detail:  e.Message,
		status:  e.Code.Status(),
		header:  http.Header{headerError: {string(e.Code)}},
	}
	if e.Field != "" {
		f.Problem.Field = &e.Field
	}
	if len(e.Problems) > 0 {
		f.Problem.Details = &failureDetails{Problems: e.Problems}
	}
	switch f.status {
	case http.StatusUnauthorized:
		f.header.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		f.header.Set("Retry-After", "1")
	}
	return f
}

// refuse answers a request with an error, outside of huma.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := a.fail(r.Context(), err)
	maps.Copy(w.Header(), f.header)
	writeJSON(w, f.status, f)
}

// writeJSON answers with a JSON body. A failed write means that the client has gone: nobody is left to tell.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, `{"detail":"the answer could not be encoded"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
