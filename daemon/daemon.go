package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"casare"
	"casare/api"
	"casare/blobstore"
	"casare/configs"
	"casare/executor"
	"casare/internal/files"
	"casare/internal/service"
	"casare/mesh"
	"casare/mesh/identity"
	"casare/node"
	"casare/raftstore"
	"casare/scheduler"
)

const (
	drainTimeout = 11 * time.Second // the executor gives its steps 10 s
	drainAlone   = 3 * time.Second  // without a leader to take the jobs, which is longer than an election
	httpGrace    = 2 * time.Second  // for requests that are being answered
)

// Daemon is a robot: every part of it, joined.
type Daemon struct {
	options  Options
	config   configs.Config
	folder   folder
	first    *First
	log      *slog.Logger
	identity *identity.Identity
	release  func() // of the folder's lock
	http     net.Listener

	mesh      *mesh.Mesh
	store     *raftstore.Store
	blobs     *blobstore.Store
	copies    readiness // of copies to become coordinators, while this robot leads
	tracker   *tracker
	forwarder *forwarder
	peers     *http.Transport
	scheduler *scheduler.Scheduler
	executor  *executor.Executor
	work      *files.Work
	api       *api.API
	vault     vault

	leading atomic.Bool
	loops   service.Group // mesh-facing loops: leadership, sessions, the tracker
	servers []*http.Server
	serving service.Group
	stop    sync.Once
}

// Open makes the robot of the folder if there is none, reads it if there is, and takes its ports. Nothing runs yet. Errors are
// *casare.Error with the field at fault; what could not be made leaves no robot behind.
func Open(ctx context.Context, o Options) (*Daemon, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &Daemon{options: o, folder: folder{o.Data}, release: func() {}}
	if err := d.open(ctx); err != nil {
		if d.store != nil {
			d.store.Stop()
		}
		d.closeFiles()
		return nil, err
	}
	return d, nil
}

func (d *Daemon) open(ctx context.Context) error {
	var err error
	if d.release, err = d.folder.open(); err != nil {
		d.release = func() {}
		return err
	}
	kept, err := d.folder.config()
	if err != nil {
		return err
	}
	d.config = configs.Default().Over(kept).Over(d.options.Config)
	if err := d.config.Validate(); err != nil {
		return err
	}
	d.log = d.options.logger(d.config.LogLevel, d.config.Name)
	if err := d.takePorts(ctx); err != nil {
		return err
	}
	there, err := d.folder.exists()
	if err != nil {
		return err
	}
	if there {
		err = d.sameMesh()
	} else {
		d.first, err = create(ctx, d.folder, d.options, d.config, d.log)
	}
	if err != nil {
		return err
	}
	if d.identity, err = identity.Load(d.folder.identity()); err != nil {
		return casare.Errorf(casare.CodeInvalid, "the robot in %s cannot be read: %w", d.folder.path, err).On("data")
	}
	return d.build()
}

// takePorts binds the HTTP port and sees that the mesh port is free, before anything is made.
func (d *Daemon) takePorts(ctx context.Context) error {
	var listen net.ListenConfig
	if d.http = d.options.Tuning.HTTP; d.http == nil {
		l, err := listen.Listen(ctx, "tcp", d.config.HTTP)
		if err != nil {
			return casare.Errorf(casare.CodeConflict, "HTTP address %s cannot be used, choose another with --http: %w", d.config.HTTP, err).On("http")
		}
		d.http = l
	}
	if d.options.Tuning.PacketConn != nil {
		return nil
	}
	conn, err := listen.ListenPacket(ctx, "udp", d.config.Mesh)
	if err != nil {
		return casare.Errorf(casare.CodeConflict, "mesh address %s (UDP) cannot be used, choose another with --mesh: %w", d.config.Mesh, err).On("mesh")
	}
	return conn.Close()
}

