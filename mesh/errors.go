package mesh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/quic-go/quic-go"

	"casare"
)

// The application error codes of our QUIC connections and streams.
const (
	quitDone      = 0 // closed in good order
	quitForbidden = 1 // the roles do not allow this plane
	quitBusy      = 2 // nobody listens on the plane, or too many wait to be accepted
	quitProtocol  = 3 // the peer broke the protocol
	quitTorn      = 4 // closed in the middle of a write
)

func errWrongRecord(wanted, got string) error {
	return casare.Errorf(casare.CodeInvalid, "record is of robot %s instead of %s", got, wanted)
}

// brokenError is a connection that ended otherwise than by Close on either side. It is no timeout, even where QUIC noticed by
// one: a reader that set no deadline must not try again.
type brokenError struct {
	peer  string
	cause error
}

func (e *brokenError) Error() string {
	return fmt.Sprintf("connection with robot %s: %v", e.peer, e.cause)
}
func (e *brokenError) Unwrap() error   { return e.cause }
func (e *brokenError) Timeout() bool   { return false }
func (e *brokenError) Temporary() bool { return false }

var _ net.Error = (*brokenError)(nil)

// closedByPeer says whether the peer closed the whole connection in good order.
func closedByPeer(err error) bool {
	app, ok := errors.AsType[*quic.ApplicationError](err)
	return ok && app.Remote && app.ErrorCode == quitDone
}

// refusal translates why a peer turned a connection down, or could not be reached, for the caller of Dial.
func refusal(peer string, err error) error {
	if ours, ok := errors.AsType[*casare.Error](err); ok {
		if errors.Is(ours, err) {
			return ours
		}
		return casare.Errorf(ours.Code, "robot %s cannot be reached: %w", peer, err)
	}
	code, streamCode := quic.ApplicationErrorCode(quitDone), quic.StreamErrorCode(quitDone)
	if app, ok := errors.AsType[*quic.ApplicationError](err); ok && app.Remote {
		code = app.ErrorCode
	}
	if stream, ok := errors.AsType[*quic.StreamError](err); ok && stream.Remote {
		streamCode = stream.ErrorCode
	}
	switch {
	case code == quitForbidden:
		return casare.Errorf(casare.CodeForbidden, "robot %s refuses this kind of connection from a robot of our role: %w", peer, err)
	case code == quitBusy || streamCode == quitBusy:
		return casare.Errorf(casare.CodeUnavailable, "robot %s does not take this kind of connection now: %w", peer, err)
	case errors.Is(err, context.Canceled):
		return casare.Errorf(casare.CodeUnavailable, "dialling robot %s was given up: %w", peer, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return casare.Errorf(casare.CodeUnavailable, "robot %s did not answer in time: %w", peer, err)
	}
	if alert, ok := errors.AsType[*quic.TransportError](err); ok && alert.Remote && alert.ErrorCode.IsCryptoError() {
		return casare.Errorf(casare.CodeUnauthenticated, "robot %s does not accept our certificate: %w", peer, err)
	}
	return casare.Errorf(casare.CodeUnavailable, "robot %s cannot be reached: %w", peer, err)
}
