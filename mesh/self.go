package mesh

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"casare/mesh/identity"
)

const outdoMargin = uint64(time.Minute / time.Millisecond)

// self is this robot's own record and what it is made of.
type self struct {
	id   *identity.Identity
	now  func() time.Time
	port int
	// local lists the addresses of this machine's interfaces; tests replace it.
	local     func() ([]net.Addr, error)
	bound     netip.Addr
	advertise string
	http      string

	mu      sync.Mutex
	fields  record
	signed  *record
	changed chan struct{} // has one entry when the record differs from what was published
}

func newSelf(cfg Config, socket net.Addr) (*self, error) {
	bound := netip.IPv6Unspecified()
	port := 0
	if ap, err := netip.ParseAddrPort(socket.String()); err == nil {
		bound, port = ap.Addr().Unmap(), int(ap.Port())
	}
	s := &self{
		id: cfg.Identity, now: cfg.Now, bound: bound, port: port, local: net.InterfaceAddrs,
		advertise: cfg.Advertise, http: cfg.HTTP, changed: make(chan struct{}, 1),
		fields: record{Name: cfg.Name, Version: cfg.Version, Role: string(cfg.Identity.Role())},
	}
	return s, s.refresh()
}

func (s *self) robotID() string { return s.id.RobotID() }

func (s *self) current() *record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed
}

// refresh looks at the machine's addresses and makes a new record if they have changed.
func (s *self) refresh() error {
	addresses, err := s.addresses()
	if err != nil {
		return err
	}
	http := s.apiAddress(addresses)
	return s.change(func(r *record) bool {
		if s.signed != nil && slices.Equal(r.Addresses, addresses) && r.HTTP == http {
			return false
		}
		r.Addresses, r.HTTP = addresses, http
		return true
	})
}

// lead puts a leader hint into the record.
func (s *self) lead(h LeaderHint) error {
	return s.change(func(r *record) bool {
		r.LeaderID, r.Term = h.LeaderID, h.Term
		return true
	})
}

// leave returns the record that says farewell.
func (s *self) leave() (*record, error) {
	err := s.change(func(r *record) bool {
		r.Leaving = true
		return true
	})
	return s.current(), err
}

// outdo makes the record newer than one that is about: after a restart with the clock set back, others would keep the old. The
// margin is for records that were made later and heard by some, but did not come back to us.
func (s *self) outdo(sequence uint64) {
	// An error would be one of signing, which did not fail when the record was first made.
	_ = s.change(func(r *record) bool {
		if sequence <= r.Sequence {
			return false
		}
		r.Sequence = sequence + outdoMargin
		return true
	})
}

func (s *self) change(edit func(*record) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.fields
	if !edit(&next) {
		return nil
	}
	next.Sequence = max(next.Sequence+1, uint64(max(s.now().UnixMilli(), 0)))
	signed, err := next.sign(s.id)
	if err != nil {
		return err
	}
	s.fields, s.signed = next, signed
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

// addresses lists host:port by which others reach this robot.
func (s *self) addresses() ([]string, error) {
	port := strconv.Itoa(s.port)
	if s.advertise != "" {
		if _, _, err := net.SplitHostPort(s.advertise); err == nil {
			return []string{s.advertise}, nil
		}
		return []string{net.JoinHostPort(s.advertise, port)}, nil
	}
	if !s.bound.IsUnspecified() {
		return []string{net.JoinHostPort(s.bound.String(), port)}, nil
	}
	local, err := s.local()
	if err != nil {
		return nil, err
	}
	var v4, v6 []string
	for _, a := range local {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue // an address of another kind
		}
		ip := prefix.Addr().Unmap()
		if ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() {
			continue
		}
		address := net.JoinHostPort(ip.String(), port)
		if ip.Is4() {
			v4 = append(v4, address)
		} else if !s.bound.Is4() {
			v6 = append(v6, address)
		}
	}
	all := append(v4, v6...)
	if len(all) == 0 { // no network at all: other robots on this machine can still reach us
		all = []string{net.JoinHostPort("127.0.0.1", port)}
	}
	return all[:min(len(all), maxAddresses)], nil
}

// apiAddress returns where others reach this robot's API: its own host if it names one, else that of the mesh endpoint.
func (s *self) apiAddress(addresses []string) string {
	host, port, err := net.SplitHostPort(s.http)
	if err != nil {
		return s.http
	}
	if ip, err := netip.ParseAddr(host); host != "" && (err != nil || !ip.IsUnspecified()) {
		return s.http
	}
	if host, _, err = net.SplitHostPort(addresses[0]); err != nil {
		return s.http
	}
	return net.JoinHostPort(host, port)
}

// loopback returns where this robot reaches its own socket.
func (s *self) loopback() string {
	ip := s.bound
	switch {
	case !ip.IsUnspecified():
	case ip.Is4():
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default: // a socket for both families takes either
		ip = netip.IPv6Loopback()
	}
	return netip.AddrPortFrom(ip, uint16(s.port)).String() //nolint:gosec // a UDP port
}
