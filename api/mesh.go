package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"casare"
)

const (
	memberAlive  = "alive"
	defaultTTL   = time.Hour
	longestTTL   = 30 * 24 * time.Hour
	mostUses     = 1000
	tokenActions = "token"
)

type meshInput struct {
	Hash bool `doc:"Also the hash of the replicated state, which reads all of it" query:"hash"`
}

// meshAnswer is the mesh as one robot sees it.
type meshAnswer struct {
	MeshID         string       `json:"mesh_id"`
	LeaderID       *string      `json:"leader_id"`
	RobotID        string       `doc:"The robot that answers" json:"robot_id"`
	Term           uint64       `json:"term"`
	FaultTolerance int          `doc:"How many more coordinators may be lost" json:"fault_tolerance"`
	Summary        string       `json:"summary"`
	Members        []memberView `json:"members"`
	Index          uint64       `json:"index"`
	StateHash      string       `json:"state_hash,omitempty"`
	Blobs          BlobStatus   `doc:"Files of the mesh at the robot that answers" json:"blobs"`
}

type memberView struct {
	RobotID     string `json:"robot_id"`
	Name        string `json:"name"`
	State       string `json:"state"`
	Coordinator bool   `json:"coordinator"`
	Leader      bool   `json:"leader"`
	HTTP        string `json:"http"`
	Mesh        string `json:"mesh"`
	Version     string `json:"version"`
}

func (a *API) getMesh(ctx context.Context, in *meshInput) (*answer[meshAnswer], error) {
	info := a.deps.Mesh.Info()
	leader, term := a.deps.Mesh.Leader()
	out := meshAnswer{
		MeshID: info.MeshID, LeaderID: optional(leader), RobotID: info.RobotID, Term: term, Index: a.deps.State.Index(),
	}
	coordinators, alive := 0, 0
	for _, m := range info.Members {
		out.Members = append(out.Members, memberView{
			RobotID: m.RobotID, Name: m.Name, State: m.State, Coordinator: m.Coordinator, Leader: m.RobotID == leader,
			HTTP: m.HTTP, Mesh: m.Mesh, Version: m.Version,
		})
		if m.Coordinator {
			coordinators++
			if m.State == memberAlive {
				alive++
			}
		}
	}
	out.FaultTolerance, out.Summary = tolerance(coordinators, alive, leader != "")
	blobs, err := a.deps.Blobs.Status(ctx)
	if err != nil {
		return nil, err
	}
	out.Blobs = blobs
	if in.Hash {
		hash, err := a.deps.State.Hash(ctx)
		if err != nil {
			return nil, err
		}
		out.StateHash = hash
	}
	return &answer[meshAnswer]{Body: out}, nil
}

// tolerance says how many more coordinators may be lost, and what that means.
func tolerance(coordinators, alive int, led bool) (int, string) {
	spare := alive - (coordinators/2 + 1)
	switch {
	case coordinators == 0 || spare < 0 || !led:
		return 0, fmt.Sprintf("Nobody leads: %d of %d coordinators answer; new jobs wait until a majority does.", alive, coordinators)
	case coordinators == 1:
		return 0, "One coordinator: it may restart, but losing its disk loses the newest moments; join robots until there are three."
	case spare == 0:
		return 0, fmt.Sprintf("%d of %d coordinators answer: one more lost, and nobody leads.", alive, coordinators)
	default:
		return spare, fmt.Sprintf("%d of %d coordinators answer: the mesh survives the loss of %d of them.", alive, coordinators, spare)
	}
}

// tokenBody asks for a join token.
type tokenBody struct {
	Role string `doc:"robot (default) or coordinator"      json:"role"`
	TTL  string `doc:"Such as 1h (default); at most 720h"  json:"ttl"`
	Uses int    `doc:"How many machines may join; default 1" json:"uses"`
}

type tokenAnswer struct {
	Token     string      `doc:"Shown once" json:"token"`
	TokenID   string      `json:"token_id"`
	Role      casare.Role `json:"role"`
	ExpiresAt casare.Time `json:"expires_at"`
	Uses      int         `json:"uses"`
}

// createToken makes a fresh token at each try, also when a try is a repeat: only a hash of the secret is kept, so nobody could
// give out the token of a try whose answer was lost. That one expires unused.
func (a *API) createToken(ctx context.Context, _ *struct{}, body []byte) (*answer[tokenAnswer], error) {
	req := tokenBody{Role: string(casare.RoleRobot), TTL: defaultTTL.String(), Uses: 1}
	if len(body) > 0 {
		if err := decode(body, &req); err != nil {
			return nil, err
		}
	}
	role, err := casare.ParseRole(req.Role)
	if err != nil {
		return nil, invalidField("role", "is none of coordinator, robot, edge")
	}
	if role == casare.RoleEdge {
		return nil, casare.Errorf(casare.CodeUnsupported, "role edge: robots that only dial out are not supported yet").On("role")
	}
	ttl, err := time.ParseDuration(req.TTL)
	if err != nil || ttl < time.Second || ttl > longestTTL {
		return nil, invalidField("ttl", "is no duration from 1s to 720h")
	}
	if req.Uses < 1 || req.Uses > mostUses {
		return nil, invalidField("uses", "is not between 1 and 1000")
	}
	c := callOf(ctx)
	now := a.deps.Now()
	text, token, err := a.deps.Tokens.Mint(role, casare.TimeOf(now.Add(ttl)), req.Uses)
	if err != nil {
		return nil, err
	}
	token.CreatedAt, token.CreatedBy = casare.TimeOf(now), c.caller.id
	result, err := a.propose(ctx, a.proposal(c, derivedID(tokenActions, c.command, token.ID), casare.CreateToken{Token: token}))
	if err != nil {
		return nil, err
	}
	return &answer[tokenAnswer]{Index: strconv.FormatUint(result.Index, 10), Body: tokenAnswer{
		Token: text, TokenID: token.ID, Role: role, ExpiresAt: token.ExpiresAt, Uses: req.Uses,
	}}, nil
}
