package mesh_test

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// cable is a network that robots of a test share: it can drop what goes between any two sockets.
type cable struct {
	mu  sync.Mutex
	cut map[[2]string]bool // from, to
	off map[string]bool    // unplugged altogether
}

func newCable() *cable { return &cable{cut: map[[2]string]bool{}, off: map[string]bool{}} }

// plug opens a socket on the cable.
func (c *cable) plug(tb testing.TB, address string) *plugged {
	tb.Helper()
	addr, err := net.ResolveUDPAddr("udp", address)
	require.NoError(tb, err)
	udp, err := net.ListenUDP("udp", addr)
	require.NoError(tb, err)
	return &plugged{UDPConn: udp, cable: c, self: udp.LocalAddr().String()}
}

// unplug cuts a socket off from everybody, at once and without a word: what a crash looks like from outside.
func (c *cable) unplug(p *plugged) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off[p.self] = true
}

// split cuts everything between two groups; heal mends all.
func (c *cable) split(left, right []*plugged) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range left {
		for _, r := range right {
			c.cut[[2]string{l.self, r.self}] = true
			c.cut[[2]string{r.self, l.self}] = true
		}
	}
}

func (c *cable) heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.cut)
}

func (c *cable) passes(from, to string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.off[from] && !c.off[to] && !c.cut[[2]string{from, to}]
}

// plugged is a UDP socket on a cable. It hides the socket's faster ways in and out, which would go past the cable.
type plugged struct {
	*net.UDPConn
	cable *cable
	self  string
}

func (p *plugged) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := p.UDPConn.ReadFrom(b)
		if err != nil || p.cable.passes(from.String(), p.self) {
			return n, from, err
		}
	}
}

func (p *plugged) WriteTo(b []byte, to net.Addr) (int, error) {
	if !p.cable.passes(p.self, to.String()) {
		return len(b), nil
	}
	return p.UDPConn.WriteTo(b, to)
}

// ReadMsgUDP has another signature than quic-go looks for, so that it uses ReadFrom and WriteTo.
func (p *plugged) ReadMsgUDP() {}
