package daemon

import (
	"context"
	"slices"

	"casare"
	"casare/raftstore"
)

// origin is on whose behalf a command is proposed on the leader.
type origin int

const (
	originSystem    origin = iota // the leader itself: joins, keys, upkeep
	originUser                    // a request whose credential was checked
	originScheduler               // placement, and what robots report over their sessions
)

// authority says who may propose what. What a robot reports is checked once more by the scheduler: only about attempts that
// are assigned to that robot, only about itself.
var authority = map[casare.CommandType][]origin{
	casare.CommandInitMesh:      {originSystem},
	casare.CommandPutWorkflow:   {originUser},
	casare.CommandSubmitJob:     {originUser},
	casare.CommandAssignJob:     {originScheduler},
	casare.CommandStartJob:      {originScheduler},
	casare.CommandCheckpointJob: {originScheduler},
	casare.CommandFinishJob:     {originScheduler},
	casare.CommandRejectJob:     {originScheduler},
	casare.CommandReleaseJob:    {originScheduler},
	casare.CommandExpireJob:     {originScheduler},
	casare.CommandCancelJob:     {originUser},
	casare.CommandPutRobot:      {originScheduler},
	casare.CommandCreateToken:   {originUser},
	casare.CommandJoinRobot:     {originSystem},
	casare.CommandCreateKey:     {originUser},
	casare.CommandRevokeKey:     {originUser},
	casare.CommandSealKeys:      {originSystem},
	casare.CommandPruneEvents:   {originSystem},
	casare.CommandMarkGrown:     {originSystem},
	casare.CommandReferBlobs:    {originUser},
	casare.CommandForgetBlobs:   {originSystem},
	casare.CommandResolveJob:    {originUser},
	casare.CommandStrandJob:     {originScheduler},
	casare.CommandPutSecret:     {originUser},
	casare.CommandPutDocument:   {originUser},
	casare.CommandDeleteSecret:  {originUser},
}

// mayPropose says whether the table allows it.
func mayPropose(from origin, command casare.CommandType) bool {
	return slices.Contains(authority[command], from)
}

// proposer is the replicated state as one origin may change it.
type proposer struct {
	*raftstore.Store
	from origin
}

// Propose proposes commands that the origin may propose; with any other among them nothing is proposed, and the error is
// CodeForbidden. See raftstore.Store.Propose.
func (p proposer) Propose(ctx context.Context, ps ...casare.Proposal) ([]casare.Result, error) {
	for i := range ps {
		if !mayPropose(p.from, ps[i].Command.Type()) {
			return nil, casare.Errorf(casare.CodeForbidden, "command %d may not be proposed from here", ps[i].Command.Type())
		}
	}
	return p.Store.Propose(ctx, ps...)
}

// propose proposes one command of the system and returns its refusal as an error.
func (d *Daemon) propose(ctx context.Context, command casare.Command) error {
	results, err := proposer{d.store, originSystem}.Propose(ctx, casare.Proposal{
		ID: newID(), Tenant: casare.DefaultTenant, Actor: actorSystem, Time: casare.TimeOf(d.options.Now()), Command: command,
	})
	if err != nil {
		return err
	}
	if results[0].Err != nil {
		return results[0].Err
	}
	return nil
}
