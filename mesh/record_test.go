package mesh

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/mesh/identity"
)

func robotOf(tb testing.TB) *identity.Identity {
	tb.Helper()
	id, err := identity.New()
	require.NoError(tb, err)
	_, err = identity.NewMesh(id, time.Now())
	require.NoError(tb, err)
	return id
}

func TestRecord_FitsIntoGossipWhateverItSays(t *testing.T) {
	t.Parallel()
	id := robotOf(t)
	r := record{
		Sequence: 1 << 60, Name: strings.Repeat("ü", 200), HTTP: strings.Repeat("h", 200), Version: strings.Repeat("v", 200),
		Role: "coordinator", LeaderID: id.RobotID(), Term: 1 << 60,
	}
	for range 20 {
		r.Addresses = append(r.Addresses, "[2001:0db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535")
	}
	signed, err := r.sign(id)
	require.NoError(t, err)
	require.LessOrEqual(t, len(signed.raw), maxRecord)
	read, err := readRecord(id.MeshID(), signed.raw)
	require.NoError(t, err)
	require.Equal(t, id.RobotID(), read.robotID)
	require.NotEmpty(t, read.Addresses)
	require.Equal(t, strings.Repeat("ü", 32), read.Name)
	require.Equal(t, uint64(1<<60), read.Term)
}

func TestRecord_ForgeriesAreRefused(t *testing.T) {
	t.Parallel()
	id := robotOf(t)
	signed, err := record{Sequence: 1, Name: "a", Addresses: []string{"127.0.0.1:1"}}.sign(id)
	require.NoError(t, err)
	_, err = readRecord("another mesh", signed.raw)
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	for i := range signed.raw {
		forged := append([]byte(nil), signed.raw...)
		forged[i] ^= 0x01
		_, err := readRecord(id.MeshID(), forged)
		require.Error(t, err, "byte %d", i)
	}
	for i := range signed.raw {
		_, err := readRecord(id.MeshID(), signed.raw[:i])
		require.Error(t, err)
	}
	_, err = readRecord(id.MeshID(), make([]byte, maxRecord+1))
	require.Error(t, err)

	b := newBook(id.MeshID(), func(LeaderHint) {})
	_, err = b.hear("somebodyelse", signed.raw)
	require.Error(t, err, "another robot's record")
	require.Empty(t, b.ids())
}

func FuzzReadRecord(f *testing.F) {
	id := robotOf(f)
	signed, err := record{Sequence: 1, Name: "a"}.sign(id)
	require.NoError(f, err)
	f.Add(signed.raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := readRecord(id.MeshID(), raw); err == nil {
			require.Equal(t, id.RobotID(), r.robotID)
		}
	})
}

func FuzzJoinFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0xa0})
	f.Fuzz(func(_ *testing.T, raw []byte) {
		var frame joinFrame
		_ = readFrame(strings.NewReader(string(raw)), &frame, maxJoinFrame)
	})
}

func TestBook_NewerRecordsReplaceOlderOnes(t *testing.T) {
	t.Parallel()
	id := robotOf(t)
	var hints []LeaderHint
	b := newBook(id.MeshID(), func(h LeaderHint) { hints = append(hints, h) })
	hear := func(sequence, term uint64, address string) {
		r, err := record{Sequence: sequence, Addresses: []string{address}, LeaderID: "L", Term: term}.sign(id)
		require.NoError(t, err)
		_, err = b.hear(id.RobotID(), r.raw)
		require.NoError(t, err)
	}
	hear(2, 5, "127.0.0.1:2")
	hear(1, 9, "127.0.0.1:1") // older: neither its address nor its hint count
	require.Equal(t, []string{"127.0.0.1:2"}, b.addresses(id.RobotID()))
	b.meet(id.RobotID(), id.PublicKey(), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 7})
	require.Equal(t, []string{"10.0.0.1:7", "127.0.0.1:2"}, b.addresses(id.RobotID()))
	hear(3, 5, "127.0.0.1:3") // it has moved: where it was met no longer counts
	require.Equal(t, []string{"127.0.0.1:3"}, b.addresses(id.RobotID()))
	hear(4, 6, "127.0.0.1:3")
	require.Equal(t, []LeaderHint{{"L", 5}, {"L", 6}}, hints)
}

