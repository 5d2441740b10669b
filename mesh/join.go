package mesh

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/quic-go/quic-go"

	"casare"
	"casare/mesh/identity"
)

const (
	joinVersion   = 1
	joinTime      = 30 * time.Second // for one seed
	maxJoinFrame  = 16 << 10
	maxAnswer     = 1 << 20 // an answer carries the addresses of many robots
	maxClockSkew  = 5 * time.Minute
	exporterLabel = "casare-join-1"
	exporterBytes = 32
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
	TokenID    string   `cbor:"1,keyasint" json:"token_id"`
	SecretHash []byte   `cbor:"2,keyasint" json:"secret_hash"` // SHA-256, as in casare.Token
	RobotID    string   `cbor:"3,keyasint" json:"robot_id"`
	CSR        []byte   `cbor:"4,keyasint" json:"csr"`        // DER
	PublicKey  []byte   `cbor:"5,keyasint" json:"public_key"` // PKIX DER
	Name       string   `cbor:"6,keyasint" json:"name"`
	Recipient  string   `cbor:"7,keyasint" json:"recipient"` // age X25519
	Addresses  []string `cbor:"8,keyasint" json:"addresses"` // host:port of its mesh endpoint
}

// JoinAnswer is what an admitted machine gets.
type JoinAnswer struct {
	MeshID      string        `cbor:"1,keyasint" json:"mesh_id"`
	Certificate []byte        `cbor:"2,keyasint" json:"certificate"` // DER
	CACert      []byte        `cbor:"3,keyasint" json:"ca_cert"`     // DER
	GossipKey   []byte        `cbor:"4,keyasint" json:"gossip_key"`
	Peers       []PeerAddress `cbor:"5,keyasint" json:"peers"`
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

// joinFrame is what goes over the wire: the secret itself, which only whoever holds the pinned CA's key gets to see, bound to
// the connection so that it is worth nothing on another.
type joinFrame struct {
	Version   int         `cbor:"1,keyasint"`
	Secret    string      `cbor:"2,keyasint"`
	Binding   []byte      `cbor:"3,keyasint"`
	ClockUnix int64       `cbor:"4,keyasint"` // milliseconds
	Request   JoinRequest `cbor:"5,keyasint"`
}

type joinReply struct {
	Code    casare.Code `cbor:"1,keyasint,omitempty"` // "" when admitted
	Message string      `cbor:"2,keyasint,omitempty"`
	Field   string      `cbor:"3,keyasint,omitempty"`
	Answer  JoinAnswer  `cbor:"4,keyasint,omitempty"`
}

// bindingOf ties secret and certificate request to one TLS connection.
func bindingOf(secret string, csr []byte, state tls.ConnectionState) ([]byte, error) {
	exported, err := state.ExportKeyingMaterial(exporterLabel, nil, exporterBytes)
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(exported)
	mac.Write(csr)
	return mac.Sum(nil), nil
}

// Join asks a robot of the mesh to admit this machine. It makes sure that the robot belongs to the mesh of the token before it
// sends the token's secret. On success the identity has joined (the caller saves it) and the answer's peers tell whom to meet
// first. It may be repeated with the same identity and token. Errors are *casare.Error: CodeInvalid for a damaged token or a
// clock that is off, CodeUnauthenticated for a wrong token or mesh, CodeUnavailable when no seed answers.
func Join(ctx context.Context, cfg JoinConfig) (JoinAnswer, error) {
	socket := cfg.PacketConn
	if socket != nil {
		defer socket.Close()
	}
	token, err := identity.ParseToken(cfg.Token)
	if err != nil {
		return JoinAnswer{}, err
	}
	if cfg.Identity == nil || len(cfg.Seeds) == 0 {
		return JoinAnswer{}, casare.Errorf(casare.CodeInvalid, "joining needs a key and the address of a robot").On("join")
	}
	if err := quietQUIC(); err != nil {
		return JoinAnswer{}, casare.Errorf(casare.CodeInternal, "join: %w", err)
	}
	if socket == nil {
		udp, err := net.ListenUDP("udp", nil)
		if err != nil {
			return JoinAnswer{}, casare.Errorf(casare.CodeUnavailable, "no UDP socket to join with: %w", err)
		}
		defer udp.Close()
		socket = udp
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	transport := &quic.Transport{Conn: socket, ConnectionIDLength: connectionIDBytes}
	defer transport.Close()
	j := joiner{cfg: cfg, token: token, transport: transport}
	var failures []error
	for _, seed := range cfg.Seeds {
		answer, err := j.ask(ctx, seed)
		if err == nil {
			return answer, nil
		}
		if casare.CodeOf(err) != casare.CodeUnavailable {
			return JoinAnswer{}, err // the mesh has answered, another robot would say the same
		}
		failures = append(failures, err)
	}
	if len(failures) == 1 {
		return JoinAnswer{}, failures[0]
	}
	return JoinAnswer{}, casare.Errorf(casare.CodeUnavailable, "no robot answered: %w", errors.Join(failures...))
}

// joiner asks robots for admission.
type joiner struct {
	cfg       JoinConfig
	token     identity.JoinToken
	transport *quic.Transport
}

func (j joiner) ask(ctx context.Context, seed string) (JoinAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	addr, err := resolve(ctx, seed)
	if err != nil {
		return JoinAnswer{}, err
	}
	var refused error
	conf := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{string(planeJoin)}, ServerName: "casare", SessionTicketsDisabled: true,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection pins the CA by the token's hash
		VerifyConnection: func(state tls.ConnectionState) error {
			refused = j.pin(state)
			return refused
		},
	}
	silence, keepAlive := idle(planeJoin)
	qc, err := j.transport.Dial(ctx, addr, conf, quicConfig(silence, keepAlive))
	if refused != nil {
		return JoinAnswer{}, casare.Errorf(casare.CodeUnauthenticated, "the robot at %s: %w", seed, refused)
	}
	if err != nil {
		return JoinAnswer{}, casare.Errorf(casare.CodeUnavailable, "no robot answers at %s (UDP): %w", seed, err).On("join")
	}
	defer qc.CloseWithError(quitDone, "") //nolint:errcheck // it returns none
	reply, err := j.exchange(ctx, qc)
	if err != nil {
		return JoinAnswer{}, err
	}
	if reply.Code != "" {
		return JoinAnswer{}, casare.Errorf(reply.Code, "%s", reply.Message).On(reply.Field)
	}
	return reply.Answer, j.adopt(reply.Answer)
}

// pin makes sure, before anything secret is sent, that the robot belongs to the mesh the token was made in. The clock plays no
// part: the mesh judges ours, and says by how much it is off.
func (j joiner) pin(state tls.ConnectionState) error {
	if len(state.PeerCertificates) < 2 {
		return casare.Errorf(casare.CodeUnauthenticated, "shows no certificate of its mesh")
	}
	leaf, ca := state.PeerCertificates[0], state.PeerCertificates[1]
	if !j.token.Pins(ca) {
		return casare.Errorf(casare.CodeUnauthenticated, "belongs to another mesh than the token: its CA key has another hash")
	}
	authority := identity.Authority{
		MeshID: j.token.MeshID, CA: ca, Now: func() time.Time { return leaf.NotAfter },
	}
	_, err := authority.Check([]*x509.Certificate{leaf})
	return err
}

func (j joiner) exchange(ctx context.Context, qc *quic.Conn) (joinReply, error) {
	lost := func(err error) (joinReply, error) {
		return joinReply{}, casare.Errorf(casare.CodeUnavailable, "the robot at %s broke off the join: %w", qc.RemoteAddr(), err).On("join")
	}
	csr, err := j.cfg.Identity.CSR()
	if err != nil {
		return joinReply{}, casare.Errorf(casare.CodeInternal, "join: %w", err)
	}
	binding, err := bindingOf(j.token.Secret(), csr, qc.ConnectionState().TLS)
	if err != nil {
		return joinReply{}, casare.Errorf(casare.CodeInternal, "join: %w", err)
	}
	frame := joinFrame{
		Version: joinVersion, Secret: j.token.Secret(), Binding: binding, ClockUnix: j.cfg.Now().UnixMilli(),
		Request: JoinRequest{
			TokenID: j.token.ID, RobotID: j.cfg.Identity.RobotID(), CSR: csr, Name: j.cfg.Name,
			Recipient: j.cfg.Identity.Recipient(), Addresses: j.cfg.Addresses,
		},
	}
	stream, err := qc.OpenStreamSync(ctx)
	if err != nil {
		return lost(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := writeFrame(stream, frame, maxJoinFrame); err != nil {
		if casare.CodeOf(err) == casare.CodeTooLarge {
			return joinReply{}, err
		}
		return lost(err)
	}
	var reply joinReply
	if err := readFrame(stream, &reply, maxAnswer); err != nil {
		return lost(cmp.Or(context.Cause(ctx), err))
	}
	return reply, nil
}

// adopt checks the answer against the token and makes the identity a member.
func (j joiner) adopt(a JoinAnswer) error {
	ca, err := x509.ParseCertificate(a.CACert)
	if err != nil || !j.token.Pins(ca) {
		return casare.Errorf(casare.CodeUnauthenticated, "the answer to the join carries the CA of another mesh than the token")
	}
	if err := j.cfg.Identity.Adopt(identity.Membership{Certificate: a.Certificate, CACert: a.CACert, GossipKey: a.GossipKey}); err != nil {
		return err
	}
	if j.cfg.Identity.MeshID() != j.token.MeshID {
		return casare.Errorf(casare.CodeUnauthenticated, "the answer to the join is for mesh %s, the token for %s", j.cfg.Identity.MeshID(), j.token.MeshID)
	}
	return nil
}

// writeFrame writes a length of four bytes and a value in CBOR.
func writeFrame(w io.Writer, v any, limit int) error {
	body, err := cbor.Marshal(v)
	if err != nil {
		return casare.Errorf(casare.CodeInternal, "join: %w", err)
	}
	if len(body) > limit {
		return casare.Errorf(casare.CodeTooLarge, "join message has %d bytes, more than %d", len(body), limit)
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body))) //nolint:gosec // at most limit
	_, err = w.Write(append(frame, body...))
	return err
}

func readFrame(r io.Reader, v any, limit int) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:])
	if uint64(size) > uint64(limit) { //nolint:gosec // a positive constant
		return casare.Errorf(casare.CodeTooLarge, "join message has %d bytes, more than %d", size, limit)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	if err := cbor.Unmarshal(body, v); err != nil {
		return casare.Errorf(casare.CodeInvalid, "join message: %w", err)
	}
	return nil
}
