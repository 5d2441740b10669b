package mesh_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/mesh"
	"casare/mesh/identity"
)

// wired starts robots on one cable, each seeded with the first.
func wired(t *testing.T, c *cable, ids ...*identity.Identity) ([]*mesh.Mesh, []*plugged) {
	t.Helper()
	var all []*mesh.Mesh
	var sockets []*plugged
	for i, id := range ids {
		cfg := config(t, id)
		socket := c.plug(t, "127.0.0.1:0")
		cfg.PacketConn = socket
		if i > 0 {
			cfg.Seeds = []string{all[0].Addr().String()}
		}
		all, sockets = append(all, start(t, cfg)), append(sockets, socket)
	}
	return all, sockets
}

func members(t *testing.T, n int) []*identity.Identity {
	t.Helper()
	f := newFleet(t)
	ids := []*identity.Identity{f.first}
	for len(ids) < n {
		ids = append(ids, f.robot(t, casare.RoleCoordinator))
	}
	return ids
}

func stateOf(m *mesh.Mesh, id string) mesh.MemberState {
	for _, member := range m.Members() {
		if member.RobotID == id {
			return member.State
		}
	}
	return ""
}

func TestGossip_FiveConvergeAndSeeACrash(t *testing.T) {
	t.Parallel()
	c := newCable()
	ids := members(t, 5)
	all, sockets := wired(t, c, ids...)
	begin := time.Now()
	converge(t, all...)
	t.Logf("five converged in %v", time.Since(begin))
	for _, m := range all {
		list := m.Members()
		require.True(t, list[0].Self)
		for _, member := range list {
			require.NotEmpty(t, member.Name)
			require.NotEmpty(t, member.Mesh)
			require.Equal(t, casare.RoleCoordinator, member.Role)
			require.Equal(t, "127.0.0.1:8000", member.HTTP, "the unspecified host is replaced")
			require.Equal(t, "test", member.Version)
		}
	}

	changed := all[0].Changed()
	c.unplug(sockets[4])
	begin = time.Now()
	for _, m := range all[:4] {
		require.Eventually(t, func() bool { return stateOf(m, ids[4].RobotID()) == mesh.MemberDead }, soon, tick)
	}
	t.Logf("crash seen in %v", time.Since(begin))
	<-changed
}

func TestGossip_FarewellIsNoDeath(t *testing.T) {
	t.Parallel()
	a, b, _, idB := pair(t)
	b.Stop()
	require.Eventually(t, func() bool { return stateOf(a, idB.RobotID()) == mesh.MemberLeft }, soon, tick)
}

func TestGossip_RestartOnAnotherPort(t *testing.T) {
	t.Parallel()
	c := newCable()
	ids := members(t, 3)
	all, sockets := wired(t, c, ids...)
	converge(t, all...)
	c.unplug(sockets[2])
	all[2].Stop()

	// It comes back before the others have noticed, knowing one of them.
	cfg := config(t, ids[2], all[1].Addr().String())
	cfg.PacketConn = c.plug(t, "127.0.0.1:0")
	back := start(t, cfg)
	echo(t, back, mesh.PlaneRPC)
	converge(t, all[0], all[1], back)
	for _, m := range all[:2] {
		require.Eventually(t, func() bool { return living(m)[ids[2].RobotID()].Mesh == back.Addr().String() }, soon, tick)
		dial(t, m, ids[2].RobotID(), mesh.PlaneRPC)
	}
}

func TestGossip_RestartWithTheClockSetBack(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	a := start(t, config(t, f.first))
	idB := f.robot(t, casare.RoleCoordinator)
	cfg := config(t, idB, a.Addr().String())
	cfg.PeersFile = filepath.Join(t.TempDir(), "peers.json")
	b := start(t, cfg)
	converge(t, a, b)
	b.Stop()
	cfg.Now = func() time.Time { return time.Now().Add(-30 * time.Minute) }
	b = start(t, cfg)
	converge(t, a, b)
	require.Eventually(t, func() bool { return living(a)[idB.RobotID()].Mesh == b.Addr().String() }, soon, tick)
}

