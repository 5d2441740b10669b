package mesh

import (
	"context"
	"net"
	"time"

	"casare"
	"casare/mesh/identity"
)

// JoinHandler admits robots. Any robot may be asked; one that does not lead passes the request on to the leader.
type JoinHandler interface {
	// Admit checks the token, records the robot and signs its certificate. The same robot id, key and token again give the
	// same answer and do not count as a second use. The joiner sees code, message and field of a *casare.Error, and of any
	// other error only that something went wrong.
	Admit(ctx context.Context, r JoinRequest) (JoinAnswer, error)
}

// JoinRequest is what a machine sends to become a robot of the mesh. What reaches a JoinHandler has been checked: the secret
// came over a connection that only its sender can have opened, the CSR is signed by the key that RobotID belongs to, and the
// joiner's clock is not far off.
type JoinRequest struct {
	TokenID    string   `cbor:"1,keyasint"`
	SecretHash []byte   `cbor:"2,keyasint"` // SHA-256, as in casare.Token
	RobotID    string   `cbor:"3,keyasint"`
	CSR        []byte   `cbor:"4,keyasint"` // DER
	PublicKey  []byte   `cbor:"5,keyasint"` // PKIX DER
	Name       string   `cbor:"6,keyasint"`
	Recipient  string   `cbor:"7,keyasint"` // age X25519
	Addresses  []string `cbor:"8,keyasint"` // host:port of its mesh endpoint
}

// JoinAnswer is what an admitted machine gets.
type JoinAnswer struct {
	MeshID      string        `cbor:"1,keyasint"`
	Certificate []byte        `cbor:"2,keyasint"` // DER
	CACert      []byte        `cbor:"3,keyasint"` // DER
	GossipKey   []byte        `cbor:"4,keyasint"`
	Peers       []PeerAddress `cbor:"5,keyasint"`
}

// JoinConfig is what a machine needs to join.
type JoinConfig struct {
	Seeds     []string // host:port of any robots of the mesh, tried in order
	Token     string
	Identity  *identity.Identity // keys; filled in by Join
	Name      string
	Addresses []string // host:port where its mesh endpoint will listen, as far as known
	Now       func() time.Time
	// PacketConn is used instead of a fresh socket. Join closes it.
	PacketConn net.PacketConn
}

// Join asks a robot of the mesh to admit this machine. It makes sure that the robot belongs to the mesh of the token before it
// sends the token's secret. On success the identity has joined (the caller saves it) and the answer's peers tell whom to meet
// first. It may be repeated with the same identity and token. Errors are *casare.Error: CodeInvalid for a damaged token or a
// clock that is off, CodeUnauthenticated for a wrong token or mesh, CodeUnavailable when no seed answers.
func Join(ctx context.Context, cfg JoinConfig) (JoinAnswer, error) {
	return JoinAnswer{}, casare.Errorf(casare.CodeUnsupported, "not written yet")
}