func TestPeersFile_RoundTripAndDamage(t *testing.T) {
	t.Parallel()
	id := robotOf(t)
	path := filepath.Join(t.TempDir(), "peers.json")
	quiet := func(LeaderHint) {}
	b := newBook(id.MeshID(), quiet)
	require.NoError(t, b.load(path), "no file is no error")
	r, err := record{Sequence: 2, Addresses: []string{"127.0.0.1:2"}}.sign(id)
	require.NoError(t, err)
	_, err = b.hear(id.RobotID(), r.raw)
	require.NoError(t, err)
	b.meet(id.RobotID(), id.PublicKey(), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2})
	b.tell(PeerAddress{RobotID: "told", Addresses: []string{"host:1"}})
	require.NoError(t, b.save(path))

	again := newBook(id.MeshID(), quiet)
	require.NoError(t, again.load(path))
	require.Equal(t, b.peers(), again.peers())
	key, ok := again.known(id.RobotID())
	require.True(t, ok)
	require.Equal(t, id.PublicKey(), key)
	_, ok = again.known("told")
	require.False(t, ok)

	other := newBook("another mesh", quiet)
	require.Error(t, other.load(path), "a record of another mesh")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(newBook(id.MeshID(), quiet).load(path)))

	require.NoError(t, SavePeers(path, []PeerAddress{{RobotID: "x", Addresses: []string{"127.0.0.1:9"}}}))
	fresh := newBook(id.MeshID(), quiet)
	require.NoError(t, fresh.load(path))
	require.Equal(t, []string{"127.0.0.1:9"}, fresh.addresses("x"))
}

func TestSelf_SaysWhereItCanBeReached(t *testing.T) {
	t.Parallel()
	prefix := func(text string) net.Addr {
		ip, network, err := net.ParseCIDR(text)
		require.NoError(t, err)
		network.IP = ip
		return network
	}
	interfaces := []net.Addr{prefix("127.0.0.1/8"), prefix("fe80::1/64"), prefix("2001:db8::7/64"), prefix("192.168.1.7/24")}
	tests := map[string]struct {
		socket, advertise, http string
		interfaces              []net.Addr
		mesh                    []string
		api                     string
	}{
		"loopback":             {"127.0.0.1:7946", "", "127.0.0.1:8000", interfaces, []string{"127.0.0.1:7946"}, "127.0.0.1:8000"},
		"all interfaces":       {"[::]:7946", "", "0.0.0.0:8000", interfaces, []string{"192.168.1.7:7946", "[2001:db8::7]:7946"}, "192.168.1.7:8000"},
		"all IPv4":             {"0.0.0.0:7946", "", ":8000", interfaces, []string{"192.168.1.7:7946"}, "192.168.1.7:8000"},
		"no network":           {"0.0.0.0:7946", "", "0.0.0.0:8000", interfaces[:1], []string{"127.0.0.1:7946"}, "127.0.0.1:8000"},
		"advertised host":      {"0.0.0.0:7946", "robot.example", "0.0.0.0:8000", interfaces, []string{"robot.example:7946"}, "robot.example:8000"},
		"advertised with port": {"0.0.0.0:7946", "robot.example:99", "api.example:8000", interfaces, []string{"robot.example:99"}, "api.example:8000"},
	}
	for name, test := range tests {
		socket, err := net.ResolveUDPAddr("udp", test.socket)
		require.NoError(t, err)
		s, err := newSelf(Config{Identity: robotOf(t), Advertise: test.advertise, HTTP: test.http, Now: time.Now}, socket)
		require.NoError(t, err)
		s.local = func() ([]net.Addr, error) { return test.interfaces, nil }
		before := s.current().Sequence
		require.NoError(t, s.refresh())
		require.Equal(t, test.mesh, s.current().Addresses, name)
		require.Equal(t, test.api, s.current().HTTP, name)
		require.GreaterOrEqual(t, s.current().Sequence, before)
		again := s.current()
		require.NoError(t, s.refresh())
		require.Same(t, again, s.current(), "nothing has changed: %s", name)
	}
}
