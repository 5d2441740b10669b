package mesh_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare"
	"casare/mesh"
	"casare/mesh/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick are times that make a test of gossip short.
var quick = mesh.Timing{
	Probe: 200 * time.Millisecond, Gossip: 20 * time.Millisecond, Sync: 5 * time.Second,
	Rejoin: 300 * time.Millisecond, Leave: 300 * time.Millisecond,
}

const (
	soon = 15 * time.Second
	tick = 10 * time.Millisecond
)

// fleet is a mesh under test: its CA and what its robots need.
type fleet struct {
	ca    *identity.CA
	first *identity.Identity
}

func newFleet(tb testing.TB) *fleet {
	tb.Helper()
	first, err := identity.New()
	require.NoError(tb, err)
	ca, err := identity.NewMesh(first, time.Now())
	require.NoError(tb, err)
	return &fleet{ca: ca, first: first}
}

// robot makes a member of the fleet.
func (f *fleet) robot(tb testing.TB, role casare.Role) *identity.Identity {
	tb.Helper()
	return f.robotAt(tb, role, time.Now())
}

func (f *fleet) robotAt(tb testing.TB, role casare.Role, signed time.Time) *identity.Identity {
	tb.Helper()
	id, err := identity.New()
	require.NoError(tb, err)
	csr, err := id.CSR()
	require.NoError(tb, err)
	cert, err := f.ca.Sign(csr, id.RobotID(), role, signed)
	require.NoError(tb, err)
	require.NoError(tb, id.Adopt(identity.Membership{Certificate: cert, CACert: f.ca.Cert(), GossipKey: f.ca.GossipKey()}))
	return id
}

func testLogger(tb testing.TB) *slog.Logger {
	tb.Helper()
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(tb.Output(), nil))
	}
	return slog.New(slog.DiscardHandler)
}

func config(tb testing.TB, id *identity.Identity, seeds ...string) mesh.Config {
	tb.Helper()
	return mesh.Config{
		Identity: id, Listen: "127.0.0.1:0", Name: "robot-" + id.RobotID()[:4], HTTP: "0.0.0.0:8000", Version: "test",
		Seeds: seeds, Logger: testLogger(tb), Timing: quick,
	}
}

func start(tb testing.TB, cfg mesh.Config) *mesh.Mesh {
	tb.Helper()
	m, err := mesh.Open(cfg)
	require.NoError(tb, err)
	tb.Cleanup(m.Stop)
	require.NoError(tb, m.Start(tb.Context()))
	return m
}

// pair starts two robots that know each other.
func pair(tb testing.TB) (a, b *mesh.Mesh, idA, idB *identity.Identity) {
	tb.Helper()
	f := newFleet(tb)
	idA, idB = f.first, f.robot(tb, casare.RoleCoordinator)
	a = start(tb, config(tb, idA))
	b = start(tb, config(tb, idB, a.Addr().String()))
	converge(tb, a, b)
	return a, b, idA, idB
}

func living(m *mesh.Mesh) map[string]mesh.Member {
	alive := map[string]mesh.Member{}
	for _, member := range m.Members() {
		if member.State == mesh.MemberAlive {
			alive[member.RobotID] = member
		}
	}
	return alive
}

func converge(tb testing.TB, all ...*mesh.Mesh) {
	tb.Helper()
	for i, m := range all {
		require.Eventually(tb, func() bool { return len(living(m)) == len(all) }, soon, tick, "robot %d sees not all %d", i, len(all))
	}
}

func dial(tb testing.TB, m *mesh.Mesh, id string, plane mesh.Plane) net.Conn {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Second)
	defer cancel()
	c, err := m.Dial(ctx, id, plane)
	require.NoError(tb, err)
	tb.Cleanup(func() { c.Close() })
	return c
}

// echo answers every connection of a plane with what it sends.
func echo(tb testing.TB, m *mesh.Mesh, plane mesh.Plane) {
	tb.Helper()
	l := m.Listen(plane)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
	tb.Cleanup(func() {
		m.Stop() // ends the copies
		all.Wait()
	})
}

