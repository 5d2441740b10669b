package scheduler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strconv"

	"casare"
	"casare/session"
)

// claim is one entry of a report, on its way to the log.
type claim struct {
	jobID string
	epoch uint64
	kind  string // prefix of the proposal's id
	n     uint64 // tells the claims of one kind of one attempt apart
	cmd   casare.Command
}

// claims lists the entries of a report.
func claims(p *peer, r *session.Report) []claim {
	all := make([]claim, 0, r.Len())
	for _, c := range r.Started {
		all = append(all, claim{c.JobID, c.Epoch, "s", 0, c})
	}
	for _, c := range r.Checkpoints {
		switch {
		case c.Seq == 0 && c.Kept != nil:
			all = append(all, claim{c.JobID, c.Epoch, "k", c.Kept.N + 1, c})
		case c.Seq == 0: // log and progress only
			all = append(all, claim{c.JobID, c.Epoch, "l", c.Log.From, c})
		case c.More || c.Part > 0:
			all = append(all, claim{c.JobID, c.Epoch, "p" + strconv.Itoa(c.Part), c.Seq, c})
		default:
			all = append(all, claim{c.JobID, c.Epoch, "c", c.Seq, c})
		}
	}
	for _, c := range r.Finishes {
		all = append(all, claim{c.JobID, c.Epoch, "f", 0, c})
	}
	for _, c := range r.Rejects {
		c.RobotID = p.robotID // whatever it says
		all = append(all, claim{c.JobID, c.Epoch, "j", 0, c})
	}
	for _, c := range r.Releases {
		all = append(all, claim{c.JobID, c.Epoch, "g", 0, c})
	}
	return all
}

// noteEnds frees the slots of attempts that are reported as ended before that is replicated: the robot has the room already, so
// the next assignment may share the entry of the log with the result.
func (t *term) noteEnds(p *peer, r *session.Report) {
	if len(r.Finishes)+len(r.Releases)+len(r.Rejects) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	end := func(jobID string, epoch uint64) {
		if e := t.idx.jobs[jobID]; e != nil && e.holds(p.robotID, epoch) {
			t.idx.end(e)
		}
	}
	for _, c := range r.Finishes {
		end(c.JobID, c.Epoch)
	}
	for _, c := range r.Releases {
		end(c.JobID, c.Epoch)
	}
	for _, c := range r.Rejects {
		end(c.JobID, c.Epoch)
	}
	wake(t.kick)
}

// holds says whether a robot has an epoch of the job.
func (e *entry) holds(robotID string, epoch uint64) bool {
	return e.phase == phaseHeld && e.epoch == epoch && e.robot.id == robotID
}

// report is the reporter of a session: it proposes what has come in while the proposal before was under way, and acknowledges.
func (t *term) report(ctx context.Context, p *peer) {
	for {
		taken := p.reports.take(ctx, t.cfg.Batch)
		if taken == nil {
			return
		}
		var batch []claim
		for _, r := range taken {
			batch = append(batch, claims(p, r)...)
		}
		if err := t.settle(ctx, p, batch); err != nil {
			if ctx.Err() == nil {
				p.log.WarnContext(ctx, "reports not taken", slog.Any("error", err))
			}
			p.close(err) // the robot keeps what was not acknowledged
			return
		}
	}
}

// settle checks, proposes and acknowledges a batch.
func (t *term) settle(ctx context.Context, p *peer, batch []claim) error {
	acks := &session.Acks{Acks: make([]session.Ack, 0, len(batch))}
	allowed := make([]claim, 0, len(batch))
	proposals := make([]casare.Proposal, 0, len(batch))
	for _, c := range batch {
		tenant, refusal := t.authorize(p, c)
		if refusal != nil {
			p.log.InfoContext(ctx, "report refused", slog.String("job", c.jobID), slog.Uint64("epoch", c.epoch), slog.Any("error", refusal))
			acks.Acks = append(acks.Acks, c.ack(casare.Result{Err: refusal}))
			continue
		}
		allowed = append(allowed, c)
		proposals = append(proposals, t.proposalOf(p, tenant, c))
	}
	results, err := t.proposeUntilKnown(ctx, proposals)
	if err != nil {
		return err
	}
	t.mu.Lock()
	for i, c := range allowed {
		t.settled(ctx, c, results[i])
	}
	wake(t.kick)
	t.mu.Unlock()
	for i, c := range allowed {
		ack := c.ack(results[i])
		if ack.Code == casare.CodeGap {
			if j := t.job(ctx, c.jobID); j != nil {
				ack.Seq = j.CheckpointSeq // what to count on from
			}
		}
		acks.Acks = append(acks.Acks, ack)
	}
	for start := 0; start < len(acks.Acks); start += maxAcks {
		p.push(&session.Acks{Acks: acks.Acks[start:min(start+maxAcks, len(acks.Acks))]})
	}
	return nil
}

