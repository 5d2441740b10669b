package executor

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"casare"
	"casare/session"
)

const (
	dialTimeout    = 2 * time.Second
	welcomeTimeout = 5 * time.Second
	firstRedial    = 25 * time.Millisecond
	reportBytes    = 256 << 10 // about what one frame of reports carries
	reportEntries  = 512
	missedBeats    = 3 // heartbeats without an answer after which the leader is taken for dead
)

// keep holds a session with the leader: it dials again when one ends, at once when another robot leads.
func (e *Executor) keep(ctx context.Context) {
	wait := firstRedial
	for ctx.Err() == nil {
		changed := e.leader.Changed()
		met, err := e.meet(ctx, changed)
		if met {
			wait = firstRedial
		}
		if err != nil && ctx.Err() == nil {
			e.cfg.Logger.DebugContext(ctx, "no session with the leader", slog.Any("error", err))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
		wait = min(2*wait, e.cfg.Redial)
	}
}

// meet has one session. met says whether it came to a welcome.
func (e *Executor) meet(ctx context.Context, changed <-chan struct{}) (met bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel(nil)
	work.Go(func() {
		select {
		case <-ctx.Done():
		case <-changed:
			cancel(errLeaderChanged)
		}
	})
	dial, done := context.WithTimeout(ctx, dialTimeout)
	stream, term, err := e.leader.Dial(dial)
	done()
	if err != nil {
		return false, casare.Errorf(casare.CodeUnavailable, "dial the leader: %w", err)
	}
	l := &link{e: e, conn: session.NewConn(stream), cancel: cancel}
	defer l.conn.Close()
	work.Go(func() {
		<-ctx.Done()
		l.conn.Close() // ends the reader
	})
	if err := l.greet(ctx, term); err != nil {
		cancel(err)
		return false, err
	}
	defer l.part()
	work.Go(func() { l.send(ctx) })
	work.Go(func() { l.pulse(ctx) })
	err = l.listen(ctx)
	cancel(err)
	e.cfg.Logger.InfoContext(ctx, "session with the leader ended", slog.Any("error", context.Cause(ctx)))
	return true, context.Cause(ctx)
}

var errLeaderChanged = errors.New("another robot leads")

// link is one session with a leader.
type link struct {
	e      *Executor
	conn   *session.Conn
	cancel context.CancelCauseFunc

	said   time.Time            // when the hello left
	pieces map[pieceOf][][]byte // of checkpoints whose assignment follows; of the reader

	mu       sync.Mutex
	lease    time.Duration
	times    [missedBeats + 2]time.Time // when the last heartbeats left, by number
	sent     uint64                     // heartbeats
	answered uint64
	parting  uint64 // number of the first heartbeat that said that this robot stops
}

type pieceOf struct {
	jobID string
	epoch uint64
}

// maxPieces is of how many assignments pieces are kept at once.
const maxPieces = 64

// collect keeps a part of a checkpoint until its assignment comes. The leader may begin again with the first.
func (l *link) collect(p *session.Piece) {
	of := pieceOf{p.JobID, p.Epoch}
	held := l.pieces[of]
	switch {
	case p.N == 0 && (held != nil || len(l.pieces) < maxPieces):
		if l.pieces == nil {
			l.pieces = map[pieceOf][][]byte{}
		}
		l.pieces[of] = [][]byte{p.Data}
	case p.N == len(held) && p.N > 0:
		l.pieces[of] = append(held, p.Data)
	}
}

// join puts the parts of checkpoints into the assignments they belong to.
func (l *link) join(m *session.Assign) error {
	for i := range m.Attempts {
		a := &m.Attempts[i]
		if a.Pieces == 0 {
			continue
		}
		of := pieceOf{a.JobID, a.Epoch}
		pieces := l.pieces[of]
		delete(l.pieces, of)
		if len(pieces) != a.Pieces {
			return casare.Errorf(casare.CodeInvalid, "%d pieces of the checkpoint of job %s came, not %d", len(pieces), a.JobID, a.Pieces)
		}
		records, err := session.JoinRecords(pieces)
		if err != nil {
			return err
		}
		a.Records = records
	}
	return nil
}

// greet says hello and follows the welcome.
func (l *link) greet(ctx context.Context, term uint64) error {
	e := l.e
	e.mu.Lock()
	if term != 0 && term < e.term {
		e.mu.Unlock()
		return casare.Errorf(casare.CodeNotLeader, "term %d is over", term)
	}
	e.number++
	hello := &session.Hello{
		Version: session.Version, Instance: e.instance, Number: e.number, Term: e.term, Robot: e.cfg.Robot, Stopping: e.draining,
	}
	all := e.list()
	for job, epoch := range e.kept {
		if e.attempts[job] == nil {
			hello.Attempts = append(hello.Attempts, session.Held{JobID: job, Epoch: epoch, Kept: true})
		}
	}
	e.mu.Unlock()
	held := make(map[string]*attempt, len(all))
	for _, a := range all {
		hello.Attempts = append(hello.Attempts, a.heldState())
		held[a.jobID] = a
	}
	l.said = time.Now()
	if err := l.conn.Send(ctx, hello); err != nil {
		return casare.Errorf(casare.CodeUnavailable, "say hello: %w", err)
	}
	if err := l.conn.SetReadDeadline(time.Now().Add(welcomeTimeout)); err != nil {
		return casare.Errorf(casare.CodeUnavailable, "session: %w", err)
	}
	m, err := l.conn.Receive()
	if err != nil {
		return casare.Errorf(casare.CodeUnavailable, "wait for the welcome: %w", err)
	}
	switch m := m.(type) {
	case *session.Welcome:
		return l.follow(ctx, m, held)
	case *session.NotLeader:
		return casare.Errorf(casare.CodeNotLeader, "the robot that was dialled does not lead")
	case *session.Refused:
		e.cfg.Logger.WarnContext(ctx, "the leader refuses this robot", slog.String("reason", m.Message))
		return casare.Errorf(m.Code, "the leader refuses this robot: %s", m.Message)
	default:
		return casare.Errorf(casare.CodeInvalid, "a hello is not answered by a message of kind %d", m.Kind())
	}
}

// follow does what the welcome decides about the attempts of the hello.
func (l *link) follow(ctx context.Context, w *session.Welcome, held map[string]*attempt) error {
	e := l.e
	e.mu.Lock()
	if w.Term < e.term {
		e.mu.Unlock()
		return casare.Errorf(casare.CodeNotLeader, "term %d is over", w.Term)
	}
	e.term, e.online, e.watched, e.told = w.Term, true, w.Watch, false
	e.mu.Unlock()
	for _, d := range w.Decisions {
		a := held[d.JobID]
		if a == nil && !d.Continue && e.unkeep(d.JobID, d.Epoch) {
			e.forgetLog(d.JobID, d.Epoch)
		}
		if a == nil || a.epoch != d.Epoch {
			continue
		}
		delete(held, d.JobID)
		if !d.Continue {
			e.cfg.Logger.InfoContext(ctx, "attempt is over", slog.String("job", d.JobID), slog.String("code", string(d.Code)))
			e.drop(a)
			continue
		}
		if d.Cancel {
			a.cancelled(d.CancelReason)
		}
		a.connect(d.Seq)
	}
	for _, a := range held {
		e.drop(a) // the leader decides about every attempt it knows of
	}
	l.lease = time.Duration(w.LeaseMillis) * time.Millisecond
	e.prolong(l.said, l.lease)
	if w.Watch {
		l.rewind()
	}
	e.cfg.Logger.InfoContext(ctx, "session with the leader", slog.Uint64("term", w.Term))
	return nil
}

// part lets go of the session.
func (l *link) part() {
	e := l.e
	e.mu.Lock()
	e.online = false
	e.checkDrained()
	all := e.list()
	e.mu.Unlock()
	for _, a := range all {
		a.disconnect()
	}
}

// listen takes in messages until the session ends.
func (l *link) listen(ctx context.Context) error {
	if err := l.conn.SetReadDeadline(time.Time{}); err != nil { // pulse watches over silence
		return casare.Errorf(casare.CodeUnavailable, "session: %w", err)
	}
	for {
		m, err := l.conn.Receive()
		if err != nil {
			return err
		}
		if err := l.take(ctx, m); err != nil {
			return err
		}
	}
}

func (l *link) take(ctx context.Context, m session.Message) error {
	e := l.e
	switch m := m.(type) {
	case *session.Acks:
		for _, ack := range m.Acks {
			l.ack(ctx, ack)
		}
	case *session.Piece:
		l.collect(m)
	case *session.Assign:
		if err := l.join(m); err != nil {
			return err
		}
		e.assign(m) //nolint:contextcheck // attempts outlive the session
	case *session.Document:
		e.programs.deliver(m.Revision, m.Data)
	case *session.HeartbeatAck:
		l.beaten(m.Number)
	case *session.Cancel:
		if a := e.find(m.JobID, m.Epoch); a != nil {
			a.cancelled(m.Reason)
		}
	case *session.Stop:
		if a := e.find(m.JobID, m.Epoch); a != nil {
			e.drop(a)
		}
	case *session.Debug:
		l.debug(ctx, m)
	case *session.Watch:
		e.mu.Lock()
		e.watched = m.On
		e.mu.Unlock()
		if m.On {
			l.rewind()
		}
	case *session.NotLeader:
		return casare.Errorf(casare.CodeNotLeader, "the leader leads no more")
	default:
		return casare.Errorf(casare.CodeInvalid, "a leader does not send messages of kind %d", m.Kind())
	}
	return nil
}

func (l *link) ack(ctx context.Context, ack session.Ack) {
	a := l.e.find(ack.JobID, ack.Epoch)
	if a == nil {
		return
	}
	if ack.Code != "" {
		l.e.cfg.Logger.InfoContext(ctx, "report refused", slog.String("job", ack.JobID), slog.Uint64("epoch", ack.Epoch),
			slog.String("code", string(ack.Code)), slog.String("reason", ack.Message))
	}
	if a.answer(ack) {
		l.e.drop(a)
	}
}

// send is the sender: it reports what is due, many attempts in a frame, and asks for documents.
func (l *link) send(ctx context.Context) {
	tick := time.NewTicker(l.e.cfg.Live)
	defer tick.Stop()
	asked := map[string]struct{}{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := l.sendLive(ctx, l.e.all()); err != nil {
				l.cancel(err)
				return
			}
			continue
		case <-l.e.wake:
		}
		if err := l.sendDue(ctx, asked); err != nil {
			l.cancel(err)
			return
		}
	}
}

