package mesh_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/stretchr/testify/require"

	"casare"
	"casare/mesh"
	"casare/mesh/identity"
)

// stranger dials a robot past our own code, with any certificate and any offer of planes. It returns the plane that was agreed
// on and what became of a stream on it.
func stranger(t *testing.T, m *mesh.Mesh, cert *tls.Certificate, protos ...string) (agreed string, err error) {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer socket.Close()
	transport := &quic.Transport{Conn: socket}
	defer transport.Close()
	conf := &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, NextProtos: protos}
	if cert != nil {
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	qc, err := transport.Dial(ctx, m.Addr(), conf, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = qc.CloseWithError(0, "") }()
	agreed = qc.ConnectionState().TLS.NegotiatedProtocol
	stream, err := qc.OpenStreamSync(ctx)
	if err != nil {
		return agreed, err
	}
	if _, err = stream.Write([]byte{0, 0}); err != nil { // a greeting without a record
		return agreed, err
	}
	require.NoError(t, stream.SetReadDeadline(time.Now().Add(time.Second)))
	_, err = stream.Read(make([]byte, 1))
	return agreed, err
}

func TestTLS_StrangersGetNoPlane(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := start(t, config(t, f.first))
	for _, plane := range []mesh.Plane{mesh.PlaneRaft, mesh.PlaneRPC, mesh.PlaneRobot, mesh.PlaneBlob} {
		l := m.Listen(plane)
		t.Cleanup(func() { l.Close() })
		go func() {
			if c, err := l.Accept(); err == nil {
				c.Close()
				t.Errorf("a stranger was let in on %s", plane)
			}
		}()
	}
	other := newFleet(t)
	chain := func(id *identity.Identity) *tls.Certificate {
		c := id.TLS()
		return &c
	}
	past := f.robotAt(t, casare.RoleCoordinator, time.Now().Add(-100*24*time.Hour))
	future := f.robotAt(t, casare.RoleCoordinator, time.Now().Add(2*time.Hour))
	tests := map[string]*tls.Certificate{
		"no certificate":                nil,
		"another mesh":                  chain(other.first),
		"self-signed":                   forged(t, f.ca.MeshID(), nil, func(*x509.Certificate) {}),
		"self-signed authority":         forged(t, f.ca.MeshID(), nil, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }),
		"signed by a robot":             forged(t, f.ca.MeshID(), f.first, func(*x509.Certificate) {}),
		"name in the subject":           forged(t, f.ca.MeshID(), f.first, func(c *x509.Certificate) { c.URIs = nil }),
		"two names":                     forged(t, f.ca.MeshID(), f.first, func(c *x509.Certificate) { c.URIs = append(c.URIs, c.URIs[0]) }),
		"expired, never met":            chain(past),
		"not yet valid, never met":      chain(future),
		"another robot's id in its SAN": forged(t, f.ca.MeshID(), f.first, func(c *x509.Certificate) { c.URIs[0].Path = "/robot/" + f.first.RobotID() }),
	}
	for name, cert := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, plane := range []mesh.Plane{mesh.PlaneRaft, mesh.PlaneRPC, mesh.PlaneRobot, mesh.PlaneBlob, "casare-gossip/1"} {
				_, err := stranger(t, m, cert, string(plane))
				require.Error(t, err, "%s", plane)
			}
		})
	}
	t.Run("unknown plane", func(t *testing.T) {
		t.Parallel()
		_, err := stranger(t, m, chain(f.robot(t, casare.RoleCoordinator)), "casare-admin/1")
		require.Error(t, err)
	})
	t.Run("greeting without a record", func(t *testing.T) {
		t.Parallel()
		_, err := stranger(t, m, chain(f.robot(t, casare.RoleCoordinator)), string(mesh.PlaneRaft))
		require.Error(t, err)
	})
}

func TestTLS_JoinOpensOnlyJoin(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := start(t, config(t, f.first))
	m.Listen(mesh.PlaneRaft)
	for _, offer := range [][]string{{"casare-raft/1", "casare-join/1"}, {"casare-join/1", "casare-raft/1"}, {"casare-join/1"}} {
		agreed, err := stranger(t, m, nil, offer...)
		require.Error(t, err)
		require.Contains(t, []string{"", "casare-join/1"}, agreed, "offered %v", offer)
	}
}

// forged makes a certificate for the mesh without its CA: signed by itself, or by a robot.
func forged(t *testing.T, meshID string, signer *identity.Identity, edit func(*x509.Certificate)) *tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	name := identity.Name{MeshID: meshID, RobotID: identity.RobotID(der), Role: casare.RoleCoordinator}
	uri, err := url.Parse(name.String())
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name.String()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, URIs: []*url.URL{uri},
	}
	edit(template)
	parent, key := template, any(private)
	if signer != nil {
		own := signer.TLS()
		parent, key = own.Leaf, own.PrivateKey
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	require.NoError(t, err)
	return &tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: private}
}

