package mesh

import (
	"cmp"
	"log/slog"
	"net"
	"time"

	"casare"
	"casare/mesh/identity"
)

// Plane is a kind of traffic between robots; its text is the ALPN protocol.
type Plane string

// The planes. Gossip and join are the mesh's own.
const (
	PlaneRaft   Plane = "casare-raft/1"  // between coordinators only
	PlaneRPC    Plane = "casare-rpc/1"   // forwarded requests; connections are kept and shared
	PlaneRobot  Plane = "casare-robot/1" // robot sessions
	PlaneBlob   Plane = "casare-blob/1"  // blobs, to and from coordinators; connections are kept and shared
	planeGossip Plane = "casare-gossip/1"
	planeJoin   Plane = "casare-join/1"
)

// Config is what a mesh endpoint needs. Identity (joined) and Logger are required, and Listen or PacketConn.
type Config struct {
	Identity *identity.Identity
	Listen   string // host:port of the UDP socket
	// PacketConn is used instead of a socket on Listen. The mesh closes it.
	PacketConn net.PacketConn
	// Advertise is the host or host:port by which others reach this robot, if its own interfaces do not say.
	Advertise string

	Name    string // of the robot, for people
	HTTP    string // host:port of its API; an unspecified host is replaced by the advertised one
	Version string // of casare

	Seeds []string // host:port of any robots of the mesh
	// Peers are robots known from elsewhere, for example from the answer to a join.
	Peers []PeerAddress
	// PeersFile keeps the robots that were met, with their addresses. "" keeps nothing.
	PeersFile string
	// Coordinators returns the ids of the coordinators, which are looked for when they are not alive. It may be nil.
	Coordinators func() []string
	// Known returns the public key (PKIX DER) of a robot in the replicated robot table. Expiry alone does not refuse such a
	// robot. It may be nil; robots met before are known all the same.
	Known func(robotID string) (publicKey []byte, ok bool)
	// Join admits new robots. Without it the join plane is closed.
	Join JoinHandler

	Logger *slog.Logger
	Now    func() time.Time
	Timing Timing
}

// Timing holds the times that tests shorten. Zero fields get the values of the product.
type Timing struct {
	Probe  time.Duration // between probes of gossip; a crash is seen after about six. 500 ms
	Gossip time.Duration // between gossip packets. 200 ms
	Sync   time.Duration // between full exchanges with one random robot. 30 s
	Rejoin time.Duration // between attempts to reach the known robots that are not alive. 10 s
	Leave  time.Duration // how long Stop waits for its farewell to go out. 500 ms
}

func (t Timing) withDefaults() Timing {
	return Timing{
		Probe:  cmp.Or(t.Probe, 500*time.Millisecond),
		Gossip: cmp.Or(t.Gossip, 200*time.Millisecond),
		Sync:   cmp.Or(t.Sync, 30*time.Second),
		Rejoin: cmp.Or(t.Rejoin, 10*time.Second),
		Leave:  cmp.Or(t.Leave, 500*time.Millisecond),
	}
}

// Validate says what is missing or makes no sense, as CodeInvalid with the field.
func (c Config) Validate() error {
	switch {
	case c.Identity == nil || !c.Identity.Joined():
		return casare.Errorf(casare.CodeInvalid, "a mesh endpoint needs the identity of a robot that has joined").On("identity")
	case c.Logger == nil:
		return casare.Errorf(casare.CodeInvalid, "a mesh endpoint needs a logger").On("logger")
	case c.Listen == "" && c.PacketConn == nil:
		return casare.Errorf(casare.CodeInvalid, "a mesh endpoint needs an address to listen on").On("mesh")
	}
	if c.Listen != "" {
		if _, err := net.ResolveUDPAddr("udp", c.Listen); err != nil {
			return casare.Errorf(casare.CodeInvalid, "mesh address %q: %w", c.Listen, err).On("mesh")
		}
	}
	for _, seed := range c.Seeds {
		if _, _, err := net.SplitHostPort(seed); err != nil {
			return casare.Errorf(casare.CodeInvalid, "address %q of a robot to join is not host:port: %w", seed, err).On("join")
		}
	}
	return nil
}

// Peer is the robot at the other end of a connection, as its certificate says.
type Peer struct {
	ID   string
	Role casare.Role
}

// PeerAddress is a robot and where it was last known to listen.
type PeerAddress struct {
	RobotID   string   `cbor:"1,keyasint" json:"robot_id"`
	Addresses []string `cbor:"2,keyasint" json:"addresses"` // host:port
}

// MemberState is what gossip believes of a robot. It is a hint.
type MemberState string

// The states of a member.
const (
	MemberAlive MemberState = "alive"
	MemberDead  MemberState = "dead"
	MemberLeft  MemberState = "left" // it said farewell
)

// LeaderHint says that a robot leads in a term of raft, as far as the robot that says it knows.
type LeaderHint struct {
	LeaderID string
	Term     uint64
}

// Member is a robot as gossip knows it.
type Member struct {
	RobotID   string
	Name      string
	State     MemberState
	Self      bool
	Mesh      string   // host:port to try first
	Addresses []string // all of its mesh addresses
	HTTP      string
	Version   string
	Role      casare.Role // as the robot says; a certificate decides
	Hint      LeaderHint
}
