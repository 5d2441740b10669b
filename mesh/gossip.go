package mesh

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"casare"
)

const (
	streamTime    = 5 * time.Second // for a full exchange of gossip
	suspicionMult = 4
	slowest       = 2  // a probe may last this many intervals when memberlist finds this robot overloaded
	farewells     = 16 // robots told directly that this one leaves; gossip tells the rest
)

// gossip is memberlist with what we make of it: who is alive, and the records that robots spread.
type gossip struct {
	self      *self
	book      *book
	log       *slog.Logger
	list      *memberlist.Memberlist
	transport *gossipTransport
	timing    Timing

	slowProbe atomic.Int64 // when a probe last got no answer at once, in nanoseconds since 1970

	mu      sync.Mutex
	states  map[string]MemberState
	leaving map[string]bool // said farewell; gossip itself does not tell a farewell from a death
	changed chan struct{}
}

func newGossip(s *self, b *book, log *slog.Logger, timing Timing) *gossip {
	return &gossip{self: s, book: b, log: log, timing: timing, states: map[string]MemberState{}, leaving: map[string]bool{}, changed: make(chan struct{})}
}

// start begins to gossip. The transport must be receiving.
func (g *gossip) start(transport *gossipTransport, key []byte) error {
	c := memberlist.DefaultLANConfig()
	c.Name = g.self.robotID()
	c.Transport = transport
	c.RequireNodeNames = true
	c.SecretKey = key
	c.EnableCompression = false
	c.UDPBufferSize = packetBytes
	c.TCPTimeout = streamTime
	c.ProbeInterval = g.timing.Probe
	c.ProbeTimeout = g.timing.Probe / 2
	c.AwarenessMaxMultiplier = slowest
	c.SuspicionMult = suspicionMult
	c.GossipInterval = g.timing.Gossip
	c.PushPullInterval = g.timing.Sync
	c.DisableTcpPingsForNode = func(string) bool { // asked when a probe was not answered in time
		g.slowProbe.Store(time.Now().UnixNano())
		return false
	}
	c.Delegate, c.Events, c.Alive = delegate{g}, delegate{g}, delegate{g}
	c.LogOutput = logWriter{g.log}
	list, err := memberlist.Create(c)
	if err != nil {
		return casare.Errorf(casare.CodeInternal, "gossip: %w", err)
	}
	g.list, g.transport = list, transport
	return nil
}

// join exchanges everything known with one robot, which makes both alive to each other.
func (g *gossip) join(robotID string) error {
	_, err := g.list.Join([]string{gossipTarget(robotID)})
	return err
}

// publish spreads this robot's record after a change.
func (g *gossip) publish() {
	// The error only says that the record has not been sent yet: it is queued, and waiting for it would hold up Stop.
	_ = g.list.UpdateNode(time.Nanosecond)
}

// stop says farewell and ends memberlist.
func (g *gossip) stop() {
	if g.list == nil {
		return
	}
	if farewell, err := g.self.leave(); err == nil {
		told := 0
		for _, node := range g.list.Members() {
			if node.Name != g.self.robotID() && told < farewells {
				told++
				// A lost farewell only makes the others take us for dead a little later.
				_ = g.list.SendBestEffort(node, farewell.raw)
			}
		}
	}
	if err := g.list.Leave(g.timing.Leave); err != nil {
		g.log.Debug("gossip farewell", slog.Any("error", err))
	}
	g.settle()
	if err := g.list.Shutdown(); err != nil {
		g.log.Warn("stop gossip", slog.Any("error", err))
	}
}

// settle waits for the probe that may be under way, which memberlist itself does not: from now on probes end before they
// begin, one that will be answered is answered in time, and one that will not is over after at most slowest intervals.
func (g *gossip) settle() {
	if len(g.alive()) == 0 && g.slowProbe.Load() == 0 {
		return
	}
	g.transport.quiet.Store(true)
	<-time.After(g.timing.Probe / 2)
	if slow := g.slowProbe.Load(); slow != 0 {
		<-time.After(time.Until(time.Unix(0, slow).Add(slowest*g.timing.Probe - g.timing.Probe/2)))
	}
}

