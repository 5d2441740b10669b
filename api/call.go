package api

import (
	"context"
	"encoding/hex"
	"time"

	"casare"
)

// Headers of the contract, and the two that only robots send each other: the public handler strips those.
const (
	headerRequestID = "X-Request-Id"
	headerIndex     = "X-Casare-Index" // of the state an answer is about
	headerStale     = "X-Casare-Stale" // milliseconds since this robot lost sight of a leader
	headerError     = "X-Casare-Error" // the code of an error answer, so that the front need not read the body
	headerCommand   = "X-Casare-Command"
	headerVia       = "X-Casare-Via"
	headerKey       = "Idempotency-Key"
)

// call is what is known of one request; it travels in the request's context from the front to the handlers.
type call struct {
	requestID string
	command   string // command id: the front's decision, so that every repeat carries the same
	via       string // the robot that forwarded the request, "" when the user reached this one
	body      []byte
	caller    principal
	stale     bool          // answered here although nobody leads, or because the request accepts it
	staleFor  time.Duration // how long this robot has seen no leader
}

// principal is whose credential came with the request.
type principal struct {
	tenant string
	id     string // of the key
	role   string
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the call of a request's context; never nil.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// proposal wraps a command with what the credential said.
func (a *API) proposal(c *call, id string, command casare.Command) casare.Proposal {
	return casare.Proposal{
		ID: id, Tenant: c.caller.tenant, Actor: c.caller.id, Time: casare.TimeOf(a.deps.Now()), Command: command,
	}
}

// propose applies one command and returns the answer; a refusal is an error.
func (a *API) propose(ctx context.Context, ps ...casare.Proposal) (casare.Result, error) {
	results, err := a.proposeAll(ctx, ps)
	if err != nil {
		return casare.Result{}, err
	}
	for _, r := range results {
		if r.Err != nil {
			return r, r.Err
		}
	}
	return results[len(results)-1], nil
}

// uuidOf prints 16 bytes as a UUID of the given version.
func uuidOf(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	out[8] = '-'
	hex.Encode(out[9:13], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:18], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:23], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:36], b[10:16])
	return string(out[:])
}