func TestDial_CarriesBytesAndSaysWhoIsThere(t *testing.T) {
	t.Parallel()
	for _, plane := range []mesh.Plane{mesh.PlaneRaft, mesh.PlaneRPC, mesh.PlaneRobot} {
		t.Run(string(plane), func(t *testing.T) {
			t.Parallel()
			a, b, idA, idB := pair(t)
			l := b.Listen(plane)
			c := dial(t, a, idB.RobotID(), plane)
			s, err := l.Accept()
			require.NoError(t, err)

			there, ok := mesh.PeerOf(s)
			require.True(t, ok)
			require.Equal(t, mesh.Peer{ID: idA.RobotID(), Role: casare.RoleCoordinator}, there)
			here, ok := mesh.PeerOf(c)
			require.True(t, ok)
			require.Equal(t, idB.RobotID(), here.ID)
			require.Equal(t, b.Addr().String(), c.RemoteAddr().String())

			_, err = s.Write([]byte("the accepting side may speak first"))
			require.NoError(t, err)
			require.NoError(t, s.Close())
			text, err := io.ReadAll(c)
			require.NoError(t, err)
			require.Equal(t, "the accepting side may speak first", string(text))
			require.NoError(t, c.Close())
			require.NoError(t, c.Close(), "twice is fine")
			_, err = c.Read(make([]byte, 1))
			require.ErrorIs(t, err, net.ErrClosed)
			_, err = c.Write([]byte{1})
			require.ErrorIs(t, err, net.ErrClosed)
		})
	}
}

func TestDial_ToItself(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := start(t, config(t, f.first))
	for _, plane := range []mesh.Plane{mesh.PlaneRaft, mesh.PlaneRPC, mesh.PlaneRobot} {
		echo(t, m, plane)
		c := dial(t, m, f.first.RobotID(), plane)
		_, err := c.Write([]byte("self"))
		require.NoError(t, err)
		got := make([]byte, 4)
		_, err = io.ReadFull(c, got)
		require.NoError(t, err)
		require.Equal(t, "self", string(got))
	}
}

func TestDial_ToItselfOnAllInterfaces(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	cfg := config(t, f.first)
	cfg.Listen = ":0"
	m := start(t, cfg)
	echo(t, m, mesh.PlaneRPC)
	c := dial(t, m, f.first.RobotID(), mesh.PlaneRPC)
	require.NoError(t, c.Close())
	require.NotEmpty(t, m.Addresses())
}

func TestDial_NobodyListensOnThePlane(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	_, err := a.Dial(t.Context(), idB.RobotID(), mesh.PlaneRobot)
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err), "%v", err)

	l := b.Listen(mesh.PlaneRobot)
	c := dial(t, a, idB.RobotID(), mesh.PlaneRobot)
	require.NoError(t, l.Close())
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "what nobody accepted is closed")
	_, err = a.Dial(t.Context(), idB.RobotID(), mesh.PlaneRobot)
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))

	echo(t, b, mesh.PlaneRobot) // and opens again
	dial(t, a, idB.RobotID(), mesh.PlaneRobot)
}

func TestDial_UnknownRobot(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := start(t, config(t, f.first))
	_, err := m.Dial(t.Context(), "nobody", mesh.PlaneRPC)
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
}

