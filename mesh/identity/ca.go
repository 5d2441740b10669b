package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"github.com/fxamacker/cbor/v2"

	"casare"
)

const (
	meshIDBytes  = 10
	gossipBytes  = 32
	maxSealed    = 16 << 10
	maxCSR       = 4 << 10
	sealedFormat = 1
)

// CA is the mesh's certificate authority together with the gossip key: what every coordinator can unseal, and nobody else.
type CA struct {
	cert      *x509.Certificate
	key       ed25519.PrivateKey
	gossipKey []byte
	meshID    string
}

// NewMesh makes a mesh: its id, CA and gossip key. The identity becomes its first coordinator.
func NewMesh(first *Identity, now time.Time) (*CA, error) {
	id := make([]byte, meshIDBytes)
	gossipKey := make([]byte, gossipBytes)
	if _, err := rand.Read(id); err != nil {
		return nil, fmt.Errorf("mesh id: %w", err)
	}
	if _, err := rand.Read(gossipKey); err != nil {
		return nil, fmt.Errorf("gossip key: %w", err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("CA key: %w", err)
	}
	meshID := idEncoding.EncodeToString(id)
	cert, err := authorityCertificate(meshID, key, now)
	if err != nil {
		return nil, err
	}
	ca := &CA{cert: cert, key: key, gossipKey: gossipKey, meshID: meshID}
	csr, err := first.CSR()
	if err != nil {
		return nil, err
	}
	signed, err := ca.Sign(csr, first.RobotID(), casare.RoleCoordinator, now)
	if err != nil {
		return nil, err
	}
	if err := first.Adopt(Membership{Certificate: signed, CACert: cert.Raw, GossipKey: gossipKey}); err != nil {
		return nil, err
	}
	return ca, nil
}

// MeshID returns the id of the mesh.
func (c *CA) MeshID() string { return c.meshID }

// Cert returns the CA certificate in DER.
func (c *CA) Cert() []byte { return c.cert.Raw }

// GossipKey returns the key that gossip is encrypted with.
func (c *CA) GossipKey() []byte { return bytes.Clone(c.gossipKey) }

// KeyHash returns the SHA-256 of the CA's public key: what a join token pins.
func (c *CA) KeyHash() []byte { return keyHash(c.cert) }

func keyHash(cert *x509.Certificate) []byte {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return sum[:]
}

// Sign returns the DER certificate of a robot. The request must be signed by the key that robotID belongs to; nothing but the
// key is taken from it. The error is CodeInvalid for a bad request.
func (c *CA) Sign(csr []byte, robotID string, role casare.Role, now time.Time) ([]byte, error) {
	publicKey, err := CheckCSR(csr)
	if err != nil {
		return nil, err
	}
	if RobotID(publicKey) != robotID {
		return nil, casare.Errorf(casare.CodeInvalid, "certificate request is not made with the key of robot %s", robotID).On("csr")
	}
	if _, err := casare.ParseRole(string(role)); err != nil {
		return nil, err //nolint:wrapcheck // says it all
	}
	key, err := x509.ParsePKIXPublicKey(publicKey)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "certificate request: %w", err).On("csr")
	}
	template, err := robotTemplate(Name{MeshID: c.meshID, RobotID: robotID, Role: role}, now)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.cert, key, c.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of robot %s: %w", robotID, err)
	}
	return der, nil
}

// CheckCSR returns the public key (PKIX DER) of a certificate request that is signed with it. The error is CodeInvalid.
func CheckCSR(csr []byte) (publicKey []byte, err error) {
	if len(csr) > maxCSR {
		return nil, casare.Errorf(casare.CodeInvalid, "certificate request has %d bytes, more than %d", len(csr), maxCSR).On("csr")
	}
	request, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "certificate request: %w", err).On("csr")
	}
	if err := request.CheckSignature(); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "certificate request: %w", err).On("csr")
	}
	if _, ok := request.PublicKey.(ed25519.PublicKey); !ok {
		return nil, casare.Errorf(casare.CodeInvalid, "certificate request has a %s key, not Ed25519", request.PublicKeyAlgorithm).On("csr")
	}
	return request.RawSubjectPublicKeyInfo, nil
}

type sealedKeys struct {
	Format    int    `cbor:"1,keyasint"`
	MeshID    string `cbor:"2,keyasint"`
	CACert    []byte `cbor:"3,keyasint"`
	CASeed    []byte `cbor:"4,keyasint"`
	GossipKey []byte `cbor:"5,keyasint"`
}

// Seal encrypts the CA to age recipients, see Identity.Recipient.
func (c *CA) Seal(recipients ...string) ([]byte, error) {
	to := make([]age.Recipient, 0, len(recipients))
	for _, text := range recipients {
		recipient, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, casare.Errorf(casare.CodeInvalid, "recipient of sealed keys: %w", err).On("recipient")
		}
		to = append(to, recipient)
	}
	plain, err := cbor.Marshal(sealedKeys{Format: sealedFormat, MeshID: c.meshID, CACert: c.cert.Raw, CASeed: c.key.Seed(), GossipKey: c.gossipKey})
	if err != nil {
		return nil, fmt.Errorf("encode mesh keys: %w", err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to...)
	if err != nil {
		return nil, fmt.Errorf("seal mesh keys: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("seal mesh keys: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal mesh keys: %w", err)
	}
	return sealed.Bytes(), nil
}

// Unseal opens what Seal made for this robot. The keys must be those of the mesh the identity belongs to.
func (i *Identity) Unseal(sealed []byte) (*CA, error) {
	if len(sealed) > maxSealed {
		return nil, casare.Errorf(casare.CodeInvalid, "sealed mesh keys have %d bytes, more than %d", len(sealed), maxSealed)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), i.age)
	if err != nil {
		return nil, fmt.Errorf("unseal mesh keys: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxSealed))
	if err != nil {
		return nil, fmt.Errorf("unseal mesh keys: %w", err)
	}
	var keys sealedKeys
	if err := cbor.Unmarshal(plain, &keys); err != nil {
		return nil, fmt.Errorf("decode mesh keys: %w", err)
	}
	cert, err := x509.ParseCertificate(keys.CACert)
	if err != nil {
		return nil, fmt.Errorf("decode mesh keys: %w", err)
	}
	if keys.Format != sealedFormat || len(keys.CASeed) != ed25519.SeedSize || len(keys.GossipKey) != gossipBytes {
		return nil, casare.Errorf(casare.CodeInvalid, "sealed mesh keys have format %d, which this version does not read", keys.Format)
	}
	key := ed25519.NewKeyFromSeed(keys.CASeed)
	if i.caCert == nil || !bytes.Equal(i.caCert.Raw, cert.Raw) || !isKeyOf(cert, key) {
		return nil, casare.Errorf(casare.CodeInvalid, "sealed mesh keys are those of mesh %s, not of this robot's mesh", keys.MeshID)
	}
	return &CA{cert: cert, key: key, gossipKey: keys.GossipKey, meshID: keys.MeshID}, nil
}

func isKeyOf(cert *x509.Certificate, key ed25519.PrivateKey) bool {
	public, ok := cert.PublicKey.(ed25519.PublicKey)
	return ok && public.Equal(key.Public())
}
