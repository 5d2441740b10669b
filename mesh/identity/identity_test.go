package identity_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/mesh/identity"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func setup(t *testing.T) (*identity.Identity, *identity.CA) {
	t.Helper()
	id, err := identity.New()
	require.NoError(t, err)
	ca, err := identity.NewMesh(id, now)
	require.NoError(t, err)
	return id, ca
}

func member(t *testing.T, ca *identity.CA, role casare.Role, at time.Time) *identity.Identity {
	t.Helper()
	id, err := identity.New()
	require.NoError(t, err)
	csr, err := id.CSR()
	require.NoError(t, err)
	cert, err := ca.Sign(csr, id.RobotID(), role, at)
	require.NoError(t, err)
	require.NoError(t, id.Adopt(identity.Membership{Certificate: cert, CACert: ca.Cert(), GossipKey: ca.GossipKey()}))
	return id
}

func TestRobotID_BelongsToTheKey(t *testing.T) {
	t.Parallel()
	a, err := identity.New()
	require.NoError(t, err)
	b, err := identity.New()
	require.NoError(t, err)
	require.Len(t, a.RobotID(), 21)
	require.Equal(t, url.PathEscape(a.RobotID()), a.RobotID())
	require.Equal(t, identity.RobotID(a.PublicKey()), a.RobotID())
	require.NotEqual(t, a.RobotID(), b.RobotID())
}

func TestNewMesh_FirstRobotIsACoordinator(t *testing.T) {
	t.Parallel()
	id, ca := setup(t)
	require.True(t, id.Joined())
	require.Equal(t, casare.RoleCoordinator, id.Role())
	require.Equal(t, ca.MeshID(), id.MeshID())
	cert := id.Certificate()
	require.Equal(t, "casare://"+ca.MeshID()+"/robot/"+id.RobotID()+"?role=coordinator", cert.URIs[0].String())
	require.Equal(t, now.Add(-time.Hour), cert.NotBefore)
	require.Equal(t, now.Add(90*24*time.Hour), cert.NotAfter)
}

func TestSaveLoad(t *testing.T) {
	t.Parallel()
	id, ca := setup(t)
	dir := filepath.Join(t.TempDir(), "identity")
	require.NoError(t, id.Save(dir))
	require.NoError(t, id.Save(dir), "again is fine")
	loaded, err := identity.Load(dir)
	require.NoError(t, err)
	require.Equal(t, id, loaded)
	require.Equal(t, ca.MeshID(), loaded.MeshID())
	require.Equal(t, id.StatelessResetKey(), loaded.StatelessResetKey())
	require.NotEqual(t, [32]byte{}, loaded.TokenGeneratorKey())

	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 6)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), e.Name())
	}
}

func TestLoad_BeforeJoining(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := identity.Load(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	id, err := identity.New()
	require.NoError(t, err)
	require.NoError(t, id.Save(dir))
	loaded, err := identity.Load(dir)
	require.NoError(t, err)
	require.False(t, loaded.Joined())
	require.Equal(t, id.RobotID(), loaded.RobotID())
	require.Equal(t, id.Recipient(), loaded.Recipient())
}

func TestLoad_DamagedFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"robot.key", "robot.crt", "ca.crt", "age.key", "gossip.key", "quic.key"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, _ := setup(t)
			dir := t.TempDir()
			require.NoError(t, id.Save(dir))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("AGE-SECRET-KEY-1DAMAGED"), 0o600))
			_, err := identity.Load(dir)
			require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
			require.ErrorContains(t, err, name)
			require.NotContains(t, err.Error(), "DAMAGED")
		})
	}
}

func TestSeal_OnlyForItsRecipients(t *testing.T) {
	t.Parallel()
	first, ca := setup(t)
	second, stranger := member(t, ca, casare.RoleCoordinator, now), member(t, ca, casare.RoleCoordinator, now)
	sealed, err := ca.Seal(first.Recipient(), second.Recipient())
	require.NoError(t, err)
	opened, err := second.Unseal(sealed)
	require.NoError(t, err)
	require.Equal(t, ca.GossipKey(), opened.GossipKey())

	// What was unsealed signs like the original.
	id := member(t, opened, casare.RoleRobot, now)
	require.Equal(t, ca.MeshID(), id.MeshID())

	_, err = stranger.Unseal(sealed)
	require.Error(t, err)
	_, err = first.Unseal(sealed[:len(sealed)-1])
	require.Error(t, err)
	_, err = first.Unseal(bytes.Repeat([]byte{1}, 100<<10))
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))

	_, other := setup(t)
	foreign, err := other.Seal(first.Recipient())
	require.NoError(t, err)
	_, err = first.Unseal(foreign)
	require.ErrorContains(t, err, "not of this robot's mesh")
	_, err = ca.Seal("age1nonsense")
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
}

