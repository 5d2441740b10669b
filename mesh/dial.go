package mesh

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/quic-go/quic-go"

	"casare"
	"casare/mesh/identity"
)

const (
	dialTime    = 10 * time.Second       // for a Dial whose context sets no limit
	stagger     = 150 * time.Millisecond // between attempts at the addresses of one robot
	maxAttempts = 16                     // addresses tried in one Dial
	reuseTime   = 500 * time.Millisecond // for a kept connection to prove that it still works
)

// dial opens a stream to the robot with this id.
func (e *endpoint) dial(ctx context.Context, robotID string, plane Plane) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if !may(e.id.Role(), plane) {
		return nil, casare.Errorf(casare.CodeForbidden, "a robot of role %s opens no %s connections", e.id.Role(), plane)
	}
	if plane.shared() {
		return e.dialShared(ctx, robotID, plane)
	}
	qc, name, err := e.connect(ctx, robotID, plane)
	if err != nil {
		return nil, err
	}
	c, err := e.open(ctx, qc, name, func(last bool) { e.part(qc, last) })
	if err != nil {
		_ = qc.CloseWithError(quitDone, "")
		return nil, err
	}
	return c, nil
}

// open begins a stream on a connection and waits for the peer's greeting.
func (e *endpoint) open(ctx context.Context, qc *quic.Conn, name identity.Name, release func(last bool)) (*conn, error) {
	stream, err := qc.OpenStreamSync(ctx)
	if err != nil {
		return nil, refusal(name.RobotID, err)
	}
	// The deadline of ctx becomes the stream's, and so does its cancellation.
	stop := context.AfterFunc(ctx, func() { _ = stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	greet := func() error {
		if err := sendGreeting(stream, e.own()); err != nil {
			return err
		}
		raw, err := readGreeting(stream)
		if err != nil {
			return err
		}
		_, err = e.book.hear(name.RobotID, raw)
		return err
	}
	if err := greet(); err != nil {
		abandon(stream, quitDone)
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		return nil, refusal(name.RobotID, err)
	}
	if !stop() { // the deadline may be set already
		abandon(stream, quitDone)
		return nil, refusal(name.RobotID, context.Cause(ctx))
	}
	return &conn{stream: stream, quic: qc, peer: Peer{ID: name.RobotID, Role: name.Role}, release: release}, nil
}

type attempt struct {
	qc   *quic.Conn
	name identity.Name
	err  error
}

// connect makes a QUIC connection to a robot, at whichever of its addresses answers first. It tries one after the other, each
// a little later than the one before, and also those that become known meanwhile: the robot may just have moved.
func (e *endpoint) connect(ctx context.Context, robotID string, plane Plane) (*quic.Conn, identity.Name, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, maxAttempts)
	tried := map[string]bool{}
	ended := 0
	var failures []error
	next := time.NewTicker(stagger)
	defer next.Stop()
	for {
		if address, ok := e.untried(robotID, tried); ok && len(tried) < maxAttempts {
			tried[address] = true
			if !e.work.Go(func(context.Context) {
				qc, name, err := e.handshake(ctx, address, robotID, plane)
				results <- attempt{qc, name, err}
			}) {
				return nil, identity.Name{}, casare.Errorf(casare.CodeUnavailable, "this robot is stopping")
			}
		} else if ended == len(tried) {
			return nil, identity.Name{}, unreachable(robotID, failures)
		}
		select {
		case <-next.C:
		case r := <-results:
			ended++
			if r.err == nil {
				e.closeLosers(results, len(tried)-ended)
				return r.qc, r.name, nil
			}
			failures = append(failures, r.err)
		}
	}
}

func (e *endpoint) untried(robotID string, tried map[string]bool) (string, bool) {
	addresses := e.book.addresses(robotID)
	if robotID == e.id.RobotID() {
		addresses = []string{e.loopback()}
	}
	for _, address := range addresses {
		if !tried[address] {
			return address, true
		}
	}
	return "", false
}

func unreachable(robotID string, failures []error) error {
	switch len(failures) {
	case 0:
		return casare.Errorf(casare.CodeUnavailable, "no address of robot %s is known", robotID)
	case 1:
		return failures[0]
	}
	return refusal(robotID, errors.Join(failures...))
}

func (e *endpoint) closeLosers(results <-chan attempt, running int) {
	for range running {
		e.work.Go(func(context.Context) {
			if r := <-results; r.qc != nil {
				_ = r.qc.CloseWithError(quitDone, "")
			}
		})
	}
}

// handshake connects to one address. An empty robotID takes any robot of the mesh.
func (e *endpoint) handshake(ctx context.Context, address, robotID string, plane Plane) (*quic.Conn, identity.Name, error) {
	var name identity.Name
	var refused error // QUIC would only say which alert our refusal became
	conf := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{string(plane)}, ServerName: "casare",
		Certificates: []tls.Certificate{e.id.TLS()}, SessionTicketsDisabled: true,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks the certificate against the mesh's CA and the robot's id
		VerifyConnection: func(state tls.ConnectionState) error {
			name, refused = e.checkServer(state, robotID, plane)
			return refused
		},
	}
	addr, err := resolve(ctx, address)
	if err != nil {
		return nil, name, err
	}
	qc, err := e.transport.Dial(ctx, addr, conf, quicConfig(idle(plane)))
	if refused != nil {
		return nil, name, casare.Errorf(casare.CodeUnauthenticated, "at %s: %w", address, refused)
	}
	if err != nil {
		return nil, name, refusal(describe(robotID, address), err)
	}
	if !e.track(qc, false) { //nolint:contextcheck // it watches the connection's own context
		_ = qc.CloseWithError(quitDone, "")
		return nil, name, casare.Errorf(casare.CodeUnavailable, "this robot is stopping")
	}
	if name.RobotID != e.id.RobotID() {
		e.book.meet(name.RobotID, qc.ConnectionState().TLS.PeerCertificates[0].RawSubjectPublicKeyInfo, qc.RemoteAddr())
	}
	return qc, name, nil
}

func (e *endpoint) checkServer(state tls.ConnectionState, robotID string, plane Plane) (identity.Name, error) {
	name, err := e.authority.Check(state.PeerCertificates)
	if err != nil {
		return name, err
	}
	if robotID != "" && name.RobotID != robotID {
		return name, casare.Errorf(casare.CodeUnauthenticated, "robot %s answers instead of %s", name.RobotID, robotID)
	}
	if !serves(name.Role, plane) {
		return name, casare.Errorf(casare.CodeForbidden, "robot %s has role %s and takes no %s connections", name.RobotID, name.Role, plane)
	}
	return name, nil
}

func describe(robotID, address string) string {
	if robotID == "" {
		return "at " + address
	}
	return fmt.Sprintf("%s (%s)", robotID, address)
}

// resolveLiteral reads ip:port.
func resolveLiteral(address string) (*net.UDPAddr, error) {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "address %q: %w", address, err)
	}
	return net.UDPAddrFromAddrPort(ap), nil
}

// resolve turns host:port into a UDP address, asking the resolver for names.
func resolve(ctx context.Context, address string) (*net.UDPAddr, error) {
	if addr, err := resolveLiteral(address); err == nil {
		return addr, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "address %q: %w", address, err)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, casare.Errorf(casare.CodeUnavailable, "address %q: %w", address, err)
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "udp", port)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "address %q: %w", address, err)
	}
	return &net.UDPAddr{IP: ips[0].Unmap().AsSlice(), Port: number}, nil
}
