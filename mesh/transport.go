package mesh

import (
	"context"
	"crypto/sha256"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"casare"
)

const (
	// The first byte of packets that are not QUIC's. Its two top bits must be clear, or QUIC takes (0x4?) or drops (0x80) it.
	packetGossip = 0x01

	gossipPort   = 7946 // of the made-up addresses; no socket has it
	packetBytes  = 1200 // more would not fit every path, and nobody would say so
	packetQueue  = 1024 // QUIC queues only 32: ours takes the burst while memberlist is busy
	maxUDPPacket = 1452
)

// gossipTransport lets memberlist speak through the endpoint, to robots by id.
type gossipTransport struct {
	endpoint *endpoint
	packets  chan *memberlist.Packet
	streams  chan net.Conn
	quiet    atomic.Bool
}

var _ memberlist.NodeAwareTransport = (*gossipTransport)(nil)

func newGossipTransport(e *endpoint) *gossipTransport {
	return &gossipTransport{endpoint: e, packets: make(chan *memberlist.Packet, packetQueue), streams: make(chan net.Conn)}
}

// gossipIP is the address that memberlist sees: a constant made from the robot's id, in the range of local IPv6 addresses.
// Real addresses change, and memberlist takes a change for a conflict.
func gossipIP(robotID string) net.IP {
	sum := sha256.Sum256([]byte(robotID))
	ip := net.IP(sum[:net.IPv6len])
	ip[0] = 0xfd
	return ip
}

// gossipTarget is what memberlist.Join takes.
func gossipTarget(robotID string) string {
	return robotID + "/" + net.JoinHostPort(gossipIP(robotID).String(), strconv.Itoa(gossipPort))
}

// receive moves packets to memberlist until the endpoint stops. It must run before anybody answers us.
func (t *gossipTransport) receive(ctx context.Context) {
	buffer := make([]byte, maxUDPPacket)
	for {
		n, from, err := t.endpoint.transport.ReadNonQUICPacket(ctx, buffer)
		if err != nil {
			return
		}
		if n < 2 || buffer[0] != packetGossip {
			continue
		}
		packet := &memberlist.Packet{Buf: append([]byte(nil), buffer[1:n]...), From: from, Timestamp: time.Now()}
		select {
		case t.packets <- packet:
		default: // gossip repeats itself
		}
	}
}

// accept moves gossip streams to memberlist until the listener is closed.
func (t *gossipTransport) accept(ctx context.Context, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		select {
		case t.streams <- c:
		case <-ctx.Done():
			_ = c.Close()
		}
	}
}

// FinalAdvertiseAddr gives memberlist the made-up address.
func (t *gossipTransport) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	return gossipIP(t.endpoint.id.RobotID()), gossipPort, nil
}

// WriteTo is not used: RequireNodeNames makes memberlist call WriteToAddress.
func (t *gossipTransport) WriteTo(_ []byte, addr string) (time.Time, error) {
	return time.Time{}, casare.Errorf(casare.CodeInternal, "gossip to address %s instead of a robot", addr)
}

// WriteToAddress sends a packet to the robot with the name of a. A packet that cannot be sent counts as lost: of a robot for
// which sending fails, memberlist would give up the probe without suspecting it. That is just what ends its probes when it is
// to stop, so then sending does fail.
func (t *gossipTransport) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	if t.quiet.Load() {
		return time.Time{}, casare.Errorf(casare.CodeUnavailable, "this robot is stopping")
	}
	for _, address := range t.endpoint.book.addresses(a.Name) {
		to, err := resolveLiteral(address)
		if err != nil {
			continue // packets do not wait for name servers; streams do
		}
		if _, err = t.endpoint.transport.WriteTo(append([]byte{packetGossip}, b...), to); err == nil {
			break
		}
	}
	return time.Now(), nil
}

// PacketCh returns the packets that were received.
func (t *gossipTransport) PacketCh() <-chan *memberlist.Packet { return t.packets }

// DialTimeout is not used, see WriteTo.
func (t *gossipTransport) DialTimeout(addr string, _ time.Duration) (net.Conn, error) {
	return nil, casare.Errorf(casare.CodeInternal, "gossip to address %s instead of a robot", addr)
}

// DialAddressTimeout opens a gossip stream to the robot with the name of a.
func (t *gossipTransport) DialAddressTimeout(a memberlist.Address, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout) // memberlist has no context; stop ends every dial
	defer cancel()
	return t.endpoint.dial(ctx, a.Name, planeGossip)
}

// StreamCh returns the streams that others opened.
func (t *gossipTransport) StreamCh() <-chan net.Conn { return t.streams }

// Shutdown has nothing to do: the endpoint outlives memberlist.
func (t *gossipTransport) Shutdown() error { return nil }
