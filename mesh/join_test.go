package mesh_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/mesh"
	"casare/mesh/identity"
)

// desk admits like a leader: it keeps tokens and counts their uses.
type desk struct {
	ca  *identity.CA
	now func() time.Time

	mu     sync.Mutex
	tokens map[string]*casare.Token
	asked  []mesh.JoinRequest
	fail   error
	tamper func(*mesh.JoinAnswer)
	peers  func() []mesh.PeerAddress
}

func (d *desk) Admit(_ context.Context, r mesh.JoinRequest) (mesh.JoinAnswer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, r)
	if d.fail != nil {
		return mesh.JoinAnswer{}, d.fail
	}
	token, ok := d.tokens[r.TokenID]
	if !ok || string(token.SecretHash) != string(r.SecretHash) {
		return mesh.JoinAnswer{}, casare.Errorf(casare.CodeUnauthenticated, "the join token is not known here").On("token")
	}
	if token.ExpiresAt <= casare.TimeOf(d.now()) {
		return mesh.JoinAnswer{}, casare.Errorf(casare.CodeUnauthenticated, "the join token expired at %s", token.ExpiresAt).On("token")
	}
	again := false
	for _, id := range token.UsedBy {
		again = again || id == r.RobotID
	}
	if !again && len(token.UsedBy) >= token.MaxUses {
		return mesh.JoinAnswer{}, casare.Errorf(casare.CodeUnauthenticated, "the join token has been used %d times, which is all it was good for", token.MaxUses).On("token")
	}
	if !again {
		token.UsedBy = append(token.UsedBy, r.RobotID)
	}
	cert, err := d.ca.Sign(r.CSR, r.RobotID, token.Role, d.now())
	if err != nil {
		return mesh.JoinAnswer{}, err
	}
	answer := mesh.JoinAnswer{MeshID: d.ca.MeshID(), Certificate: cert, CACert: d.ca.Cert(), GossipKey: d.ca.GossipKey()}
	if d.peers != nil {
		answer.Peers = d.peers()
	}
	if d.tamper != nil {
		d.tamper(&answer)
	}
	return answer, nil
}

// opened starts a mesh of one robot that admits others, and mints a token.
func opened(t *testing.T, uses int) (*fleet, *mesh.Mesh, *desk, string) {
	t.Helper()
	f := newFleet(t)
	d := &desk{ca: f.ca, now: time.Now, tokens: map[string]*casare.Token{}}
	cfg := config(t, f.first)
	cfg.Join = d
	m := start(t, cfg)
	var token string
	d.during(func() { d.peers, token = m.Peers, mint(t, d, f.ca, uses) })
	return f, m, d, token
}