func TestGossip_LongSplitHeals(t *testing.T) {
	t.Parallel()
	c := newCable()
	all, sockets := wired(t, c, members(t, 4)...)
	converge(t, all...)
	c.split(sockets[:2], sockets[2:])
	for _, m := range all { // dead to each other: gossip alone would never speak to them again
		require.Eventually(t, func() bool { return len(living(m)) == 2 }, soon, tick)
	}
	c.heal()
	begin := time.Now()
	converge(t, all...)
	t.Logf("healed in %v", time.Since(begin))
}

func TestGossip_AllAddressesChangeAtOnceButOne(t *testing.T) {
	t.Parallel()
	c := newCable()
	ids := members(t, 3)
	all, sockets := wired(t, c, ids...)
	converge(t, all...)
	for i := range 2 {
		c.unplug(sockets[i])
		all[i].Stop()
	}
	var back []*mesh.Mesh
	for _, id := range ids[:2] {
		cfg := config(t, id, all[2].Addr().String())
		cfg.PacketConn = c.plug(t, "127.0.0.1:0")
		back = append(back, start(t, cfg))
	}
	converge(t, back[0], back[1], all[2])
	echo(t, back[0], mesh.PlaneRaft)
	dial(t, back[1], ids[0].RobotID(), mesh.PlaneRaft)
}

func TestCrash_RestartedPeerAnswersOldConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	c := newCable()
	ids := members(t, 2)
	all, sockets := wired(t, c, ids...)
	converge(t, all...)
	echo(t, all[1], mesh.PlaneRobot)
	echo(t, all[1], mesh.PlaneRPC)
	session := dial(t, all[0], ids[1].RobotID(), mesh.PlaneRobot)
	shared := dial(t, all[0], ids[1].RobotID(), mesh.PlaneRPC)

	c.unplug(sockets[1]) // no word reaches the peer
	all[1].Stop()
	c.mu.Lock()
	clear(c.off)
	c.mu.Unlock()
	cfg := config(t, ids[1])
	cfg.PacketConn = c.plug(t, sockets[1].self)
	back := start(t, cfg)
	echo(t, back, mesh.PlaneRPC)

	begin := time.Now()
	_, err := session.Write([]byte(strings.Repeat("heartbeat ", 8))) // shorter packets get no reset
	require.NoError(t, err)
	_, err = session.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, io.EOF)
	require.Less(t, time.Since(begin), time.Second, "the session of a crashed peer ends when it is back, not after its idle time")

	begin = time.Now()
	dial(t, all[0], ids[1].RobotID(), mesh.PlaneRPC)
	require.Less(t, time.Since(begin), time.Second)
	_ = shared.Close()
}

func TestHints_NewTermsAreHeardEverywhere(t *testing.T) {
	t.Parallel()
	a, b, idA, idB := pair(t)
	a.Announce(mesh.LeaderHint{LeaderID: idA.RobotID(), Term: 3})
	require.Equal(t, mesh.LeaderHint{LeaderID: idA.RobotID(), Term: 3}, <-a.Hints())
	require.Equal(t, mesh.LeaderHint{LeaderID: idA.RobotID(), Term: 3}, <-b.Hints())
	require.Equal(t, idA.RobotID(), b.Hint().LeaderID)

	b.Announce(mesh.LeaderHint{LeaderID: idB.RobotID(), Term: 2}) // old news
	b.Announce(mesh.LeaderHint{LeaderID: idB.RobotID(), Term: 4})
	require.Equal(t, uint64(4), (<-a.Hints()).Term)
	require.Equal(t, mesh.LeaderHint{LeaderID: idB.RobotID(), Term: 4}, a.Hint())
	require.Eventually(t, func() bool { return living(a)[idB.RobotID()].Hint.Term == 4 }, soon, tick)
}

func TestStop_WithoutStartAndTwice(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m, err := mesh.Open(config(t, f.first))
	require.NoError(t, err)
	m.Stop()
	m.Stop()
}

func TestOpen_TakenPort(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	m := start(t, config(t, f.first))
	cfg := config(t, f.robot(t, casare.RoleRobot))
	cfg.Listen = m.Addr().String()
	_, err := mesh.Open(cfg)
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	require.ErrorContains(t, err, m.Addr().String())
}