func TestSign_RefusesWhatIsNotTheRobots(t *testing.T) {
	t.Parallel()
	first, ca := setup(t)
	csr, err := first.CSR()
	require.NoError(t, err)
	_, err = ca.Sign(csr, "somebodyelse", casare.RoleRobot, now)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	_, err = ca.Sign(csr, first.RobotID(), "admin", now)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	_, err = ca.Sign([]byte("nonsense"), first.RobotID(), casare.RoleRobot, now)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	csr[len(csr)-1] ^= 1 // the signature
	_, err = ca.Sign(csr, first.RobotID(), casare.RoleRobot, now)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
}

func TestAdopt_RefusesAnothersCertificate(t *testing.T) {
	t.Parallel()
	first, ca := setup(t)
	_, other := setup(t)
	id, err := identity.New()
	require.NoError(t, err)
	csr, err := id.CSR()
	require.NoError(t, err)
	cert, err := ca.Sign(csr, id.RobotID(), casare.RoleRobot, now)
	require.NoError(t, err)
	for name, m := range map[string]identity.Membership{
		"another robot's": {Certificate: first.Certificate().Raw, CACert: ca.Cert(), GossipKey: ca.GossipKey()},
		"another CA":      {Certificate: cert, CACert: other.Cert(), GossipKey: ca.GossipKey()},
		"no gossip key":   {Certificate: cert, CACert: ca.Cert()},
		"nothing":         {},
	} {
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(id.Adopt(m)), name)
		require.False(t, id.Joined())
	}
}

// handmade is a mesh whose CA signs anything: what a real one never does, but a check must not rely on that.
func handmade(t *testing.T, edit func(*x509.Certificate)) (*identity.Authority, *x509.Certificate) {
	t.Helper()
	caPublic, caPrivate, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, caPublic, caPrivate)
	require.NoError(t, err)
	ca, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	spki, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	uri, err := url.Parse(identity.Name{MeshID: "m1", RobotID: identity.RobotID(spki), Role: casare.RoleRobot}.String())
	require.NoError(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, URIs: []*url.URL{uri},
	}
	edit(leaf)
	der, err = x509.CreateCertificate(rand.Reader, leaf, ca, public, caPrivate)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &identity.Authority{MeshID: "m1", CA: ca, Now: func() time.Time { return now }}, cert
}

func TestAuthority_ChecksTheNameAsAWhole(t *testing.T) {
	t.Parallel()
	authority, cert := handmade(t, func(*x509.Certificate) {})
	name, err := authority.Check([]*x509.Certificate{cert})
	require.NoError(t, err)
	require.Equal(t, casare.RoleRobot, name.Role)
	require.Equal(t, identity.RobotID(cert.RawSubjectPublicKeyInfo), name.RobotID)

	_, err = authority.Check(nil)
	require.Equal(t, casare.CodeUnauthenticated, casare.CodeOf(err))
	for what, edit := range map[string]func(*x509.Certificate){
		"another mesh":          func(c *x509.Certificate) { c.URIs[0].Host = "m2" },
		"another robot's id":    func(c *x509.Certificate) { c.URIs[0].Path = "/robot/aaaaaaaaaaaaaaaaaaaaa" },
		"no name":               func(c *x509.Certificate) { c.URIs = nil },
		"two names":             func(c *x509.Certificate) { c.URIs = append(c.URIs, c.URIs[0]) },
		"a DNS name beside it":  func(c *x509.Certificate) { c.DNSNames = []string{"casare"} },
		"another scheme":        func(c *x509.Certificate) { c.URIs[0].Scheme = "https" },
		"unknown role":          func(c *x509.Certificate) { c.URIs[0].RawQuery = "role=admin" },
		"two roles":             func(c *x509.Certificate) { c.URIs[0].RawQuery = "role=robot&role=coordinator" },
		"no role":               func(c *x509.Certificate) { c.URIs[0].RawQuery = "" },
		"a fragment":            func(c *x509.Certificate) { c.URIs[0].Fragment = "x" },
		"a user":                func(c *x509.Certificate) { c.URIs[0].User = url.User("x") },
		"a port":                func(c *x509.Certificate) { c.URIs[0].Host += ":1" },
		"a longer path":         func(c *x509.Certificate) { c.URIs[0].Path += "/x" },
		"an authority":          func(c *x509.Certificate) { c.IsCA = true },
		"expired":               func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) },
		"not yet valid":         func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) },
		"for nothing but email": func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} },
	} {
		authority, cert := handmade(t, edit)
		_, err := authority.Check([]*x509.Certificate{cert})
		require.Equal(t, casare.CodeUnauthenticated, casare.CodeOf(err), what)
	}
	authority, _ = handmade(t, func(*x509.Certificate) {})
	_, err = authority.Check([]*x509.Certificate{cert})
	require.Equal(t, casare.CodeUnauthenticated, casare.CodeOf(err), "another CA")
}

