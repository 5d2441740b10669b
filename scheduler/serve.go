package scheduler

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"casare"
	"casare/session"
)

// helloTimeout is how long a fresh connection may take to say hello.
const helloTimeout = 5 * time.Second

// serve is Serve on the robot that leads.
func (t *term) serve(ctx context.Context, conn *session.Conn, robotID string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &peer{
		robotID: robotID, conn: conn, cancel: cancel, sent: map[string]struct{}{},
		log: t.log.With(slog.String("robot_id", robotID)), reports: newReports(),
	}
	if !t.enter(p) {
		return conn.Push(&session.NotLeader{Term: t.number})
	}
	defer t.serving.Done()
	defer t.exit(p)
	// The end of ctx ends the reader.
	stop := context.AfterFunc(ctx, conn.Close)
	defer stop()
	hello, err := t.hello(p)
	if err != nil {
		return ended(ctx, err)
	}
	if err := t.admit(ctx, p, hello); err != nil {
		return ended(ctx, err)
	}
	p.log.InfoContext(ctx, "robot is here", slog.Int("attempts", len(hello.Attempts)), slog.Int("slots", hello.Robot.Slots))
	var reporter sync.WaitGroup
	reporter.Go(func() { t.report(ctx, p) })
	defer reporter.Wait()
	defer cancel()
	err = t.listen(ctx, p)
	if ctx.Err() == nil {
		p.log.InfoContext(ctx, "robot's session ended", slog.Any("error", err))
	}
	return ended(ctx, err)
}

// ended turns the ways a session ends in good order into no error.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil && !errors.Is(err, io.EOF) && !errors.Is(err, session.ErrClosed) {
		return err
	}
	return nil
}

// enter counts a session in; false when the term is over.
func (t *term) enter(p *peer) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.serving.Add(1)
	t.peers[p] = struct{}{}
	return true
}

func (t *term) exit(p *peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.peers, p)
	t.leave(p)
}

// leave takes a session off its robot. What the robot holds stays until its lease ends. The caller holds mu.
func (t *term) leave(p *peer) {
	p.ready = false
	if r := t.idx.robots[p.robotID]; r != nil && r.peer == p {
		r.peer, r.left = nil, t.time()
		wake(t.deadline) // what waits for it may have a deadline again
		t.stir()
	}
}

// hello reads the first message and checks that it is from the robot that the certificate names.
func (t *term) hello(p *peer) (*session.Hello, error) {
	if err := p.conn.SetReadDeadline(time.Now().Add(helloTimeout)); err != nil {
		return nil, casare.Errorf(casare.CodeUnavailable, "session: %w", err)
	}
	m, err := p.conn.Receive()
	if err != nil {
		return nil, err
	}
	hello, ok := m.(*session.Hello)
	if !ok {
		return nil, p.refuse(casare.Errorf(casare.CodeInvalid, "a session begins with a hello"))
	}
	if hello.Version != session.Version {
		return nil, p.refuse(casare.Errorf(casare.CodeUnsupported,
			"the robot speaks version %d of the protocol, the leader %d", hello.Version, session.Version))
	}
	if hello.Robot.ID != p.robotID {
		return nil, p.refuse(casare.Errorf(casare.CodeForbidden, "robot %s says that it is %s", p.robotID, hello.Robot.ID))
	}
	p.instance, p.number = hello.Instance, hello.Number
	return hello, nil
}

// refuse tells the robot why there will be no session, and returns why.
func (p *peer) refuse(why *casare.Error) error {
	if err := p.conn.Push(&session.Refused{Code: why.Code, Message: why.Message}); err != nil {
		return err
	}
	return why
}

// admit makes p the session of its robot, reconciles the attempts, and welcomes it.
func (t *term) admit(ctx context.Context, p *peer, hello *session.Hello) error {
	known, err := t.store.Robot(p.robotID)
	if casare.CodeOf(err) == casare.CodeNotFound {
		return p.refuse(casare.Errorf(casare.CodeForbidden, "robot %s has not joined this mesh", p.robotID))
	}
	if err != nil {
		return casare.Errorf(casare.CodeOf(err), "read robot: %w", err)
	}
	record := recordOf(known, &hello.Robot)
	if err := t.takeOver(p, hello, record); err != nil {
		return err
	}
	if !sameFacts(known, record) {
		if err := t.saveFacts(ctx, p, record); err != nil {
			return err
		}
	}
	if err := t.reattach(ctx, p, hello); err != nil {
		return err
	}
	missing, err := t.welcome(ctx, p, hello)
	if err != nil {
		return err
	}
	t.pushAgain(ctx, p, missing)
	return nil
}