// maxAcks is how many acknowledgements one frame carries.
const maxAcks = 1024

// proposeUntilKnown proposes until every answer is known. The ids of the proposals make the repeats harmless.
func (t *term) proposeUntilKnown(ctx context.Context, proposals []casare.Proposal) ([]casare.Result, error) {
	results := make([]casare.Result, 0, len(proposals))
	for len(results) < len(proposals) {
		some, err := t.store.Propose(ctx, proposals[len(results):]...)
		results = append(results, some...)
		if err == nil {
			continue
		}
		if casare.CodeOf(err) == casare.CodeNotLeader || !pause(ctx) {
			return nil, err
		}
	}
	return results, nil
}

// authorize says whether a robot may report on an attempt: only if the job was assigned to it with that epoch. It returns the
// job's tenant.
func (t *term) authorize(p *peer, c claim) (string, *casare.Error) {
	t.mu.Lock()
	if e := t.idx.jobs[c.jobID]; e != nil && e.holds(p.robotID, c.epoch) {
		tenant := e.tenant
		t.mu.Unlock()
		return tenant, nil
	}
	t.mu.Unlock()
	j, err := t.store.Job(c.jobID)
	switch {
	case err != nil:
		return "", casare.Errorf(casare.CodeOf(err), "report on job %s: %w", c.jobID, err)
	case j.Epoch != c.epoch:
		return "", casare.Errorf(casare.CodeStaleEpoch, "job %s is at epoch %d, not %d", j.ID, j.Epoch, c.epoch)
	case j.RobotID != p.robotID:
		return "", casare.Errorf(casare.CodeForbidden, "job %s was not assigned to robot %s", j.ID, p.robotID)
	}
	return j.Tenant, nil
}

// settled makes the index follow the answer to a report. The caller holds mu.
func (t *term) settled(ctx context.Context, c claim, result casare.Result) {
	e := t.idx.jobs[c.jobID]
	current := e != nil && e.phase == phaseHeld && e.epoch == c.epoch
	if result.Err == nil && current {
		switch c.cmd.Type() { //nolint:exhaustive // after any other the job is read again
		case casare.CommandStartJob, casare.CommandCheckpointJob:
			return
		case casare.CommandFinishJob:
			t.drop(c.jobID)
			return
		}
	}
	t.refresh(ctx, c.jobID)
}

func (c claim) ack(result casare.Result) session.Ack {
	a := session.Ack{JobID: c.jobID, Epoch: c.epoch, What: c.cmd.Type()}
	if result.Job != nil {
		a.Seq = result.Job.CheckpointSeq
	}
	if result.Err != nil {
		a.Code, a.Message = result.Err.Code, result.Err.Message
	}
	return a
}

// maxProposalID is what the store takes as the id of a command.
const maxProposalID = 64

// proposalOf dresses a robot's command. Its id is made of what it is about, so that a repeat is known as one on every leader.
func (t *term) proposalOf(p *peer, tenant string, c claim) casare.Proposal {
	id := c.kind + "/" + c.jobID + "/" + strconv.FormatUint(c.epoch, 36)
	if c.n != 0 {
		id += "/" + strconv.FormatUint(c.n, 36)
	}
	if len(id) > maxProposalID {
		sum := sha256.Sum256([]byte(id))
		id = c.kind + "/" + hex.EncodeToString(sum[:16])
	}
	return casare.Proposal{ID: id, Tenant: tenant, Actor: p.robotID, Time: t.time(), Command: c.cmd}
}

// linesOf counts the lines that the state holds of an attempt's log: numbers go up, so the last line tells.
func linesOf(lines [][]byte, epoch uint64) uint64 {
	if len(lines) == 0 {
		return 0
	}
	var last casare.LogLine
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Attempt != epoch {
		return 0
	}
	return last.N + 1
}