// sameMesh refuses a token of another mesh for a robot that has one.
func (d *Daemon) sameMesh() error {
	if d.options.Token == "" {
		return nil
	}
	token, err := identity.ParseToken(d.options.Token)
	if err != nil {
		return err
	}
	id, err := identity.Load(d.folder.identity())
	if err != nil {
		return casare.Errorf(casare.CodeInvalid, "the robot in %s cannot be read: %w", d.folder.path, err).On("data")
	}
	if token.MeshID != id.MeshID() {
		return casare.Errorf(casare.CodeConflict, "the robot in %s belongs to mesh %s and cannot join mesh %s: use another --data folder",
			d.folder.path, id.MeshID(), token.MeshID).On("join")
	}
	return nil
}

// build makes the parts and joins them.
func (d *Daemon) build() error {
	if err := d.buildMesh(); err != nil {
		return err
	}
	if err := d.buildStore(); err != nil {
		return err
	}
	d.tracker = newTracker(d.identity.RobotID(), d.store)
	d.tracker.mesh = d.mesh
	d.peers = peerTransport(d.mesh)
	d.forwarder = &forwarder{tracker: d.tracker, transport: d.peers}
	if err := d.buildBlobs(); err != nil {
		return err
	}
	var err error
	d.vault.d = d
	placing := scheduler.Config{RobotID: d.identity.RobotID(), PinWait: d.config.Workspace.PinWait, Now: d.options.Now, Secrets: d.vault.For, Logger: d.log}
	tune(d.options.Tuning.Scheduler, &placing)
	if d.scheduler, err = scheduler.New(placing, schedulerStore{proposer{d.store, originScheduler}}); err != nil {
		return err
	}
	robot := robotRecord(d.identity, d.config, d.options, d.options.Now())
	robot.HTTP, robot.Mesh = d.mesh.HTTP(), firstOr(d.mesh.Addresses(), d.mesh.Addr().String())
	if d.work, err = openWork(d.folder, d.config, d.options.Now(), d.log); err != nil {
		return err
	}
	running := executor.Config{Work: d.workspaces(), Robot: robot, Open: d.identity.Open, Now: d.options.Now, Logger: d.log}
	running.Runs = d.folder.runs()
	running.Blobs = func(job string, epoch uint64) executor.Blobs { return d.blobs.For(job, epoch) }
	tune(d.options.Tuning.Executor, &running)
	if d.executor, err = executor.New(running, leaderSession{d}, executor.NewRunner(node.Default)); err != nil {
		return err
	}
	serving := api.Config{Version: d.options.Version}
	tune(d.options.Tuning.API, &serving)
	d.api, err = api.New(serving, api.Deps{
		State:    d.store,
		Feed:     changeFeed{d.store},
		Proposer: proposer{d.store, originUser},
		Fleet:    fleetView{d.scheduler},
		Blobs:    blobView{d},
		Mesh:     meshView{d},
		Forward:  d.forwarder,
		Check:    checkDocument(node.Default),
		Types:    node.Default,
		Tokens:   tokenMinter{d.identity, d.options.Now},
		Vault:    &d.vault,
		Logger:   d.log,
		Now:      d.options.Now,
	})
	return err
}

// tune lets a test change a part's configuration.
func tune[C any](by func(*C), cfg *C) {
	if by != nil {
		by(cfg)
	}
}

func firstOr(list []string, otherwise string) string {
	if len(list) == 0 {
		return otherwise
	}
	return list[0]
}

