package mesh

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"golang.org/x/time/rate"

	"casare"
	"casare/internal/service"
	"casare/mesh/identity"
)

const (
	connectionIDBytes = 8
	maxConnections    = 4096 // inbound, of all robots together
	maxStreams        = 1100 // of one shared connection
	streamWindow      = 1 << 20
	connectionWindow  = 8 << 20
	handshakeTime     = 5 * time.Second
	listenerIdle      = 60 * time.Second // the dialler wants less
	farewellTime      = time.Second      // for the closing of all connections at Stop

	// Above this rate of new connections a dialler must first show that its address is its own.
	handshakeRate  = 100
	handshakeBurst = 400
)

// planes lists what the mesh listener offers to robots that show a certificate.
var planes = []Plane{PlaneRaft, PlaneRPC, PlaneRobot, PlaneBlob, planeGossip}

// may says whether a robot of a role may open connections of a plane, and serves whether it may take them.
func may(role casare.Role, plane Plane) bool {
	switch plane {
	case PlaneRaft:
		return role == casare.RoleCoordinator
	case PlaneRobot, PlaneBlob:
		return true
	case PlaneRPC, planeGossip:
		return role != casare.RoleEdge
	case planeJoin:
	}
	return false
}

// shared says whether the connections of a plane carry many streams and are kept for the next one.
func (p Plane) shared() bool { return p == PlaneRPC || p == PlaneBlob }

func serves(role casare.Role, plane Plane) bool {
	switch plane {
	case PlaneRaft, PlaneRobot, PlaneBlob:
		return role == casare.RoleCoordinator
	case PlaneRPC, planeGossip:
		return role != casare.RoleEdge
	case planeJoin:
	}
	return false
}

// idle says how a dialler wants its connections kept: closed after silence, and how often it breaks the silence.
func idle(plane Plane) (silence, keepAlive time.Duration) {
	switch plane {
	case PlaneRaft, PlaneRobot:
		return 4 * time.Second, time.Second
	case PlaneRPC, PlaneBlob: // a long answer, or a WebSocket passed on, may be silent; the pool closes what is not used
		return 30 * time.Second, 10 * time.Second
	case planeGossip, planeJoin:
	}
	return 30 * time.Second, 0
}

// worker runs goroutines that end with the endpoint: its group. They get the group's context, never that of a caller.
type worker interface {
	Go(f func(ctx context.Context)) bool
}

// endpoint is the UDP socket with everything QUIC on it: it takes and opens connections and knows whose they are.
type endpoint struct {
	id        *identity.Identity
	authority identity.Authority
	log       *slog.Logger
	book      *book
	own       func() *record // this robot's record, as it is now
	loopback  func() string  // where this robot reaches its own socket

	socket    net.PacketConn
	transport *quic.Transport
	quic      *quic.Listener
	group     service.Group
	work      worker
	pools     map[Plane]*pool // of the shared planes

	listeners sync.Map // Plane -> *planeListener
	join      *joinDesk

	mu          sync.Mutex
	connections map[*quic.Conn]struct{}
	inbound     int
	stopping    bool
}

func newConnections() map[*quic.Conn]struct{} { return map[*quic.Conn]struct{}{} }

// bind opens the socket. A taken port is CodeUnavailable on field "mesh".
func bind(cfg Config) (net.PacketConn, error) {
	if cfg.PacketConn != nil {
		return cfg.PacketConn, nil
	}
	addr, err := net.ResolveUDPAddr("udp", cfg.Listen)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "mesh address %q: %w", cfg.Listen, err).On("mesh")
	}
	socket, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, casare.Errorf(casare.CodeUnavailable, "mesh address %s (UDP) cannot be used: %w", cfg.Listen, err).On("mesh")
	}
	return socket, nil
}

var quietQUIC = sync.OnceValue(func() error {
	// quic-go prints a warning about buffers to the global logger; start logs one line of ours instead.
	return os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
})