func TestTLS_DiallerDemandsTheRobotItNamed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	b := start(t, config(t, f.robot(t, casare.RoleCoordinator)))
	b.Listen(mesh.PlaneRaft)
	cfg := config(t, f.first)
	cfg.Timing.Rejoin = time.Hour
	wrong := f.robot(t, casare.RoleCoordinator).RobotID()
	cfg.Peers = []mesh.PeerAddress{{RobotID: wrong, Addresses: []string{b.Addr().String()}}} // DHCP gave its address to b
	a := start(t, cfg)
	_, err := a.Dial(t.Context(), wrong, mesh.PlaneRaft)
	require.Equal(t, casare.CodeUnauthenticated, casare.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "answers instead of")
}

func TestTLS_DiallerRefusesAnotherMesh(t *testing.T) {
	t.Parallel()
	f, other := newFleet(t), newFleet(t)
	b := start(t, config(t, other.first))
	cfg := config(t, f.first)
	cfg.Peers = []mesh.PeerAddress{{RobotID: other.first.RobotID(), Addresses: []string{b.Addr().String()}}}
	a := start(t, cfg)
	_, err := a.Dial(t.Context(), other.first.RobotID(), mesh.PlaneRPC)
	require.Equal(t, casare.CodeUnauthenticated, casare.CodeOf(err), "%v", err)
	require.Len(t, living(a), 1)
	require.Len(t, living(b), 1)
}

func TestTLS_RolesDecideOnPlanes(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	plain := f.robot(t, casare.RoleRobot)
	a := start(t, config(t, f.first))
	b := start(t, config(t, plain, a.Addr().String()))
	converge(t, a, b)
	for _, m := range []*mesh.Mesh{a, b} {
		for _, plane := range []mesh.Plane{mesh.PlaneRaft, mesh.PlaneRPC, mesh.PlaneRobot, mesh.PlaneBlob} {
			echo(t, m, plane)
		}
	}
	dial(t, b, f.first.RobotID(), mesh.PlaneRobot)
	dial(t, b, f.first.RobotID(), mesh.PlaneRPC)
	dial(t, b, f.first.RobotID(), mesh.PlaneBlob)
	dial(t, a, plain.RobotID(), mesh.PlaneRPC)
	_, err := b.Dial(t.Context(), f.first.RobotID(), mesh.PlaneRaft)
	require.Equal(t, casare.CodeForbidden, casare.CodeOf(err))
	_, err = a.Dial(t.Context(), plain.RobotID(), mesh.PlaneRaft)
	require.Error(t, err)
	require.ErrorContains(t, err, "role robot")
	_, err = a.Dial(t.Context(), plain.RobotID(), mesh.PlaneBlob)
	require.ErrorContains(t, err, "role robot")
	_, err = a.Dial(t.Context(), plain.RobotID(), mesh.PlaneRobot)
	require.ErrorContains(t, err, "role robot")

	// Past its own manners, the plain robot is still refused.
	cert := plain.TLS()
	_, err = stranger(t, a, &cert, string(mesh.PlaneRaft))
	var app *quic.ApplicationError
	require.ErrorAs(t, err, &app)
	edge := f.robot(t, casare.RoleEdge).TLS()
	for _, plane := range []string{"casare-gossip/1", "casare-rpc/1", "casare-raft/1"} {
		_, err = stranger(t, a, &edge, plane)
		require.ErrorAs(t, err, &app, plane)
	}
}

func TestTLS_ExpiryAloneSeparatesNobodyWhoHasMet(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	idA := f.robotAt(t, casare.RoleCoordinator, time.Now().Add(-100*24*time.Hour))
	idB := f.robotAt(t, casare.RoleCoordinator, time.Now().Add(-100*24*time.Hour))
	knows := func(ids ...*identity.Identity) func(string) ([]byte, bool) {
		return func(robotID string) ([]byte, bool) {
			for _, id := range ids {
				if id.RobotID() == robotID {
					return id.PublicKey(), true
				}
			}
			return nil, false
		}
	}
	cfgA := config(t, idA)
	cfgA.Known = knows(idB)
	a := start(t, cfgA)
	cfgB := config(t, idB, a.Addr().String())
	cfgB.Known = knows(idA)
	b := start(t, cfgB)
	converge(t, a, b)
	echo(t, b, mesh.PlaneRaft)
	dial(t, a, idB.RobotID(), mesh.PlaneRaft)
}
