package meshtest

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/configs"
	"casare/daemon"
	"casare/mesh"
	"casare/raftstore"
)

// Robot is one robot of a Mesh. It keeps its folder and its addresses over crashes.
type Robot struct {
	Index  int
	mesh   *Mesh
	data   string
	id     string
	http   string
	addr   netip.AddrPort
	front  *front
	daemon *daemon.Daemon
	client *client.Client
}

// starting is how a robot starts.
type starting struct {
	mesh, http  string // host:port
	join, token string
	first       bool // with settings; later starts find them in the folder
	tune        func(*daemon.Options)
}

// start opens and starts the robot's daemon.
func (r *Robot) start(s starting) error {
	tb := r.mesh.tb
	tb.Helper()
	socket, err := r.mesh.network.listen(s.mesh)
	require.NoError(tb, err)
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", s.http)
	require.NoError(tb, err)
	r.addr, r.http, r.front = socket.self, listener.Addr().String(), newFront(listener)
	o := daemon.Options{
		Data: r.data, Join: s.join, Token: s.token, Version: "test", Log: logWriter{tb},
		Fatal: func(err error) { tb.Errorf("robot %d: %v", r.Index+1, err) },
		Tuning: daemon.Tuning{
			PacketConn: socket.asPacketConn(),
			HTTP:       r.front,
			// A split is over soon after it was healed, and a robot that ends says so without taking its time.
			Mesh: mesh.Timing{Rejoin: 500 * time.Millisecond, Probe: 300 * time.Millisecond, Leave: 50 * time.Millisecond},
			Raft: patient,
		},
	}
	if s.first {
		o.Config = configs.Config{
			Name: "robot-" + strconv.Itoa(r.Index+1), HTTP: r.http, Mesh: r.addr.String(), Slots: 4, LogLevel: "info",
		}
	}
	for _, tune := range r.mesh.tune {
		tune(&o)
	}
	if s.tune != nil {
		s.tune(&o)
	}
	d, err := daemon.Open(tb.Context(), o)
	if err != nil {
		return errors.Join(err, ignoreClosed(socket.Close()), ignoreClosed(r.front.Close()))
	}
	require.NoError(tb, d.Start(tb.Context()))
	r.daemon, r.id = d, d.ID()
	return nil
}

// patient lets robots wait longer for one another than in the product: many of them share the machine of a test.
func patient(c *raftstore.Config) {
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = 800*time.Millisecond, 800*time.Millisecond, 400*time.Millisecond
}

// ignoreClosed is for sockets that the daemon may have closed.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Running says whether the robot is there.
func (r *Robot) Running() bool { return r.daemon != nil }

// ID returns the robot's id.
func (r *Robot) ID() string { return r.id }

// Key is the administrator's API key of the robot's mesh.
func (r *Robot) Key() string { return r.mesh.key }

// Data returns the robot's folder.
func (r *Robot) Data() string { return r.data }

// Replica says whether the robot holds the replicated state.
func (r *Robot) Replica() bool { return r.daemon.Replica() }

// Leading says whether the robot leads.
func (r *Robot) Leading() bool { return r.daemon != nil && r.daemon.Leading() }

// HTTP returns host:port of the robot's API.
func (r *Robot) HTTP() string { return r.http }

// URL returns where the robot serves its API.
func (r *Robot) URL() string { return "http://" + r.http }

// MeshAddr returns host:port of the robot's mesh endpoint.
func (r *Robot) MeshAddr() string { return r.addr.String() }

// Stop ends the robot in good order.
func (r *Robot) Stop() {
	r.daemon.Stop()
	r.daemon = nil
}

// Crash ends the robot without a word: nobody hears from it from this moment on, and it hears nobody.
func (r *Robot) Crash() {
	r.mesh.network.kill(r.addr)
	r.front.cut()
	r.daemon.Abort()
	r.daemon = nil
}

// Restart brings a robot back that was stopped or has crashed, by its folder alone.
func (r *Robot) Restart() {
	r.mesh.tb.Helper()
	r.restart(starting{mesh: r.addr.String()})
}

// Move brings a robot back on another mesh address. With seed it is told where another robot is.
func (r *Robot) Move(seed *Robot) {
	r.mesh.tb.Helper()
	s := starting{mesh: "127.0.0.1:0"}
	if seed != nil {
		s.join = seed.MeshAddr()
	}
	r.restart(s)
}

func (r *Robot) restart(s starting) {
	tb := r.mesh.tb
	tb.Helper()
	require.Nil(tb, r.daemon, "robot %d runs", r.Index+1)
	s.http = cmp.Or(s.http, r.http)
	require.NoError(tb, r.start(s))
}

// Client talks to the mesh through this robot alone.
func (r *Robot) Client() *client.Client { return r.client }
