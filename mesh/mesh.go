package mesh

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"casare"
	"casare/mesh/identity"
)

// Mesh is this robot's endpoint in the mesh.
type Mesh struct {
	cfg      Config
	log      *slog.Logger
	book     *book
	self     *self
	endpoint *endpoint
	gossip   *gossip
	hints    chan LeaderHint
	seeds    seedTable

	mu      sync.Mutex
	started bool
	stop    sync.Once
}

// Open validates the configuration and binds the socket. Nothing is received before Start.
func Open(cfg Config) (*Mesh, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Timing = cfg.Timing.withDefaults()
	m := &Mesh{cfg: cfg, log: cfg.Logger, hints: make(chan LeaderHint, 1)}
	m.book = newBook(cfg.Identity.MeshID(), m.heard)
	socket, err := bind(cfg)
	if err != nil {
		return nil, err
	}
	if m.self, err = newSelf(cfg, socket.LocalAddr()); err != nil {
		_ = socket.Close()
		return nil, casare.Errorf(casare.CodeInternal, "addresses of this machine: %w", err)
	}
	m.endpoint = &endpoint{
		id: cfg.Identity, log: cfg.Logger, book: m.book, own: m.self.current, socket: socket, loopback: m.self.loopback,
		authority: identity.Authority{
			MeshID: cfg.Identity.MeshID(), CA: cfg.Identity.CACert(), Now: cfg.Now, Known: m.known,
		},
		join:        newJoinDesk(cfg.Join, cfg.Identity, cfg.Logger, cfg.Now),
		pools:       map[Plane]*pool{PlaneRPC: newPool(), PlaneBlob: newPool()},
		connections: newConnections(),
	}
	m.endpoint.work = &m.endpoint.group
	m.gossip = newGossip(m.self, m.book, cfg.Logger, cfg.Timing)
	return m, nil
}

// known trusts the replicated table of robots, and what a handshake under the mesh's CA has shown before.
func (m *Mesh) known(robotID string) ([]byte, bool) {
	if m.cfg.Known != nil {
		if key, ok := m.cfg.Known(robotID); ok {
			return key, true
		}
	}
	return m.book.known(robotID)
}

// Start listens, gossips and looks for the other robots. It does not wait for any of them. Listeners that peers should find
// are best opened before.
func (m *Mesh) Start(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.started {
		return nil
	}
	m.loadPeers(ctx)
	if err := m.endpoint.start(ctx); err != nil {
		return err
	}
	m.started = true
	transport := newGossipTransport(m.endpoint)
	streams := m.endpoint.listen(planeGossip)
	m.endpoint.work.Go(transport.receive)
	m.endpoint.work.Go(func(ctx context.Context) { transport.accept(ctx, streams) })
	if err := m.gossip.start(transport, m.cfg.Identity.GossipKey()); err != nil {
		return err
	}
	m.endpoint.work.Go(m.spread)
	m.endpoint.work.Go(m.seek)
	return nil
}

// Stop says farewell, closes every connection and the socket, and waits for what Start began. It may be called twice, and
// without Start.
func (m *Mesh) Stop() {
	m.stop.Do(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.gossip.stop()
		m.endpoint.stop()
		if m.started {
			m.savePeers(context.Background())
		}
	})
}

// Dial opens a connection to a robot: to exactly the robot with this id, wherever it is, this one included. When Dial returns
// without error, the robot has accepted. Errors are *casare.Error: CodeUnavailable when it cannot be reached or does not listen
// on the plane, CodeUnauthenticated when somebody else answers, CodeForbidden when the roles of the two do not allow the plane.
func (m *Mesh) Dial(ctx context.Context, robotID string, plane Plane) (net.Conn, error) {
	return m.endpoint.dial(ctx, robotID, plane)
}

// Listen returns the listener for the connections of a plane that other robots open; PeerOf tells whose they are. There is one
// listener a plane: closing it lets the next Listen open it again. Without one, Dial fails on the other side.
func (m *Mesh) Listen(plane Plane) net.Listener { return m.endpoint.listen(plane) }

// Members lists the robots that gossip knows, this one first, then by id.
func (m *Mesh) Members() []Member { return m.gossip.members() }

// Changed returns a channel that is closed when a robot has come, gone or changed its record since.
func (m *Mesh) Changed() <-chan struct{} { return m.gossip.watch() }

// Announce tells the mesh who leads. A hint whose term is not newer than the newest heard of is not passed on.
func (m *Mesh) Announce(hint LeaderHint) {
	if !m.book.announce(hint) {
		return
	}
	if err := m.self.lead(hint); err != nil {
		m.log.Warn("leader hint not announced", slog.Any("error", err))
	}
}

// Hints returns a channel that gives the newest leader hint each time one with a newer term is heard or announced here. There
// is one reader; a hint that was not read yet is replaced by a newer one.
func (m *Mesh) Hints() <-chan LeaderHint { return m.hints }

// Hint returns the leader hint with the newest term heard of.
func (m *Mesh) Hint() LeaderHint { return m.book.hint() }

func (m *Mesh) heard(h LeaderHint) {
	for {
		select {
		case m.hints <- h:
			return
		default:
		}
		select {
		case older := <-m.hints:
			if older.Term > h.Term {
				h = older
			}
		default:
		}
	}
}

// Addr returns the address of the socket.
func (m *Mesh) Addr() net.Addr { return m.endpoint.socket.LocalAddr() }

// Addresses returns host:port texts by which others reach this robot, the best first.
func (m *Mesh) Addresses() []string { return slices.Clone(m.self.current().Addresses) }

// HTTP returns the address of this robot's API as others reach it.
func (m *Mesh) HTTP() string { return m.self.current().HTTP }

// Peers returns the robots this one knows how to reach, itself included: what an answer to a join carries.
func (m *Mesh) Peers() []PeerAddress {
	own := PeerAddress{RobotID: m.cfg.Identity.RobotID(), Addresses: m.Addresses()}
	others := slices.DeleteFunc(m.book.peers(), func(p PeerAddress) bool { return p.RobotID == own.RobotID })
	return append([]PeerAddress{own}, others...)
}
