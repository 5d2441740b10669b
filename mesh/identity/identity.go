package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"filippo.io/age"

	"casare"
)

// Identity is one robot: its key, and once it has joined, its certificate and the keys of its mesh.
type Identity struct {
	key       ed25519.PrivateKey
	publicKey []byte // PKIX DER
	age       *age.X25519Identity
	quicKeys  [64]byte // stateless reset key, token generator key

	cert      *x509.Certificate // nil until it has joined
	caCert    *x509.Certificate
	gossipKey []byte
	name      Name
}

// Membership is what a robot gets when it joins.
type Membership struct {
	Certificate []byte // DER
	CACert      []byte // DER
	GossipKey   []byte
}

// New makes the keys of a robot that has not joined any mesh.
func New() (*Identity, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("robot key: %w", err)
	}
	recipient, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("age key: %w", err)
	}
	i := &Identity{age: recipient}
	if _, err := rand.Read(i.quicKeys[:]); err != nil {
		return nil, fmt.Errorf("QUIC keys: %w", err)
	}
	return i, i.setKey(key)
}

func (i *Identity) setKey(key ed25519.PrivateKey) error {
	publicKey, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("robot key: %w", err)
	}
	i.key, i.publicKey = key, publicKey
	return nil
}

// RobotID returns the robot's id, which belongs to its key.
func (i *Identity) RobotID() string { return RobotID(i.publicKey) }

// PublicKey returns the robot's public key as PKIX DER.
func (i *Identity) PublicKey() []byte { return bytes.Clone(i.publicKey) }

// Recipient returns the age recipient that secrets for this robot are sealed to.
func (i *Identity) Recipient() string { return i.age.Recipient().String() }

// Joined says whether the robot belongs to a mesh.
func (i *Identity) Joined() bool { return i.cert != nil }

// MeshID returns the id of the robot's mesh, "" before it has joined.
func (i *Identity) MeshID() string { return i.name.MeshID }

// Role returns what the certificate allows, "" before the robot has joined.
func (i *Identity) Role() casare.Role { return i.name.Role }

// Certificate returns the robot's certificate, nil before it has joined.
func (i *Identity) Certificate() *x509.Certificate { return i.cert }

// CACert returns the certificate of the mesh's CA, nil before the robot has joined.
func (i *Identity) CACert() *x509.Certificate { return i.caCert }

// GossipKey returns the key that gossip is encrypted with, nil before the robot has joined.
func (i *Identity) GossipKey() []byte { return bytes.Clone(i.gossipKey) }

// StatelessResetKey returns the key by which a restarted robot tells its peers at once that their old connections are gone.
func (i *Identity) StatelessResetKey() [32]byte { return [32]byte(i.quicKeys[:32]) }

// TokenGeneratorKey returns the key of the address tokens that this robot gives to those who dial it.
func (i *Identity) TokenGeneratorKey() [32]byte { return [32]byte(i.quicKeys[32:]) }

// Sign signs a message with the robot's key.
func (i *Identity) Sign(message []byte) []byte { return ed25519.Sign(i.key, message) }

// CSR returns a certificate request, DER, signed with the robot's key.
func (i *Identity) CSR() ([]byte, error) {
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, i.key)
	if err != nil {
		return nil, fmt.Errorf("certificate request: %w", err)
	}
	return csr, nil
}

// TLS returns the certificate chain and key for handshakes. The CA's certificate goes along for those who only know its hash.
func (i *Identity) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw, i.caCert.Raw}, PrivateKey: i.key, Leaf: i.cert}
}

// Adopt makes the robot a member of the mesh that admitted it. The certificate must be signed by the CA and carry the robot's
// own key, whatever the clock says; else the error is CodeInvalid and nothing has changed.
func (i *Identity) Adopt(m Membership) error {
	cert, err := x509.ParseCertificate(m.Certificate)
	if err != nil {
		return casare.Errorf(casare.CodeInvalid, "certificate of this robot: %w", err)
	}
	ca, err := x509.ParseCertificate(m.CACert)
	if err != nil {
		return casare.Errorf(casare.CodeInvalid, "certificate of the mesh: %w", err)
	}
	name, err := NameOf(cert)
	if err != nil {
		return casare.Errorf(casare.CodeInvalid, "certificate of this robot: %w", err)
	}
	if !bytes.Equal(cert.RawSubjectPublicKeyInfo, i.publicKey) {
		return casare.Errorf(casare.CodeInvalid, "certificate is that of robot %s, this one is %s", name.RobotID, i.RobotID())
	}
	if err := verifyLeaf(cert, ca, cert.NotAfter); err != nil {
		return casare.Errorf(casare.CodeInvalid, "certificate of this robot: %w", err)
	}
	if len(m.GossipKey) != gossipBytes {
		return casare.Errorf(casare.CodeInvalid, "gossip key has %d bytes instead of %d", len(m.GossipKey), gossipBytes)
	}
	i.cert, i.caCert, i.gossipKey, i.name = cert, ca, bytes.Clone(m.GossipKey), name
	return nil
}
