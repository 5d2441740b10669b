package daemon

import (
	"context"
	"net"
	"time"

	"casare"
	"casare/api"
	"casare/executor/engine"
	"casare/mesh"
	"casare/mesh/identity"
	"casare/node"
	"casare/raftstore"
	"casare/scheduler"
	"casare/workflow"
)

// raftNetwork is the raft plane as raftstore wants it.
type raftNetwork struct {
	mesh     *mesh.Mesh
	listener net.Listener
}

func (n raftNetwork) Dial(ctx context.Context, robotID string) (net.Conn, error) {
	return n.mesh.Dial(ctx, robotID, mesh.PlaneRaft)
}

func (n raftNetwork) Listener() net.Listener { return n.listener }

// schedulerStore is the replicated state as the scheduler wants it.
type schedulerStore struct{ proposer }

func (s schedulerStore) Subscribe(after casare.Cursor, buffer int) (scheduler.Feed, error) {
	return s.Store.Subscribe(after, buffer)
}

// changeFeed is the change feed as the API wants it.
type changeFeed struct{ *raftstore.Store }

func (f changeFeed) Subscribe(after casare.Cursor, buffer int) (api.Subscription, error) {
	return f.Store.Subscribe(after, buffer)
}

// leaderSession is how the executor reaches the leader.
type leaderSession struct{ d *Daemon }

func (l leaderSession) Dial(ctx context.Context) (net.Conn, uint64, error) {
	leader, term := l.d.tracker.Leader()
	if leader == "" {
		return nil, 0, errNoLeader()
	}
	conn, err := l.d.mesh.Dial(ctx, leader, mesh.PlaneRobot)
	if err != nil {
		l.d.tracker.lost(leader)
		return nil, 0, err
	}
	return conn, term, nil
}

func (l leaderSession) Changed() <-chan struct{} { return l.d.tracker.Replaced() }

// meshView is the mesh as the API shows it.
type meshView struct{ *Daemon }

func (v meshView) Leader() (string, uint64)       { return v.tracker.Leader() }
func (v meshView) LeaderChanged() <-chan struct{} { return v.tracker.LeaderChanged() }
func (v meshView) Replica() bool                  { return v.store.Replica() }

// Info joins what raft, the robot table and gossip know.
func (v meshView) Info() api.MeshInfo {
	info := api.MeshInfo{MeshID: v.identity.MeshID(), RobotID: v.identity.RobotID()}
	voters := map[string]bool{}
	for _, m := range v.store.Configuration() {
		voters[m.ID] = m.Voter
	}
	for _, m := range v.mesh.Members() {
		info.Members = append(info.Members, api.Member{
			RobotID: m.RobotID, Name: m.Name, State: string(m.State), Coordinator: voters[m.RobotID], HTTP: m.HTTP, Mesh: m.Mesh, Version: m.Version,
		})
	}
	return info
}

// fleetView is what the scheduler knows of the robots, as the API wants it.
type fleetView struct{ scheduler *scheduler.Scheduler }

func (v fleetView) Robots() []casare.RobotStatus { return v.scheduler.Robots() }

func (v fleetView) Watch(jobID string) (api.Watcher, error) { return v.scheduler.Watch(jobID) }

func (v fleetView) Debug(ctx context.Context, jobID string, c casare.DebugCommand) (casare.DebugState, error) {
	return v.scheduler.Debug(ctx, jobID, c)
}

func (v fleetView) Stopped(jobID string) (casare.DebugStop, bool) { return v.scheduler.Stopped(jobID) }

// tokenMinter makes join tokens of this robot's mesh.
type tokenMinter struct {
	identity *identity.Identity
	now      func() time.Time
}

func (t tokenMinter) Mint(role casare.Role, expires casare.Time, maxUses int) (string, casare.Token, error) {
	now := t.now()
	return t.identity.Mint(role, now, expires.Std().Sub(now), maxUses)
}

// checkDocument reads a document as a robot would and lists what is wrong with it.
func checkDocument(registry *node.Registry) api.Checker {
	return func(raw []byte) []workflow.Problem {
		doc, problems := workflow.Read(raw)
		if doc == nil || len(workflow.Errors(problems)) > 0 {
			return problems
		}
		_, found := engine.Compile(doc, registry)
		return append(problems, found...)
	}
}
