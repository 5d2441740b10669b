package daemon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fxamacker/cbor/v2"

	"casare"
	"casare/mesh"
	"casare/mesh/identity"
)

const (
	admitWait  = 20 * time.Second
	admitRetry = 100 * time.Millisecond
)

// Admit implements mesh.JoinHandler on every robot: the leader judges, any other passes the request on to it, for as long as it
// takes to find one. The request is safe to repeat.
func (d *Daemon) Admit(ctx context.Context, r mesh.JoinRequest) (mesh.JoinAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, admitWait)
	defer cancel()
	for {
		changed := d.tracker.LeaderChanged()
		var answer mesh.JoinAnswer
		var err error
		if d.Leading() {
			answer, err = d.admitHere(ctx, r)
		} else {
			answer, err = d.admitAtLeader(ctx, r)
		}
		switch casare.CodeOf(err) { //nolint:exhaustive // every other code is a verdict
		case casare.CodeNotLeader, casare.CodeUnavailable, casare.CodeOutcomeUnknown:
		default:
			return answer, err
		}
		retry := time.NewTimer(admitRetry)
		select {
		case <-ctx.Done():
			retry.Stop()
			return answer, err
		case <-changed:
		case <-retry.C:
		}
		retry.Stop()
	}
}

// admitAtLeader sends the request to the robot that leads.
func (d *Daemon) admitAtLeader(ctx context.Context, r mesh.JoinRequest) (mesh.JoinAnswer, error) {
	body, err := cbor.Marshal(r)
	if err != nil {
		return mesh.JoinAnswer{}, fmt.Errorf("encode join request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://leader"+admitPath, bytes.NewReader(body))
	if err != nil {
		return mesh.JoinAnswer{}, fmt.Errorf("pass the join on: %w", err)
	}
	resp, err := d.forwarder.RoundTrip(req)
	if err != nil {
		return mesh.JoinAnswer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPeerReply))
	if err != nil {
		return mesh.JoinAnswer{}, casare.Errorf(casare.CodeOutcomeUnknown, "pass the join on: %w", err)
	}
	var reply admitReply
	if err := cbor.Unmarshal(text, &reply); err != nil {
		return mesh.JoinAnswer{}, casare.Errorf(casare.CodeUnavailable, "pass the join on: %w", err)
	}
	if reply.Code != "" {
		return mesh.JoinAnswer{}, casare.Errorf(reply.Code, "%s", reply.Message).On(reply.Field)
	}
	return reply.Answer, nil
}

// admitHere judges a join on the leader: it records the robot on the token, then signs its certificate.
func (d *Daemon) admitHere(ctx context.Context, r mesh.JoinRequest) (mesh.JoinAnswer, error) {
	if !d.Leading() {
		return mesh.JoinAnswer{}, casare.Errorf(casare.CodeNotLeader, "this robot does not lead")
	}
	now := d.options.Now()
	token, err := d.store.Token(r.TokenID)
	if err != nil {
		if casare.CodeOf(err) == casare.CodeNotFound {
			return mesh.JoinAnswer{}, casare.Errorf(casare.CodeUnauthenticated, "the mesh does not know this join token").On("token")
		}
		return mesh.JoinAnswer{}, err
	}
	ca, err := d.authority()
	if err != nil {
		return mesh.JoinAnswer{}, err
	}
	certificate, err := ca.Sign(r.CSR, r.RobotID, token.Role, now)
	if err != nil {
		return mesh.JoinAnswer{}, err
	}
	robot := casare.Robot{
		ID: r.RobotID, Tenant: casare.DefaultTenant, Name: r.Name, Role: token.Role, PublicKey: r.PublicKey, Recipient: r.Recipient,
		JoinedAt: casare.TimeOf(now), UpdatedAt: casare.TimeOf(now),
	}
	if len(r.Addresses) > 0 {
		robot.Mesh = r.Addresses[0]
	}
	err = d.propose(ctx, casare.JoinRobot{
		TokenID: r.TokenID, SecretHash: r.SecretHash, Robot: robot, Expired: token.ExpiresAt <= casare.TimeOf(now),
	})
	if err != nil {
		return mesh.JoinAnswer{}, err
	}
	return mesh.JoinAnswer{
		MeshID: d.identity.MeshID(), Certificate: certificate, CACert: ca.Cert(), GossipKey: ca.GossipKey(), Peers: d.mesh.Peers(),
	}, nil
}

// authority opens the mesh's keys. Only a coordinator can; one that has just become one may have to wait for its copy.
func (d *Daemon) authority() (*identity.CA, error) {
	sealed, err := d.store.SealedKeys(d.identity.RobotID())
	if err != nil {
		if casare.CodeOf(err) == casare.CodeNotFound {
			return nil, casare.Errorf(casare.CodeUnavailable, "this robot leads but has not been given the mesh's keys yet")
		}
		return nil, err
	}
	return d.identity.Unseal(sealed.Sealed)
}
