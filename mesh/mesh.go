package mesh

import (
	"context"
	"net"

	"casare"
)

// Mesh is this robot's endpoint in the mesh.
type Mesh struct{ cfg Config }

// Open validates the configuration and binds the socket. Nothing is received before Start.
func Open(cfg Config) (*Mesh, error) { return &Mesh{cfg: cfg}, cfg.Validate() }

// Start listens, gossips and looks for the other robots. It does not wait for any of them.
func (m *Mesh) Start(ctx context.Context) error { return casare.Errorf(casare.CodeUnsupported, "not written yet") }

// Stop says farewell, closes every connection and the socket, and waits for what Start began. It may be called twice, and
// without Start.
func (m *Mesh) Stop() {}

// Dial opens a connection to a robot: to exactly the robot with this id, wherever it is, this one included. When Dial returns
// without error, the robot has accepted. Errors are *casare.Error with CodeUnavailable, or CodeForbidden when the roles of the
// two do not allow the plane.
func (m *Mesh) Dial(ctx context.Context, robotID string, plane Plane) (net.Conn, error) {
	return nil, casare.Errorf(casare.CodeUnsupported, "not written yet")
}

// Listen returns the listener for the connections of a plane that other robots open; PeerOf tells whose they are. There is one
// listener a plane: closing it lets the next Listen open it again. Without one, Dial fails on the other side.
func (m *Mesh) Listen(plane Plane) net.Listener { return nil }

// PeerOf returns the robot at the other end of a connection that Dial or a listener gave.
func PeerOf(conn net.Conn) (Peer, bool) { return Peer{}, false }

// Members lists the robots that gossip knows, this one first, then by id.
func (m *Mesh) Members() []Member { return nil }

// Changed returns a channel that is closed when Members would answer differently than it does now.
func (m *Mesh) Changed() <-chan struct{} { return nil }

// Announce tells the mesh who leads. Only a hint of a newer term than the last one is passed on.
func (m *Mesh) Announce(hint LeaderHint) {}

// Hints returns a channel that gives the newest leader hint each time one with a newer term is heard or announced here. There
// is one reader; a hint that was not read yet is replaced by a newer one.
func (m *Mesh) Hints() <-chan LeaderHint { return nil }

// Hint returns the leader hint with the newest term heard of.
func (m *Mesh) Hint() LeaderHint { return LeaderHint{} }

// Addr returns the address of the socket.
func (m *Mesh) Addr() net.Addr { return nil }

// Addresses returns host:port texts by which others reach this robot, the best first.
func (m *Mesh) Addresses() []string { return nil }

// HTTP returns the address of this robot's API as others reach it.
func (m *Mesh) HTTP() string { return "" }

// Peers returns the robots this one knows how to reach: what an answer to a join carries.
func (m *Mesh) Peers() []PeerAddress { return nil }
