package mesh

import (
	"context"
	"crypto/hmac"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"golang.org/x/time/rate"

	"casare"
	"casare/mesh/identity"
)

const (
	joinsAtOnce   = 32
	joinReadTime  = 10 * time.Second
	admitTime     = 25 * time.Second
	partTime      = 5 * time.Second // for the joiner to read the answer
	failuresBurst = 10              // wrong requests from one address before it must wait
	failuresRate  = rate.Limit(0.5)
	failureTable  = 1024 // addresses that are watched
	maxRobotName  = 255
	fieldClock    = "clock"
)

// joinDesk serves the join plane: the only one for strangers, so everything here is counted, capped and timed.
type joinDesk struct {
	handler JoinHandler
	id      *identity.Identity
	log     *slog.Logger
	now     func() time.Time
	desks   chan struct{}

	mu       sync.Mutex
	failures map[netip.Addr]*rate.Limiter
}

func newJoinDesk(handler JoinHandler, id *identity.Identity, log *slog.Logger, now func() time.Time) *joinDesk {
	return &joinDesk{
		handler: handler, id: id, log: log, now: now,
		desks: make(chan struct{}, joinsAtOnce), failures: map[netip.Addr]*rate.Limiter{},
	}
}

// serve answers one join.
func (d *joinDesk) serve(ctx context.Context, qc *quic.Conn) {
	defer qc.CloseWithError(quitDone, "") //nolint:errcheck // it returns none
	select {
	case d.desks <- struct{}{}:
		defer func() { <-d.desks }()
	default:
		_ = qc.CloseWithError(quitBusy, "too many joins at once")
		return
	}
	reading, cancel := context.WithTimeout(ctx, joinReadTime)
	defer cancel()
	stream, err := qc.AcceptStream(reading)
	if err != nil {
		return // it asked for nothing
	}
	if err := stream.SetDeadline(time.Now().Add(joinReadTime)); err != nil {
		return
	}
	var frame joinFrame
	if err := readFrame(stream, &frame, maxJoinFrame); err != nil {
		_ = qc.CloseWithError(quitProtocol, "join request")
		return
	}
	reply := d.answer(ctx, frame, qc)
	if err := errors.Join(stream.SetDeadline(time.Now().Add(joinReadTime)), writeFrame(stream, reply, maxAnswer), stream.Close()); err != nil {
		d.log.WarnContext(ctx, "join not answered", slog.String("robot", frame.Request.RobotID), slog.Any("error", err))
		return
	}
	// The joiner closes the connection when it has read the answer.
	timer := time.NewTimer(partTime)
	defer timer.Stop()
	select {
	case <-qc.Context().Done():
	case <-timer.C:
	case <-ctx.Done():
	}
}

// answer decides, and turns a refusal into what the joiner may know.
func (d *joinDesk) answer(ctx context.Context, frame joinFrame, qc *quic.Conn) joinReply {
	remote := qc.RemoteAddr()
	log := d.log.With(slog.String("robot", frame.Request.RobotID), slog.String("token", frame.Request.TokenID), slog.String("remote", remote.String()))
	limiter := d.limiterOf(remote)
	if limiter.Tokens() < 1 {
		return refuse(casare.Errorf(casare.CodeRateLimit, "too many wrong join requests from this address: wait a minute"))
	}
	answer, err := d.admit(ctx, frame, qc.ConnectionState().TLS)
	if err == nil {
		log.InfoContext(ctx, "robot joined", slog.String("name", frame.Request.Name))
		return joinReply{Answer: answer}
	}
	log.WarnContext(ctx, "join refused", slog.Any("error", err))
	ours, ok := errors.AsType[*casare.Error](err)
	if !ok {
		return refuse(casare.Errorf(casare.CodeInternal, "the robot that was asked could not decide on the join; its log says why"))
	}
	if ours.Code != casare.CodeUnavailable && ours.Code != casare.CodeNotLeader {
		limiter.Allow()
	}
	return refuse(ours)
}

func refuse(e *casare.Error) joinReply {
	return joinReply{Code: e.Code, Message: e.Message, Field: e.Field}
}

func (d *joinDesk) admit(ctx context.Context, frame joinFrame, state tls.ConnectionState) (JoinAnswer, error) {
	if d.handler == nil {
		return JoinAnswer{}, casare.Errorf(casare.CodeUnavailable, "this robot does not admit others: ask a coordinator")
	}
	if frame.Version != joinVersion {
		return JoinAnswer{}, casare.Errorf(casare.CodeUnsupported, "the joining robot speaks version %d of the join, this mesh version %d", frame.Version, joinVersion)
	}
	r := frame.Request
	publicKey, err := identity.CheckCSR(r.CSR)
	if err != nil {
		return JoinAnswer{}, err
	}
	if identity.RobotID(publicKey) != r.RobotID {
		return JoinAnswer{}, casare.Errorf(casare.CodeInvalid, "robot id %q does not belong to the key of the request", r.RobotID).On("robot_id")
	}
	binding, err := bindingOf(frame.Secret, r.CSR, state)
	if err != nil {
		return JoinAnswer{}, err
	}
	if !hmac.Equal(binding, frame.Binding) {
		return JoinAnswer{}, casare.Errorf(casare.CodeUnauthenticated, "the join request was made for another connection").On("token")
	}
	if len(r.Name) > maxRobotName || len(r.Addresses) > maxAddresses {
		return JoinAnswer{}, casare.Errorf(casare.CodeInvalid, "the robot's name or list of addresses is too long").On("name")
	}
	if err := d.checkClock(time.UnixMilli(frame.ClockUnix)); err != nil {
		return JoinAnswer{}, err
	}
	r.PublicKey, r.SecretHash = publicKey, identity.HashSecret(frame.Secret)
	ctx, cancel := context.WithTimeout(ctx, admitTime)
	defer cancel()
	return d.handler.Admit(ctx, r)
}

// checkClock refuses a joiner whose clock would make certificates and schedules of the mesh look wrong to it.
func (d *joinDesk) checkClock(theirs time.Time) error {
	ahead := theirs.Sub(d.now())
	if ahead.Abs() <= maxClockSkew {
		return nil
	}
	direction := "ahead of"
	if ahead < 0 {
		direction = "behind"
	}
	return casare.Errorf(casare.CodeInvalid, "the clock of the joining machine is %s %s that of the mesh; more than %s is refused: set it and join again",
		ahead.Abs().Round(time.Second), direction, maxClockSkew).On(fieldClock)
}

// limiterOf counts the wrong requests of one address.
func (d *joinDesk) limiterOf(remote net.Addr) *rate.Limiter {
	var ip netip.Addr
	if ap, err := netip.ParseAddrPort(remote.String()); err == nil {
		ip = ap.Addr().Unmap()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.failures[ip]
	if !ok {
		if len(d.failures) >= failureTable {
			clear(d.failures)
		}
		l = rate.NewLimiter(failuresRate, failuresBurst)
		d.failures[ip] = l
	}
	return l
}