func (e *endpoint) start(ctx context.Context) error {
	if err := quietQUIC(); err != nil {
		return casare.Errorf(casare.CodeInternal, "mesh endpoint: %w", err)
	}
	resetKey, tokenKey := quic.StatelessResetKey(e.id.StatelessResetKey()), quic.TokenGeneratorKey(e.id.TokenGeneratorKey())
	newcomers := rate.NewLimiter(handshakeRate, handshakeBurst)
	e.transport = &quic.Transport{
		Conn:                e.socket,
		ConnectionIDLength:  connectionIDBytes,
		StatelessResetKey:   &resetKey,
		TokenGeneratorKey:   &tokenKey,
		VerifySourceAddress: func(net.Addr) bool { return !newcomers.Allow() },
	}
	listener, err := e.transport.Listen(e.serverTLS(), e.serverConfig())
	if err != nil {
		return casare.Errorf(casare.CodeInternal, "mesh endpoint: %w", err)
	}
	e.quic = listener
	warnSmallBuffers(ctx, e.socket, e.log)
	e.group.Start(ctx)
	e.work.Go(e.acceptConnections)
	return nil
}

func (e *endpoint) serverConfig() *quic.Config {
	conf := quicConfig(listenerIdle, 0)
	conf.MaxIncomingStreams = maxStreams
	plain := conf.Clone()
	conf.GetConfigForClient = func(*quic.ClientInfo) (*quic.Config, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.stopping || e.inbound >= maxConnections {
			return nil, casare.Errorf(casare.CodeUnavailable, "too many connections")
		}
		return plain, nil
	}
	return conf
}

func quicConfig(silence, keepAlive time.Duration) *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout:           handshakeTime,
		MaxIdleTimeout:                 silence,
		KeepAlivePeriod:                keepAlive,
		InitialStreamReceiveWindow:     streamWindow,
		MaxStreamReceiveWindow:         streamWindow,
		InitialConnectionReceiveWindow: streamWindow,
		MaxConnectionReceiveWindow:     connectionWindow,
		MaxIncomingStreams:             -1,
		MaxIncomingUniStreams:          -1,
	}
}

// serverTLS has one configuration for those who show a certificate and one for those who have none yet. The second knows only
// the join plane: with all planes in it, a client that offers join and raft together could open raft without a certificate.
func (e *endpoint) serverTLS() *tls.Config {
	certificates := []tls.Certificate{e.id.TLS()}
	members := &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: certificates, SessionTicketsDisabled: true,
		ClientAuth: tls.RequireAnyClientCert,
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := e.authority.Check(state.PeerCertificates)
			return err
		},
	}
	for _, plane := range planes {
		members.NextProtos = append(members.NextProtos, string(plane))
	}
	guests := &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: certificates, SessionTicketsDisabled: true,
		NextProtos: []string{string(planeJoin)},
	}
	front := members.Clone()
	front.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, string(planeJoin)) {
			return guests, nil
		}
		return members, nil
	}
	return front
}

func (e *endpoint) acceptConnections(ctx context.Context) {
	for {
		qc, err := e.quic.Accept(ctx)
		if err != nil {
			return // closed by stop, or the socket broke, which every user of it notices
		}
		if !e.track(qc, true) { //nolint:contextcheck // it watches the connection's own context
			_ = qc.CloseWithError(quitDone, "stopping")
			continue
		}
		e.work.Go(func(ctx context.Context) { e.serve(ctx, qc) })
	}
}

// track keeps a connection for stop to close. It is false when it is too late.
func (e *endpoint) track(qc *quic.Conn, inbound bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return false
	}
	e.connections[qc] = struct{}{}
	if inbound {
		e.inbound++
	}
	context.AfterFunc(qc.Context(), func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.connections, qc)
		if inbound {
			e.inbound--
		}
	})
	return true
}

