package meshtest

import (
	"net"
	"net/netip"
	"sync"
)

// network is the wire between the robots of one test: real UDP sockets on loopback whose packets can be dropped.
type network struct {
	mu    sync.RWMutex
	group map[netip.AddrPort]int  // robots of different groups do not hear each other; missing: group 0
	dead  map[netip.AddrPort]bool // nobody hears them, and they hear nobody
	muted map[oneWay]bool
	fuses map[oneWay]int // bytes that may still go this way before the other way is muted
}

// oneWay is a direction of traffic.
type oneWay struct{ from, to netip.AddrPort }

func newNetwork() *network {
	return &network{group: map[netip.AddrPort]int{}, dead: map[netip.AddrPort]bool{}, muted: map[oneWay]bool{}, fuses: map[oneWay]int{}}
}

// split puts robots into groups; those that are not named are together in group 0. Nobody is muted any more.
func (n *network) split(groups map[netip.AddrPort]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.group = groups
	clear(n.muted)
	clear(n.fuses)
}

// fuse loses everything that comes back once so many bytes have gone one way.
func (n *network) fuse(from, to netip.AddrPort, bytes int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fuses[oneWay{from, to}] = bytes
}

// passed counts what has gone one way.
func (n *network) passed(from, to netip.AddrPort, bytes int) {
	n.mu.RLock()
	_, lit := n.fuses[oneWay{from, to}]
	n.mu.RUnlock()
	if !lit {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	left, lit := n.fuses[oneWay{from, to}]
	switch {
	case !lit:
	case left > bytes:
		n.fuses[oneWay{from, to}] = left - bytes
	default:
		delete(n.fuses, oneWay{from, to})
		n.muted[oneWay{to, from}] = true
	}
}

// kill silences an address until it is listened on again.
func (n *network) kill(a netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead[a] = true
}

// lost says whether what goes from one address to another does not arrive.
func (n *network) lost(from, to netip.AddrPort) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.group[from] != n.group[to] || n.dead[from] || n.dead[to] || n.muted[oneWay{from, to}]
}

// socket is one robot's end.
type socket struct {
	*net.UDPConn
	network *network
	self    netip.AddrPort
}

func (n *network) listen(address string) (*socket, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, err
	}
	s := &socket{UDPConn: conn, network: n, self: portOf(conn.LocalAddr())}
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.dead, s.self)
	return s, nil
}

func portOf(a net.Addr) netip.AddrPort {
	udp, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := udp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// packetConn hides what else a UDP connection can do, so that every packet passes through ReadFrom and WriteTo.
type packetConn struct{ net.PacketConn }

func (s *socket) asPacketConn() net.PacketConn { return packetConn{s} }

// ReadFrom drops what comes from the other side of a split.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.UDPConn.ReadFrom(b)
		if err != nil || !s.network.lost(portOf(from), s.self) {
			return n, from, err
		}
	}
}

// WriteTo loses what goes to the other side of a split, as a cable would: without an error.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	if s.network.lost(s.self, portOf(to)) {
		return len(b), nil
	}
	n, err := s.UDPConn.WriteTo(b, to)
	s.network.passed(s.self, portOf(to), n)
	return n, err
}

// front is a robot's HTTP listener, whose connections can be cut all at once.
type front struct {
	net.Listener
	mu    sync.Mutex
	open  map[net.Conn]struct{}
	ended bool
}

func newFront(l net.Listener) *front { return &front{Listener: l, open: map[net.Conn]struct{}{}} }

// Accept takes a connection and remembers it until it is closed.
func (f *front) Accept() (net.Conn, error) {
	for {
		c, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		f.mu.Lock()
		if !f.ended {
			f.open[c] = struct{}{}
			f.mu.Unlock()
			return &user{c, f}, nil
		}
		f.mu.Unlock()
		_ = c.Close() // of a robot that is dead
	}
}

// cut closes the listener and every connection.
func (f *front) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	_ = f.Close() // the server may have done so
	for c := range f.open {
		_ = c.Close() // the same
	}
}

// user is somebody's connection to a robot's API.
type user struct {
	net.Conn
	front *front
}

// Close closes the connection.
func (u *user) Close() error {
	u.front.mu.Lock()
	delete(u.front.open, u.Conn)
	u.front.mu.Unlock()
	return u.Conn.Close()
}