func (d *Daemon) buildMesh() error {
	peers, err := d.folder.firstPeers()
	if err != nil {
		return err
	}
	var seeds []string
	if d.options.Join != "" {
		seeds = []string{d.options.Join}
	}
	httpAddress := d.config.HTTP
	if d.http != nil {
		httpAddress = d.http.Addr().String()
	}
	listen := d.config.Mesh
	if d.options.Tuning.PacketConn != nil {
		listen = ""
	}
	d.mesh, err = mesh.Open(mesh.Config{
		Identity:     d.identity,
		Listen:       listen,
		PacketConn:   d.options.Tuning.PacketConn,
		Advertise:    d.config.Advertise,
		Name:         d.config.Name,
		HTTP:         httpAddress,
		Version:      d.options.Version,
		Seeds:        seeds,
		Peers:        peers,
		PeersFile:    d.folder.peers(),
		Coordinators: d.coordinators,
		Known:        d.knownKey,
		Join:         d,
		Logger:       d.log,
		Now:          d.options.Now,
		Timing:       d.options.Tuning.Mesh,
	})
	return err
}

func (d *Daemon) buildStore() error {
	cfg := raftstore.Config{
		Dir:     d.folder.state(),
		RobotID: d.identity.RobotID(),
		MeshID:  d.identity.MeshID(),
		Network: raftNetwork{d.mesh, d.mesh.Listen(mesh.PlaneRaft)},
		Logger:  d.log,
		Fatal:   d.options.Fatal,
		Now:     d.options.Now,
	}
	tune(d.options.Tuning.Raft, &cfg)
	var err error
	if d.store, err = raftstore.Open(cfg); err != nil {
		return fmt.Errorf("open the replicated state: %w", err)
	}
	return nil
}

// coordinators are the robots that gossip should not lose sight of.
func (d *Daemon) coordinators() []string {
	if d.store == nil {
		return nil // while it is being built
	}
	var ids []string
	for _, m := range d.store.Configuration() {
		ids = append(ids, m.ID)
	}
	return ids
}

func (d *Daemon) knownKey(robotID string) ([]byte, bool) {
	if d.store == nil || !d.store.Replica() {
		return nil, false
	}
	robot, err := d.store.Robot(robotID)
	if err != nil || len(robot.PublicKey) == 0 {
		return nil, false // unknown: the certificate's dates decide
	}
	return robot.PublicKey, true
}

// Start starts every part. It does not wait for other robots. With an error everything has been stopped.
func (d *Daemon) Start(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // Stop ends it, in order
	if err := d.start(ctx); err != nil {
		d.Stop()
		return err
	}
	return nil
}

func (d *Daemon) start(ctx context.Context) error {
	if err := d.mesh.Start(ctx); err != nil {
		return fmt.Errorf("start the mesh endpoint: %w", err)
	}
	if err := d.store.Start(ctx); err != nil {
		return fmt.Errorf("start the replicated state: %w", err)
	}
	d.blobs.Start(ctx)
	d.loops.Start(ctx)
	d.loops.Go(func(ctx context.Context) { d.tracker.run(ctx, &http.Client{Transport: d.peers}) })
	d.loops.Go(d.hearHints)
	d.loops.Go(d.watchLeadership)
	d.loops.Go(d.acceptSessions)
	d.api.Start(ctx)
	if err := d.executor.Start(ctx); err != nil {
		return fmt.Errorf("start the executor: %w", err)
	}
	d.serving.Start(ctx)
	d.serve(d.peerServer(), d.mesh.Listen(mesh.PlaneRPC))
	d.serve(api.NewServer(d.api.Handler()), d.http)
	return nil
}

func (d *Daemon) serve(server *http.Server, listener net.Listener) {
	d.servers = append(d.servers, server)
	d.serving.Go(func(context.Context) {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			d.log.Error("serve", slog.String("address", listener.Addr().String()), slog.Any("error", err))
		}
	})
}

// hearHints passes on who leads, as gossip tells.
func (d *Daemon) hearHints(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case hint := <-d.mesh.Hints():
			d.tracker.Heard(hint.LeaderID, hint.Term)
		}
	}
}