func TestAuthority_ClockIsClampedForKnownRobots(t *testing.T) {
	t.Parallel()
	for what, at := range map[string]time.Time{"holidays": now.Add(5 * 365 * 24 * time.Hour), "empty battery": time.Unix(0, 0)} {
		authority, cert := handmade(t, func(*x509.Certificate) {})
		authority.Now = func() time.Time { return at }
		_, err := authority.Check([]*x509.Certificate{cert})
		require.Error(t, err, what)
		key := cert.RawSubjectPublicKeyInfo
		authority.Known = func(string) ([]byte, bool) { return key, true }
		_, err = authority.Check([]*x509.Certificate{cert})
		require.NoError(t, err, what)
		authority.Known = func(string) ([]byte, bool) { return []byte("another key"), true }
		_, err = authority.Check([]*x509.Certificate{cert})
		require.Error(t, err, what)
	}
}

func TestToken_RoundTrip(t *testing.T) {
	t.Parallel()
	first, ca := setup(t)
	text, record, err := ca.Mint(casare.RoleCoordinator, now, 24*time.Hour, 16)
	require.NoError(t, err)
	require.Equal(t, casare.TimeOf(now.Add(24*time.Hour)), record.ExpiresAt)
	require.Equal(t, 16, record.MaxUses)
	token, err := identity.ParseToken(" " + text + "\n")
	require.NoError(t, err)
	require.Equal(t, ca.MeshID(), token.MeshID)
	require.Equal(t, record.ID, token.ID)
	require.Equal(t, record.SecretHash, identity.HashSecret(token.Secret()))
	require.True(t, token.Pins(first.CACert()))
	require.Equal(t, text, token.Text())
	require.NotContains(t, token.String(), token.Secret())
	require.NotContains(t, text, string(record.SecretHash))

	text, _, err = first.Mint(casare.RoleRobot, now, time.Hour, 1)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(text, "CASARE1."+ca.MeshID()+"."))
	_, _, err = first.Mint(casare.RoleRobot, now, time.Hour, 0)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	_, _, err = first.Mint(casare.RoleRobot, now, 0, 1)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
}

func TestParseToken_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, ca := setup(t)
	text, _, err := ca.Mint(casare.RoleRobot, now, time.Hour, 1)
	require.NoError(t, err)
	parts := strings.Split(text, ".")
	with := func(i int, part string) string {
		changed := append([]string(nil), parts...)
		changed[i] = part
		return strings.Join(changed, ".")
	}
	for bad, says := range map[string]string{
		"":                                "empty",
		"hello":                           "does not begin with CASARE1",
		with(0, "CASARE2"):                "version 2",
		with(1, "?"):                      "mesh id",
		with(2, parts[2][:20]):            "hash",
		with(3, "x"):                      "damaged id",
		with(4, parts[4][:5]):             "cut off",
		with(4, parts[4]+"A"):             "damaged secret",
		strings.Join(parts[:4], "."):      "4 of 5 parts",
		text + ".x":                       "6 parts",
		strings.Repeat("CASARE1.", 1<<10): "too long",
	} {
		_, err := identity.ParseToken(bad)
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err), bad)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), parts[4])
	}
	for i := range text { // cut anywhere, it never parses
		_, err := identity.ParseToken(text[:i])
		require.Error(t, err)
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add("CASARE1.a.b.c.d")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := identity.ParseToken(text)
		if err != nil {
			return
		}
		again, err := identity.ParseToken(token.Text())
		require.NoError(t, err)
		require.Equal(t, token, again)
	})
}
