package mesh

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	seekAtOnce   = 8 // robots looked for in one round
	seekParallel = 4
)

// early is when a robot that has just started looks around: others start at the same time, or take a moment to be ready.
var early = []time.Duration{
	0, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, time.Second, 2 * time.Second, 3 * time.Second,
}

// seedTable remembers which robot answered at the address of a seed.
type seedTable struct {
	mu     sync.Mutex
	robots map[string]string
}

// Load returns the robot that answered at an address.
func (t *seedTable) Load(address string) (robotID string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	robotID, ok = t.robots[address]
	return robotID, ok
}

// Store notes who answered.
func (t *seedTable) Store(address, robotID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.robots == nil {
		t.robots = map[string]string{}
	}
	t.robots[address] = robotID
}

// seek dials everybody known who is not alive, for ever: gossip alone does not heal a split that lasts.
func (m *Mesh) seek(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for round := 0; ; round++ {
		wait := m.cfg.Timing.Rejoin - m.cfg.Timing.Rejoin/5 + rand.N(m.cfg.Timing.Rejoin/5*2+1) //nolint:gosec // jitter
		if round < len(early) {
			wait = min(wait, early[round])
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if err := m.self.refresh(); err != nil {
			m.log.WarnContext(ctx, "addresses of this machine", slog.Any("error", err))
		}
		m.seekOnce(ctx, round < len(early))
		m.savePeers(ctx)
	}
}

// seekOnce makes one round. In an early one it also exchanges everything with a living robot, which makes a mesh that starts
// as a whole converge in seconds.
func (m *Mesh) seekOnce(ctx context.Context, early bool) {
	alive := m.gossip.alive()
	var round errgroup.Group
	round.SetLimit(seekParallel)
	try := func(what string, f func() error) {
		round.Go(func() error {
			if err := f(); err != nil {
				m.log.DebugContext(ctx, "robot not reached", slog.String("robot", what), slog.Any("error", err))
			}
			return nil
		})
	}
	missing := m.missing(alive)
	for _, id := range missing {
		try(id, func() error { return m.gossip.join(id) })
	}
	for _, seed := range m.cfg.Seeds {
		if id, ok := m.seeds.Load(seed); !ok || !slices.Contains(alive, id) && !slices.Contains(missing, id) {
			try(seed, func() error { return m.contact(ctx, seed) })
		}
	}
	if early && len(missing) == 0 && len(alive) > 0 {
		id := alive[rand.N(len(alive))] //nolint:gosec // no secret
		try(id, func() error { return m.gossip.join(id) })
	}
	_ = round.Wait() // none returns an error
}

// missing lists some of the robots that should be looked for.
func (m *Mesh) missing(alive []string) []string {
	var missing []string
	add := func(id string) {
		if id != m.cfg.Identity.RobotID() && !slices.Contains(alive, id) && !slices.Contains(missing, id) && len(m.book.addresses(id)) > 0 {
			missing = append(missing, id)
		}
	}
	if m.cfg.Coordinators != nil {
		for _, id := range m.cfg.Coordinators() {
			add(id)
		}
	}
	coordinators := len(missing)
	for _, id := range m.book.ids() {
		add(id)
	}
	rest := missing[coordinators:]
	rand.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] }) //nolint:gosec // no secret
	return missing[:min(len(missing), max(seekAtOnce, coordinators))]
}

// contact finds out who listens at an address, and joins it.
func (m *Mesh) contact(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, streamTime)
	defer cancel()
	qc, name, err := m.endpoint.handshake(ctx, address, "", planeGossip)
	if err != nil {
		return err
	}
	// The address is in the book now; the greetings of the join's stream do the rest.
	m.endpoint.part(qc, true)
	m.seeds.Store(address, name.RobotID)
	if name.RobotID == m.cfg.Identity.RobotID() || slices.Contains(m.gossip.alive(), name.RobotID) {
		return nil
	}
	return m.gossip.join(name.RobotID)
}

// spread publishes this robot's record whenever it has changed.
func (m *Mesh) spread(ctx context.Context) {
	for {
		select {
		case <-m.self.changed:
			m.gossip.publish()
		case <-ctx.Done():
			return
		}
	}
}

func (m *Mesh) savePeers(ctx context.Context) {
	if m.cfg.PeersFile == "" {
		return
	}
	m.book.accept(m.self.current()) // so that its successor after a restart is newer, whatever the clock says then
	if err := m.book.save(m.cfg.PeersFile); err != nil {
		m.log.WarnContext(ctx, "peers file not saved", slog.Any("error", err))
	}
}

func (m *Mesh) loadPeers(ctx context.Context) {
	for _, p := range m.cfg.Peers {
		m.book.tell(p)
	}
	if m.cfg.PeersFile == "" {
		return
	}
	if err := m.book.load(m.cfg.PeersFile); err != nil {
		m.log.WarnContext(ctx, "peers file not read as a whole; robots that are missing are found through seeds", slog.Any("error", err))
	}
	if last := m.book.recordOf(m.self.robotID()); last != nil {
		m.self.outdo(last.Sequence)
	}
}