// acceptSessions hands every robot that dials to the scheduler.
func (d *Daemon) acceptSessions(ctx context.Context) {
	listener := d.mesh.Listen(mesh.PlaneRobot)
	var sessions sync.WaitGroup
	defer sessions.Wait()
	go func() { // ends with ctx
		<-ctx.Done()
		_ = listener.Close() // makes Accept return
	}()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed: by the line above, or with the mesh
		}
		peer, ok := mesh.PeerOf(conn)
		if !ok {
			_ = conn.Close() // of nobody
			continue
		}
		leader, _ := d.tracker.Leader()
		sessions.Go(func() {
			if err := d.scheduler.Serve(ctx, conn, peer.ID, leader); err != nil {
				d.log.DebugContext(ctx, "robot session ended", slog.String("peer", peer.ID), slog.Any("error", err))
			}
		})
	}
}

// Stop ends the robot in good order: leadership and running jobs go to others, then everything ends. No membership changes: the
// robot comes back by its folder alone. It may be called twice.
func (d *Daemon) Stop() {
	d.stop.Do(func() {
		d.giveAway()
		d.shutdown(httpGrace)
	})
}

// Abort ends the robot without handing anything over, as far as others can tell like a crash. Files are closed properly. It may
// be called instead of Stop, and twice.
func (d *Daemon) Abort() {
	d.stop.Do(func() {
		d.mesh.Stop() // first: nobody hears from this robot any more
		d.shutdown(0)
	})
}

// giveAway hands leadership over, so that the others write on at once, then the jobs that run here.
func (d *Daemon) giveAway() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout+handoverTimeout)
	defer cancel()
	if d.leading.Load() {
		d.handover(ctx)
	}
	drain, drained := context.WithTimeout(ctx, drainTimeout)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer drained()
	drain, alone := context.WithCancelCause(drain)
	defer alone(nil)
	watching.Go(func() { d.tracker.alone(drain, drainAlone, func() { alone(errNoLeader()) }) })
	if err := d.executor.Drain(drain); err != nil {
		d.log.Warn("running jobs could not be given back, their leases will end", slog.Any("error", err))
	}
}

// shutdown ends every part, those first that use others. Requests that are being answered get grace.
func (d *Daemon) shutdown(grace time.Duration) {
	d.executor.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	for _, server := range d.servers {
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close() // what was left open is cut off
		}
	}
	cancel()
	d.api.Stop()
	d.serving.Stop()
	d.loops.Stop()
	d.blobs.Stop()
	d.store.Stop()
	d.peers.CloseIdleConnections()
	d.closeFiles()
}

// closeFiles gives back what Open took.
func (d *Daemon) closeFiles() {
	if d.http != nil {
		_ = d.http.Close() // closed with its server, unless that never ran
	}
	if d.mesh != nil {
		d.mesh.Stop()
	}
	if d.work != nil {
		d.work.Close()
	}
	d.release()
}

// ID returns the robot's id.
func (d *Daemon) ID() string { return d.identity.RobotID() }

// Name returns the robot's name.
func (d *Daemon) Name() string { return d.config.Name }

// First tells what this start has made; nil when the robot was there before.
func (d *Daemon) First() *First { return d.first }

// HTTPAddr returns host:port of the API.
func (d *Daemon) HTTPAddr() string { return d.http.Addr().String() }

// MeshAddr returns host:port of the mesh endpoint as other robots reach it.
func (d *Daemon) MeshAddr() string { return firstOr(d.mesh.Addresses(), d.mesh.Addr().String()) }

// Leading says whether this robot leads and has caught up with what was committed before.
func (d *Daemon) Leading() bool { return d.leading.Load() && d.store.Leading() }

// Replica says whether this robot holds the replicated state.
func (d *Daemon) Replica() bool { return d.store.Replica() }

// StateHash returns the index of the last entry in this robot's state and the state's hash, for tests that compare robots.
func (d *Daemon) StateHash(ctx context.Context) (index uint64, hash string, err error) {
	index = d.store.Index()
	hash, err = d.store.Hash(ctx)
	return index, hash, err
}