func (l *link) sendDue(ctx context.Context, asked map[string]struct{}) error {
	want := &session.Want{}
	for _, revision := range l.e.programs.missing() {
		if _, ok := asked[revision]; !ok {
			asked[revision] = struct{}{}
			want.Revisions = append(want.Revisions, revision)
		}
	}
	if len(want.Revisions) > 0 {
		if err := l.conn.Send(ctx, want); err != nil {
			return err
		}
	}
	due := l.e.due()
	var over []*attempt // whose last live updates must leave before their end does
	frame, size := &session.Report{}, 0
	flush := func() error {
		if frame.Len() == 0 {
			return nil
		}
		if err := l.sendLive(ctx, over); err != nil {
			return err
		}
		err := l.conn.Send(ctx, frame)
		frame, size, over = &session.Report{}, 0, nil
		return err
	}
	for _, a := range due {
		if news := a.bench.news(a); news != nil {
			if err := l.conn.Send(ctx, news); err != nil {
				return err
			}
		}
		ends := len(frame.Finishes) + len(frame.Releases)
		size += a.next(frame)
		if len(frame.Finishes)+len(frame.Releases) > ends {
			over = append(over, a)
		}
		if size > reportBytes || frame.Len() >= reportEntries {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// sendLive sends what has happened in attempts since the last time, if anybody looks.
func (l *link) sendLive(ctx context.Context, attempts []*attempt) error {
	e := l.e
	e.mu.Lock()
	watched := e.watched
	e.mu.Unlock()
	if !watched {
		return nil
	}
	frame, size := &session.Live{}, 0
	for _, a := range attempts {
		for {
			part, more, all := a.take()
			if more == 0 {
				break
			}
			frame.Attempts = append(frame.Attempts, part)
			if size += more; size >= liveBytes {
				if err := l.conn.Send(ctx, frame); err != nil {
					return err
				}
				frame, size = &session.Live{}, 0
			}
			if all {
				break
			}
		}
	}
	if size == 0 {
		return nil
	}
	return l.conn.Send(ctx, frame)
}

// rewind makes the attempts send again what they keep for watchers.
func (l *link) rewind() {
	for _, a := range l.e.all() {
		a.mu.Lock()
		a.live.rewind()
		a.mu.Unlock()
	}
}

// pulse sends heartbeats, watches over their answers, and makes log lines leave that have waited long enough.
func (l *link) pulse(ctx context.Context) {
	tick := time.NewTicker(l.e.cfg.Heartbeat)
	defer tick.Stop()
	for {
		if err := l.heartbeat(ctx); err != nil {
			l.cancel(err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-l.e.beat:
		case <-tick.C:
			for _, a := range l.e.all() {
				a.flush()
			}
		}
	}
}

func (l *link) heartbeat(ctx context.Context) error {
	e := l.e
	l.mu.Lock()
	l.sent++
	number, silent := l.sent, l.sent-l.answered
	l.times[number%uint64(len(l.times))] = time.Now()
	l.mu.Unlock()
	if silent > missedBeats {
		return casare.Errorf(casare.CodeTimeout, "the leader does not answer heartbeats")
	}
	load := e.cfg.Load()
	e.mu.Lock()
	stopping := e.draining
	e.mu.Unlock()
	if stopping {
		l.mu.Lock()
		l.parting = cmp.Or(l.parting, number)
		l.mu.Unlock()
	}
	return l.conn.Send(ctx, &session.Heartbeat{
		Number: number, CPUPercent: load.CPUPercent, MemoryMB: load.MemoryMB, Running: len(e.slots),
		Clock: casare.TimeOf(e.cfg.Now()), Stopping: stopping,
	})
}

// beaten takes in the answer to a heartbeat.
func (l *link) beaten(number uint64) {
	l.mu.Lock()
	if number > l.answered && number <= l.sent {
		l.e.prolong(l.times[number%uint64(len(l.times))], l.lease)
	}
	l.answered = max(l.answered, number)
	told := l.parting != 0 && l.answered >= l.parting
	l.mu.Unlock()
	if told {
		l.e.mu.Lock()
		defer l.e.mu.Unlock()
		l.e.told = true
		l.e.checkDrained()
	}
}

// all returns every attempt.
func (e *Executor) all() []*attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.list()
}

// due takes the attempts that may have something to report.
func (e *Executor) due() []*attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	due := e.dirty
	e.dirty = nil
	clear(e.marked)
	return due
}