// during keeps the desk to the caller.
func (d *desk) during(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// mint adds a token to those the desk knows.
func mint(t *testing.T, d *desk, ca *identity.CA, uses int) string {
	t.Helper()
	text, record, err := ca.Mint(casare.RoleRobot, time.Now(), time.Hour, uses)
	require.NoError(t, err)
	d.tokens[record.ID] = &record
	return text
}

func newcomer(t *testing.T, token string, seeds ...string) mesh.JoinConfig {
	t.Helper()
	id, err := identity.New()
	require.NoError(t, err)
	return mesh.JoinConfig{Seeds: seeds, Token: token, Identity: id, Name: "newcomer", Addresses: []string{"127.0.0.1:1"}}
}

func TestJoin_MakesARobotOfTheMesh(t *testing.T) {
	t.Parallel()
	f, m, d, token := opened(t, 1)
	cfg := newcomer(t, token, m.Addr().String())
	answer, err := mesh.Join(t.Context(), cfg)
	require.NoError(t, err)
	require.True(t, cfg.Identity.Joined())
	require.Equal(t, f.ca.MeshID(), cfg.Identity.MeshID())
	require.Equal(t, casare.RoleRobot, cfg.Identity.Role())
	require.Equal(t, f.ca.GossipKey(), cfg.Identity.GossipKey())
	require.Equal(t, f.first.RobotID(), answer.Peers[0].RobotID)

	var request mesh.JoinRequest
	d.during(func() { request = d.asked[0] })
	require.Equal(t, cfg.Identity.RobotID(), request.RobotID)
	require.Equal(t, cfg.Identity.PublicKey(), request.PublicKey)
	require.Equal(t, cfg.Identity.Recipient(), request.Recipient)
	require.Equal(t, "newcomer", request.Name)
	require.Equal(t, []string{"127.0.0.1:1"}, request.Addresses)

	// With nothing but the answer's peers it finds the mesh.
	member := config(t, cfg.Identity)
	member.Peers = answer.Peers
	converge(t, m, start(t, member))
}

func TestJoin_RepeatedWithTheSameKeyIsNoSecondUse(t *testing.T) {
	t.Parallel()
	_, m, d, token := opened(t, 1)
	cfg := newcomer(t, token, m.Addr().String())
	_, err := mesh.Join(t.Context(), cfg)
	require.NoError(t, err)
	first := cfg.Identity.RobotID()
	_, err = mesh.Join(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, first, cfg.Identity.RobotID())
	d.during(func() {
		for _, token := range d.tokens {
			require.Len(t, token.UsedBy, 1)
		}
	})

	_, err = mesh.Join(t.Context(), newcomer(t, token, m.Addr().String()))
	require.Equal(t, casare.CodeUnauthenticated, casare.CodeOf(err), "spent")
	require.ErrorContains(t, err, "used 1 times")
}

func TestJoin_TriesTheNextSeed(t *testing.T) {
	t.Parallel()
	_, m, _, token := opened(t, 1)
	closed := start(t, config(t, newFleet(t).first)) // answers, but admits nobody, and is of another mesh
	closed.Stop()
	cfg := newcomer(t, token, "no.such.host.invalid:7946", m.Addr().String())
	_, err := mesh.Join(t.Context(), cfg)
	require.NoError(t, err)
}

func TestJoin_Refusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(t *testing.T, f *fleet, d *desk, c *mesh.JoinConfig)
		code    casare.Code
		says    string
		asked   int // how often the leader was asked: 0 means the secret did not get that far
	}{
		"wrong CA hash": {code: casare.CodeUnauthenticated, says: "belongs to another mesh", prepare: func(t *testing.T, _ *fleet, d *desk, c *mesh.JoinConfig) {
			t.Helper()
			c.Token = mint(t, d, newFleet(t).ca, 1)
		}},
		"wrong secret": {code: casare.CodeUnauthenticated, says: "not known", asked: 1, prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) {
			c.Token = flip(c.Token, len(c.Token)-5)
		}},
		"unknown token id": {code: casare.CodeUnauthenticated, says: "not known", asked: 1, prepare: func(_ *testing.T, _ *fleet, d *desk, _ *mesh.JoinConfig) {
			clear(d.tokens)
		}},
		"truncated": {code: casare.CodeInvalid, says: "cut off", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) {
			c.Token = c.Token[:len(c.Token)-3]
		}},
		"no token": {code: casare.CodeInvalid, says: "is empty", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) { c.Token = "" }},
		"other version": {code: casare.CodeInvalid, says: "version 2", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) {
			c.Token = "CASARE2" + c.Token[len("CASARE1"):]
		}},
		"expired": {code: casare.CodeUnauthenticated, says: "expired at", asked: 1, prepare: func(_ *testing.T, _ *fleet, d *desk, _ *mesh.JoinConfig) {
			for _, token := range d.tokens {
				token.ExpiresAt = casare.TimeOf(time.Now().Add(-time.Second))
			}
		}},
		"spent": {code: casare.CodeUnauthenticated, says: "used 1 times", asked: 1, prepare: func(_ *testing.T, _ *fleet, d *desk, _ *mesh.JoinConfig) {
			for _, token := range d.tokens {
				token.UsedBy = []string{"somebody else"}
			}
		}},
		"clock ahead": {code: casare.CodeInvalid, says: "6m0s ahead of", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) {
			c.Now = func() time.Time { return time.Now().Add(6*time.Minute + 200*time.Millisecond) }
		}},
		"clock behind by years": {code: casare.CodeInvalid, says: "behind", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) {
			c.Now = func() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) }
		}},
		"no leader": {code: casare.CodeUnavailable, says: "no leader", asked: 1, prepare: func(_ *testing.T, _ *fleet, d *desk, _ *mesh.JoinConfig) {
			d.fail = casare.Errorf(casare.CodeUnavailable, "no leader can be reached")
		}},
		"leader fails": {code: casare.CodeInternal, says: "its log says why", asked: 1, prepare: func(_ *testing.T, _ *fleet, d *desk, _ *mesh.JoinConfig) {
			d.fail = errors.New("disk /secret/path is on fire")
		}},
		"answer with another mesh's CA": {code: casare.CodeUnauthenticated, says: "another mesh", asked: 1, prepare: func(t *testing.T, _ *fleet, d *desk, _ *mesh.JoinConfig) {
			t.Helper()
			d.tamper = func(a *mesh.JoinAnswer) { a.CACert = newFleet(t).ca.Cert() }
		}},
		"answer with another robot's certificate": {code: casare.CodeInvalid, says: "certificate is that of", asked: 1, prepare: func(_ *testing.T, f *fleet, d *desk, _ *mesh.JoinConfig) {
			d.tamper = func(a *mesh.JoinAnswer) { a.Certificate = f.first.Certificate().Raw }
		}},
		"name too long": {code: casare.CodeInvalid, says: "too long", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) { c.Name = string(make([]byte, 300)) }},
		"request too large": {code: casare.CodeTooLarge, says: "more than", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) {
			c.Name = string(make([]byte, 64<<10))
		}},
		"no seed": {code: casare.CodeInvalid, says: "address of a robot", prepare: func(_ *testing.T, _ *fleet, _ *desk, c *mesh.JoinConfig) { c.Seeds = nil }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, m, d, token := opened(t, 1)
			cfg := newcomer(t, token, m.Addr().String())
			d.during(func() { test.prepare(t, f, d, &cfg) })
			_, err := mesh.Join(t.Context(), cfg)
			require.Equal(t, test.code, casare.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "secret/path")
			require.False(t, cfg.Identity.Joined(), "a refusal leaves nothing behind")
			d.during(func() { require.Len(t, d.asked, test.asked) })
		})
	}
}

func flip(text string, at int) string {
	b := []byte(text)
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}

func TestJoin_NobodyAnswers(t *testing.T) {
	t.Parallel()
	_, _, _, token := opened(t, 1)
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = mesh.Join(ctx, newcomer(t, token, silent.LocalAddr().String()))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	require.ErrorContains(t, err, silent.LocalAddr().String())
}

func TestJoin_RobotThatAdmitsNobody(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := start(t, config(t, f.first))
	d := &desk{tokens: map[string]*casare.Token{}}
	_, err := mesh.Join(t.Context(), newcomer(t, mint(t, d, f.ca, 1), m.Addr().String()))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
}

func TestJoin_GuessesAreSlowedDown(t *testing.T) {
	t.Parallel()
	_, m, d, token := opened(t, 5)
	guesses := 0
	for ; guesses < 100; guesses++ { // on a slow machine some are forgiven meanwhile
		_, err := mesh.Join(t.Context(), newcomer(t, flip(token, len(token)-5), m.Addr().String()))
		if casare.CodeOf(err) == casare.CodeRateLimit {
			break
		}
	}
	require.Less(t, guesses, 100, "nobody was slowed down")
	d.during(func() { require.LessOrEqual(t, len(d.asked), guesses) })
}
