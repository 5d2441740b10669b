package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"casare"
)

const (
	certificateLife = 90 * 24 * time.Hour
	authorityLife   = 20 * 365 * 24 * time.Hour
	backdate        = time.Hour // a joining robot's clock may be a little behind ours
	idBytes         = 13        // 104 bits in 21 letters
	scheme          = "casare"
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// RobotID returns the id of the robot that holds the key; publicKey is PKIX DER.
func RobotID(publicKey []byte) string {
	sum := sha256.Sum256(publicKey)
	return idEncoding.EncodeToString(sum[:idBytes])
}

// Name is what a certificate says of its holder.
type Name struct {
	MeshID  string
	RobotID string
	Role    casare.Role
}

// String returns the one name of a certificate.
func (n Name) String() string {
	return scheme + "://" + n.MeshID + "/robot/" + n.RobotID + "?role=" + string(n.Role)
}

func (n Name) url() *url.URL {
	return &url.URL{Scheme: scheme, Host: n.MeshID, Path: "/robot/" + n.RobotID, RawQuery: "role=" + string(n.Role)}
}

// NameOf reads the name of a certificate. It must have exactly one, in exactly the form of Name.String, with the id that
// belongs to the certificate's key.
func NameOf(cert *x509.Certificate) (Name, error) {
	if len(cert.URIs) != 1 || len(cert.DNSNames)+len(cert.IPAddresses)+len(cert.EmailAddresses) != 0 {
		return Name{}, casare.Errorf(casare.CodeUnauthenticated, "certificate has not exactly one name")
	}
	uri := cert.URIs[0]
	robot, found := strings.CutPrefix(uri.Path, "/robot/")
	role, roleFound := strings.CutPrefix(uri.RawQuery, "role=")
	parsed, err := casare.ParseRole(role)
	name := Name{MeshID: uri.Host, RobotID: robot, Role: parsed}
	if !found || !roleFound || err != nil || name.String() != uri.String() {
		return Name{}, casare.Errorf(casare.CodeUnauthenticated, "certificate's name %q is not that of a robot", uri)
	}
	if name.RobotID != RobotID(cert.RawSubjectPublicKeyInfo) {
		return Name{}, casare.Errorf(casare.CodeUnauthenticated, "certificate of robot %s carries another robot's key", name.RobotID)
	}
	return name, nil
}

// Authority checks certificates against the mesh's CA certificate.
type Authority struct {
	MeshID string
	CA     *x509.Certificate
	Now    func() time.Time
	// Known returns the public key (PKIX DER) that stands for a robot in a table this robot trusts. It may be nil.
	Known func(robotID string) (publicKey []byte, ok bool)
}

// Check says who presents the certificates of a handshake. The error is CodeUnauthenticated. For a robot whose key is known,
// a certificate that is expired or not yet valid counts as valid.
func (a *Authority) Check(presented []*x509.Certificate) (Name, error) {
	if len(presented) == 0 {
		return Name{}, casare.Errorf(casare.CodeUnauthenticated, "no certificate was presented")
	}
	leaf := presented[0]
	name, err := NameOf(leaf)
	if err != nil {
		return Name{}, err
	}
	if name.MeshID != a.MeshID {
		return Name{}, casare.Errorf(casare.CodeUnauthenticated, "robot %s belongs to mesh %s, not to %s", name.RobotID, name.MeshID, a.MeshID)
	}
	now := a.Now()
	if a.Known != nil {
		if key, ok := a.Known(name.RobotID); ok && bytes.Equal(key, leaf.RawSubjectPublicKeyInfo) {
			now = clamp(now, leaf)
		}
	}
	if err := verifyLeaf(leaf, a.CA, now); err != nil {
		return Name{}, casare.Errorf(casare.CodeUnauthenticated, "certificate of robot %s: %w", name.RobotID, err)
	}
	return name, nil
}

func clamp(now time.Time, cert *x509.Certificate) time.Time {
	if now.Before(cert.NotBefore) {
		return cert.NotBefore
	}
	if now.After(cert.NotAfter) {
		return cert.NotAfter
	}
	return now
}

// verifyLeaf checks that the CA signed the certificate for a robot, and that it is valid at now. There is nothing between the
// two. The CA's own window is not looked at: its key is what the mesh is known by, and it outlives what it signs.
func verifyLeaf(leaf, ca *x509.Certificate, now time.Time) error {
	if leaf.IsCA || len(leaf.UnhandledCriticalExtensions) > 0 || !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return casare.Errorf(casare.CodeUnauthenticated, "it is not for a robot")
	}
	if err := leaf.CheckSignatureFrom(ca); err != nil {
		return casare.Errorf(casare.CodeUnauthenticated, "it is not signed by this mesh: %w", err)
	}
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return casare.Errorf(casare.CodeUnauthenticated, "it is valid from %s to %s and the clock here says %s",
			leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return nil
}

func serial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("serial number: %w", err)
	}
	return n.Add(n, big.NewInt(1)), nil
}

func robotTemplate(name Name, now time.Time) (*x509.Certificate, error) {
	number, err := serial()
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber:          number,
		Subject:               pkix.Name{CommonName: name.RobotID},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(certificateLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		URIs:                  []*url.URL{name.url()},
	}, nil
}

func authorityCertificate(meshID string, key ed25519.PrivateKey, now time.Time) (*x509.Certificate, error) {
	number, err := serial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          number,
		Subject:               pkix.Name{CommonName: "Casare Mesh " + meshID},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign CA certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}