// serve takes what a dialler opens on its connection.
func (e *endpoint) serve(ctx context.Context, qc *quic.Conn) {
	state := qc.ConnectionState().TLS
	plane := Plane(state.NegotiatedProtocol)
	if plane == planeJoin {
		e.join.serve(ctx, qc)
		return
	}
	name, err := e.authority.Check(state.PeerCertificates) // again: the handshake's configuration may not be all that guards a plane
	if err != nil {
		e.log.WarnContext(ctx, "mesh connection refused", slog.String("remote", qc.RemoteAddr().String()), slog.Any("error", err))
		_ = qc.CloseWithError(quitForbidden, "certificate")
		return
	}
	if !may(name.Role, plane) || !serves(e.id.Role(), plane) {
		e.log.WarnContext(ctx, "mesh connection refused", slog.String("robot", name.RobotID), slog.String("role", string(name.Role)), slog.String("plane", string(plane)))
		_ = qc.CloseWithError(quitForbidden, "role")
		return
	}
	if name.RobotID != e.id.RobotID() {
		e.book.meet(name.RobotID, state.PeerCertificates[0].RawSubjectPublicKeyInfo, qc.RemoteAddr())
	}
	peer := Peer{ID: name.RobotID, Role: name.Role}
	if !plane.shared() {
		e.serveOne(ctx, qc, peer, plane)
		return
	}
	for {
		stream, err := qc.AcceptStream(ctx)
		if err != nil {
			return
		}
		e.work.Go(func(context.Context) { e.welcome(stream, qc, peer, plane, func(bool) {}) }) //nolint:contextcheck // streams have their own
	}
}

func (e *endpoint) serveOne(ctx context.Context, qc *quic.Conn, peer Peer, plane Plane) {
	accepting, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	stream, err := qc.AcceptStream(accepting)
	if err != nil {
		_ = qc.CloseWithError(quitProtocol, "no stream")
		return
	}
	if !e.welcome(stream, qc, peer, plane, func(last bool) { e.part(qc, last) }) { //nolint:contextcheck // streams have their own
		e.part(qc, false)
	}
}

// welcome exchanges greetings on an accepted stream and hands it to the plane's listener.
func (e *endpoint) welcome(s *quic.Stream, qc *quic.Conn, peer Peer, plane Plane, release func(last bool)) bool {
	listener, ok := e.listenerOf(plane)
	if !ok || !listener.reserve() {
		abandon(s, quitBusy)
		return false
	}
	if err := e.greetBack(s, peer); err != nil {
		listener.unreserve()
		abandon(s, quitProtocol)
		return false
	}
	listener.deliver(&conn{stream: s, quic: qc, peer: peer, release: release})
	return true
}

func (e *endpoint) greetBack(s *quic.Stream, peer Peer) error {
	if err := s.SetDeadline(time.Now().Add(greetTime)); err != nil {
		return err
	}
	raw, err := readGreeting(s)
	if err != nil {
		return err
	}
	if _, err := e.book.hear(peer.ID, raw); err != nil {
		return err
	}
	if err := sendGreeting(s, e.own()); err != nil {
		return err
	}
	return s.SetDeadline(time.Time{})
}

// part lets go of a connection whose only stream was closed here: at once if the peer had closed it before, else when the peer
// has had time to read.
func (e *endpoint) part(qc *quic.Conn, last bool) {
	linger := func(ctx context.Context) {
		timer := time.NewTimer(lingerTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-qc.Context().Done():
		case <-ctx.Done():
			return // stop closes it
		}
		_ = qc.CloseWithError(quitDone, "")
	}
	if last || !e.work.Go(linger) {
		_ = qc.CloseWithError(quitDone, "")
	}
}

// stop closes every connection, the socket and the listeners, and waits for all goroutines.
func (e *endpoint) stop() {
	e.mu.Lock()
	e.stopping = true
	open := make([]*quic.Conn, 0, len(e.connections))
	for qc := range e.connections {
		open = append(open, qc)
	}
	e.mu.Unlock()
	e.listeners.Range(func(_, l any) bool {
		if l, ok := l.(*planeListener); ok {
			_ = l.Close()
		}
		return true
	})
	for _, p := range e.pools {
		p.stop()
	}
	var closing sync.WaitGroup
	for _, qc := range open {
		closing.Go(func() { _ = qc.CloseWithError(quitDone, "stopping") })
	}
	closing.Wait()
	if e.quic != nil {
		_ = e.quic.Close()
	}
	if e.transport != nil {
		_ = e.transport.Close()
	}
	if err := e.socket.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		e.log.Warn("close mesh socket", slog.Any("error", err))
	}
	e.group.Stop()
}