// recordOf joins what the state knows of a robot with what it says of itself.
func recordOf(known, said *casare.Robot) *casare.Robot {
	r := *known
	r.Name = cmp.Or(said.Name, known.Name)
	r.Environment, r.Labels, r.Slots, r.Facts = said.Environment, said.Labels, max(1, said.Slots), said.Facts
	r.Capabilities = slices.Compact(slices.Sorted(slices.Values(said.Capabilities)))
	r.HTTP, r.Mesh = said.HTTP, said.Mesh
	return &r
}

// takeOver makes p the robot's session and closes the one before. From here on assignments find p, but wait for its welcome.
func (t *term) takeOver(p *peer, hello *session.Hello, record *casare.Robot) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.idx.robot(p.robotID)
	if !p.supersedes(r.peer) {
		return errSuperseded
	}
	if r.peer != nil {
		r.peer.close(errSuperseded)
		r.peer.ready = false
	}
	r.peer, r.record, r.slots, r.stopping = p, record, record.Slots, hello.Stopping
	t.heard(r)
	wake(t.deadline)
	return nil
}

// saveFacts replicates what the robot says of itself.
func (t *term) saveFacts(ctx context.Context, p *peer, record *casare.Robot) error {
	proposal := t.proposal("r", record.Tenant, casare.PutRobot{Robot: *record})
	proposal.Actor = p.robotID
	results, err := t.store.Propose(ctx, proposal)
	if err != nil {
		return casare.Errorf(casare.CodeOf(err), "save robot: %w", err)
	}
	if refusal := results[0].Err; refusal != nil {
		return p.refuse(refusal)
	}
	return nil
}

func sameFacts(a, b *casare.Robot) bool {
	return a.Name == b.Name && a.Environment == b.Environment && a.Slots == b.Slots && a.Facts == b.Facts &&
		a.HTTP == b.HTTP && a.Mesh == b.Mesh && maps.Equal(a.Labels, b.Labels) && slices.Equal(a.Capabilities, b.Capabilities)
}

// reattach gives jobs that expired, and were placed nowhere since, back to the robot that still runs them.
func (t *term) reattach(ctx context.Context, p *peer, hello *session.Hello) error {
	var proposals []casare.Proposal
	for _, held := range hello.Attempts {
		j := t.job(ctx, held.JobID)
		if j == nil || j.State != casare.JobQueued && !j.Lost || j.Epoch != held.Epoch || j.RobotID != p.robotID {
			continue
		}
		cmd := casare.StartJob{JobID: held.JobID, Epoch: held.Epoch}
		proposals = append(proposals, t.proposalOf(p, j.Tenant, claim{jobID: held.JobID, epoch: held.Epoch, kind: "s", cmd: cmd}))
	}
	for part := range slices.Chunk(proposals, t.cfg.Batch) {
		// A refusal means that the job has just gone elsewhere: the welcome will say stop.
		if _, err := t.store.Propose(ctx, part...); err != nil {
			return casare.Errorf(casare.CodeOf(err), "take jobs back: %w", err)
		}
	}
	return nil
}

// welcome decides about every attempt of the hello and opens the session. It returns the attempts that the robot should hold
// but does not name. All of it under mu, so that an assignment is either decided here or pushed after the welcome.
func (t *term) welcome(ctx context.Context, p *peer, hello *session.Hello) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.idx.robot(p.robotID)
	if r.peer != p {
		return nil, errSuperseded
	}
	w := &session.Welcome{Term: t.number, Watch: t.hub.watched(), LeaseMillis: t.cfg.TTL.Milliseconds()}
	named := map[string]uint64{}
	for _, held := range hello.Attempts {
		d, err := t.decide(ctx, p, held)
		if err != nil {
			return nil, err
		}
		if w.Decisions = append(w.Decisions, d); d.Continue && !held.Kept {
			named[held.JobID] = held.Epoch
		}
	}
	var missing []string
	for id, e := range r.jobs {
		if e.phase == phaseHeld && named[id] != e.epoch {
			missing = append(missing, id)
		}
	}
	if err := p.conn.Push(w); err != nil {
		return nil, err
	}
	p.ready = true
	t.heard(r)
	t.stir()
	return missing, nil
}