// alive lists the living robots but this one.
func (g *gossip) alive() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var ids []string
	for id, state := range g.states {
		if state == MemberAlive && id != g.self.robotID() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (g *gossip) members() []Member {
	g.mu.Lock()
	states := maps.Clone(g.states)
	g.mu.Unlock()
	own := g.self.robotID()
	delete(states, own)
	all := []Member{memberOf(own, MemberAlive, g.self.current())}
	all[0].Self = true
	for id, state := range states {
		all = append(all, memberOf(id, state, g.book.recordOf(id)))
	}
	slices.SortFunc(all[1:], func(a, b Member) int { return strings.Compare(a.RobotID, b.RobotID) })
	return all
}

func memberOf(robotID string, state MemberState, r *record) Member {
	m := Member{RobotID: robotID, State: state}
	if r == nil {
		return m
	}
	m.Name, m.HTTP, m.Version, m.Role, m.Hint = r.Name, r.HTTP, r.Version, casare.Role(r.Role), r.hint()
	m.Addresses = slices.Clone(r.Addresses)
	if len(m.Addresses) > 0 {
		m.Mesh = m.Addresses[0]
	}
	return m
}

func (g *gossip) watch() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// set notes a robot's state and wakes those who watch.
func (g *gossip) set(robotID string, state MemberState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch state {
	case MemberAlive:
		delete(g.leaving, robotID)
	case MemberDead:
		if g.leaving[robotID] {
			state = MemberLeft
		}
	case MemberLeft:
		g.leaving[robotID] = true
		if g.states[robotID] != MemberDead {
			return // it is still there
		}
	}
	g.states[robotID] = state
	g.wake()
}

func (g *gossip) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// delegate is what memberlist calls. It calls under its own lock: nothing here may call memberlist.
type delegate struct{ g *gossip }

var (
	_ memberlist.Delegate      = delegate{}
	_ memberlist.EventDelegate = delegate{}
	_ memberlist.AliveDelegate = delegate{}
)

// NodeMeta returns this robot's record.
func (d delegate) NodeMeta(int) []byte { return d.g.self.current().raw }

// NotifyMsg takes a farewell.
func (d delegate) NotifyMsg(raw []byte) {
	r, err := readRecord(d.g.book.meshID, raw)
	if err != nil || !r.Leaving {
		d.g.log.Debug("gossip message ignored", slog.Any("error", err))
		return
	}
	if known := d.g.book.recordOf(r.robotID); known == nil || known.Sequence < r.Sequence { // else it may be a replay
		d.g.set(r.robotID, MemberLeft)
	}
}

// GetBroadcasts has nothing beyond what memberlist spreads.
func (d delegate) GetBroadcasts(int, int) [][]byte { return nil }

// LocalState has nothing beyond what memberlist exchanges.
func (d delegate) LocalState(bool) []byte { return nil }

// MergeRemoteState takes nothing.
func (d delegate) MergeRemoteState([]byte, bool) {}

// NotifyAlive refuses robots whose record they have not signed. Whoever has the gossip key can still say of anybody that it
// is dead: gossip is a hint.
func (d delegate) NotifyAlive(n *memberlist.Node) error {
	if !n.Addr.Equal(gossipIP(n.Name)) || n.Port != gossipPort {
		return casare.Errorf(casare.CodeInvalid, "gossip of robot %s has the address %s", n.Name, n.Address())
	}
	r, err := d.g.book.hear(n.Name, n.Meta)
	if err != nil {
		return err
	}
	if n.Name == d.g.self.robotID() {
		d.g.self.outdo(r.Sequence)
	}
	return nil
}

func (d delegate) NotifyJoin(n *memberlist.Node)  { d.g.set(n.Name, MemberAlive) }
func (d delegate) NotifyLeave(n *memberlist.Node) { d.g.set(n.Name, MemberDead) }

func (d delegate) NotifyUpdate(*memberlist.Node) {
	d.g.mu.Lock()
	defer d.g.mu.Unlock()
	d.g.wake()
}

// logWriter takes memberlist's log. What it calls an error is mostly a robot that does not answer, which is its job to find out.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	level := slog.LevelDebug
	if strings.Contains(text, "[ERR] memberlist: Decrypt packet failed") { // somebody with another key, or none
		level = slog.LevelWarn
	}
	w.log.LogAttrs(context.Background(), level, "gossip", slog.String("text", text))
	return len(line), nil
}