func TestDial_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	cfg := config(t, f.first)
	cfg.Peers = []mesh.PeerAddress{{RobotID: "silent", Addresses: []string{silent.LocalAddr().String()}}}
	m := start(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = m.Dial(ctx, "silent", mesh.PlaneRPC)
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestDial_FindsTheAddressThatAnswers(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	idB := f.robot(t, casare.RoleCoordinator)
	b := start(t, config(t, idB))
	echo(t, b, mesh.PlaneRPC)
	cfg := config(t, f.first)
	cfg.Timing.Rejoin = time.Hour
	cfg.Peers = []mesh.PeerAddress{{RobotID: idB.RobotID(), Addresses: []string{silent.LocalAddr().String(), "no.such.host.invalid:1", b.Addr().String()}}}
	a := start(t, cfg)
	begin := time.Now()
	dial(t, a, idB.RobotID(), mesh.PlaneRPC)
	require.Less(t, time.Since(begin), 3*time.Second)
}

func TestConn_CloseLosesNothingThatWasWritten(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	l := b.Listen(mesh.PlaneRobot)
	sent := make([]byte, 700<<10) // less than the window: the writer is done long before the reader
	_, err := rand.Read(sent)
	require.NoError(t, err)
	c := dial(t, a, idB.RobotID(), mesh.PlaneRobot)
	s, err := l.Accept()
	require.NoError(t, err)
	_, err = c.Write(sent)
	require.NoError(t, err)
	require.NoError(t, c.Close())

	slow := time.NewTicker(20 * time.Millisecond)
	defer slow.Stop()
	var got []byte
	buffer := make([]byte, 64<<10)
	for {
		<-slow.C
		n, err := s.Read(buffer)
		got = append(got, buffer[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	require.Equal(t, sent, got)
}

func TestConn_SlowReaderHoldsTheWriterBack(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	l := b.Listen(mesh.PlaneRPC)
	c := dial(t, a, idB.RobotID(), mesh.PlaneRPC)
	s, err := l.Accept()
	require.NoError(t, err)

	big := make([]byte, 8<<20)
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
	n, err := c.Write(big)
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
	require.Less(t, n, 2<<20, "no more than the window is taken")

	// A slow stream does not hold up another one on the same connection.
	other := dial(t, a, idB.RobotID(), mesh.PlaneRPC)
	o, err := l.Accept()
	require.NoError(t, err)
	_, err = other.Write([]byte("quick"))
	require.NoError(t, err)
	got := make([]byte, 5)
	_, err = io.ReadFull(o, got)
	require.NoError(t, err)

	// A write that was cut off must not look like a whole message.
	require.NoError(t, c.Close())
	_, err = io.Copy(io.Discard, s)
	require.Error(t, err)
	require.NoError(t, s.Close())
}

func TestConn_CloseFreesABlockedWriteAndRead(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	b.Listen(mesh.PlaneRobot)
	c := dial(t, a, idB.RobotID(), mesh.PlaneRobot)
	ended := make(chan error, 2)
	go func() {
		_, err := c.Write(make([]byte, 16<<20))
		ended <- err
	}()
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-ended, net.ErrClosed)
	require.ErrorIs(t, <-ended, net.ErrClosed)
}

func TestConn_LargeFrames(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	echo(t, b, mesh.PlaneRaft)
	c := dial(t, a, idB.RobotID(), mesh.PlaneRaft)
	sent := make([]byte, 12<<20)
	_, err := rand.Read(sent)
	require.NoError(t, err)
	wrote := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		wrote <- err
	}()
	got := make([]byte, len(sent))
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	require.NoError(t, <-wrote)
	require.Equal(t, sent, got)
}

func TestRPC_ReusesOneConnection(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	l := b.Listen(mesh.PlaneRPC)
	var first net.Conn
	for range 300 { // more than the acceptor's queue: streams must be given back
		c := dial(t, a, idB.RobotID(), mesh.PlaneRPC)
		s, err := l.Accept()
		require.NoError(t, err)
		if first == nil {
			first = s
		}
		require.Equal(t, first.RemoteAddr(), s.RemoteAddr())
		require.NoError(t, c.Close())
		require.NoError(t, s.Close())
	}
	var many sync.WaitGroup
	for range 200 {
		many.Go(func() {
			c, err := a.Dial(t.Context(), idB.RobotID(), mesh.PlaneRPC)
			if err == nil {
				c.Close()
			}
		})
	}
	go func() {
		for {
			s, err := l.Accept()
			if err != nil {
				return
			}
			s.Close()
		}
	}()
	many.Wait()
}

func TestRestart_PeersAreBackAtOnce(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	echo(t, b, mesh.PlaneRPC)
	kept := dial(t, a, idB.RobotID(), mesh.PlaneRPC)
	_, err := kept.Write([]byte("x"))
	require.NoError(t, err)
	_, err = kept.Read(make([]byte, 1))
	require.NoError(t, err)

	cfg := config(t, idB)
	cfg.Listen = b.Addr().String()
	b.Stop()
	b2 := start(t, cfg)
	echo(t, b2, mesh.PlaneRPC)
	begin := time.Now()
	c := dial(t, a, idB.RobotID(), mesh.PlaneRPC)
	_, err = c.Write([]byte("y"))
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 1))
	require.NoError(t, err)
	require.Less(t, time.Since(begin), 2*time.Second)
}

func TestPeersFile_FindsTheMeshWithoutSeeds(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	a := start(t, config(t, f.first))
	idB := f.robot(t, casare.RoleRobot)
	file := filepath.Join(t.TempDir(), "peers.json")
	cfg := config(t, idB, a.Addr().String())
	cfg.PeersFile = file
	b := start(t, cfg)
	converge(t, a, b)
	b.Stop()
	require.Eventually(t, func() bool { return len(living(a)) == 1 }, soon, tick)

	cfg.Seeds = nil
	b = start(t, cfg)
	converge(t, a, b)
}