// decide says whether the robot shall go on with an attempt: if and only if the state says that it holds it.
func (t *term) decide(ctx context.Context, p *peer, held session.Held) (session.Decision, error) {
	d := session.Decision{JobID: held.JobID, Epoch: held.Epoch}
	j, err := t.store.Job(held.JobID)
	switch {
	case casare.CodeOf(err) == casare.CodeNotFound:
		d.Code = casare.CodeNotFound
	case err != nil:
		return d, casare.Errorf(casare.CodeOf(err), "read job: %w", err)
	case j.Epoch != held.Epoch:
		d.Code = casare.CodeStaleEpoch
	case j.RobotID != p.robotID:
		d.Code = casare.CodeForbidden
	case !j.State.Active():
		d.Code = casare.CodeTransition
	default:
		d.Continue, d.Seq, d.Cancel, d.CancelReason = true, j.CheckpointSeq, j.CancelRequested, j.CancelReason
		t.refresh(ctx, held.JobID)
		if e := t.idx.jobs[held.JobID]; e != nil && held.Finished {
			t.idx.end(e) // it only waits for its result to be taken
		}
	}
	return d, nil
}

// listen takes in messages until the session ends.
func (t *term) listen(ctx context.Context, p *peer) error {
	for {
		// The lease loop ends silent sessions; this bounds a reader that the loop no longer knows.
		if err := p.conn.SetReadDeadline(time.Now().Add(2 * t.cfg.TTL)); err != nil {
			return casare.Errorf(casare.CodeUnavailable, "session: %w", err)
		}
		m, err := p.conn.Receive()
		if err != nil {
			return err
		}
		if err := t.take(ctx, p, m); err != nil {
			return err
		}
	}
}

func (t *term) take(ctx context.Context, p *peer, m session.Message) error {
	switch m := m.(type) {
	case *session.Heartbeat:
		t.beat(ctx, p, m)
	case *session.Report:
		t.noteEnds(p, m)
		return p.reports.put(ctx, m)
	case *session.Live:
		t.live(p, m)
	case *session.DebugReply:
		t.debugged(p, m)
	case *session.Want:
		for _, revision := range m.Revisions {
			p.forget(revision)
			t.document(ctx, p, revision)
		}
	default:
		return casare.Errorf(casare.CodeInvalid, "a robot does not send messages of kind %d", m.Kind())
	}
	return nil
}

// maxSkew is how far a robot's clock may be off before it is said.
const maxSkew = 2 * time.Second

func (t *term) beat(ctx context.Context, p *peer, m *session.Heartbeat) {
	t.mu.Lock()
	r := t.idx.robot(p.robotID)
	if r.peer != p {
		t.mu.Unlock()
		return // superseded: what still arrives here does not count
	}
	t.heard(r)
	r.beat, r.heard = *m, t.cfg.Now()
	r.stopping = m.Stopping
	skew := r.heard.Sub(m.Clock.Std()).Abs()
	news := skew > maxSkew && !r.skewed
	r.skewed = skew > maxSkew
	t.stir()
	t.mu.Unlock()
	if news {
		p.log.WarnContext(ctx, "the robot's clock differs from the leader's", slog.Duration("by", skew))
	}
	p.push(&session.HeartbeatAck{Number: m.Number})
}

// Serve talks with a robot over stream until the session ends; the daemon calls it for every connection of the robot plane,
// with the id that the certificate names. leader is who leads as far as this robot knows, told to the robot when this one does
// not. Serve closes stream. The error says what the robot did wrong, or what this robot could not do for it.
func (s *Scheduler) Serve(ctx context.Context, stream net.Conn, robotID, leader string) error {
	conn := session.NewConn(stream)
	defer conn.Close()
	t := s.term()
	if t == nil {
		if err := conn.Push(&session.NotLeader{Leader: leader}); err != nil {
			return casare.Errorf(casare.CodeUnavailable, "session: %w", err)
		}
		return nil
	}
	return t.serve(ctx, conn, robotID)
}
