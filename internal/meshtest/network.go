package meshtest

import (
	"net"
	"net/netip"
	"sync"
)

// network is the wire between the robots of one test: real UDP sockets on loopback whose packets can be dropped.
type network struct {
	mu    sync.RWMutex
	group map[netip.AddrPort]int // robots of different groups do not hear each other; missing: group 0
}

func newNetwork() *network { return &network{group: map[netip.AddrPort]int{}} }

// split puts robots into groups; those that are not named are together in group 0.
func (n *network) split(groups map[netip.AddrPort]int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.group = groups
}

func (n *network) apart(a, b netip.AddrPort) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.group[a] != n.group[b]
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
	return &socket{UDPConn: conn, network: n, self: portOf(conn.LocalAddr())}, nil
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
		if err != nil || !s.network.apart(s.self, portOf(from)) {
			return n, from, err
		}
	}
}

// WriteTo loses what goes to the other side of a split, as a cable would: without an error.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	if s.network.apart(s.self, portOf(to)) {
		return len(b), nil
	}
	return s.UDPConn.WriteTo(b, to)
}
