package blobstore

import (
	"context"
	"log/slog"
	"net"

	"casare"
)

const (
	maxServed = 64 // transfers at a time
	maxOfPeer = 16 // of them, for one robot
)

// accept answers every robot that dials.
func (s *Store) accept(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { _ = s.listener.Close() }) // makes Accept return
	defer stop()
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		peer, ok := s.cfg.Network.PeerOf(conn)
		if !ok || !s.group.Go(func(ctx context.Context) { s.serve(ctx, conn, peer) }) { //nolint:contextcheck // the group gives its own
			_ = conn.Close() // of nobody, or too late
		}
	}
}

// serve answers one request.
func (s *Store) serve(ctx context.Context, conn net.Conn, peer Peer) {
	st := newStream(ctx, conn, s.cfg.Stall, s.cfg.Stall)
	defer st.Close()
	r, err := receive[request](st)
	if err == nil {
		err = s.answer(ctx, st, peer, r)
	}
	if err == nil {
		return
	}
	s.cfg.Logger.DebugContext(ctx, "blob request refused", slog.String("peer", peer.ID), slog.Any("error", err))
	st.allow(s.cfg.Stall)
	_ = send(st, refusal(err)) // the other side may have gone
}

// answer does what a request asks for. An error is a refusal that has not been sent.
func (s *Store) answer(ctx context.Context, st *stream, peer Peer, r *request) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := s.enter(peer.ID); err != nil {
		return err
	}
	defer s.leave(peer.ID)
	if !s.cfg.State.Replica() {
		return casare.Errorf(casare.CodeUnavailable, "robot %s is no coordinator", s.cfg.RobotID)
	}
	if err := s.authorize(peer, r); err != nil {
		return err
	}
	st.allow(s.cfg.Stall + s.cfg.PutWait + s.cfg.GetWait + allowance(r.Size))
	switch r.Op {
	case opPut, opStore:
		return s.answerPut(ctx, st, r)
	case opGet, opRelay:
		return s.answerGet(ctx, st, r)
	case opStatus:
		status, err := s.Status(ctx)
		if err != nil {
			return err
		}
		return send(st, &answer{Status: &status})
	case opIndex:
		if err := s.cfg.State.Barrier(ctx); err != nil {
			return err
		}
		return send(st, &answer{Index: s.cfg.State.Index()})
	}
	return nil // check has let no other through
}

// enter counts a transfer in.
func (s *Store) enter(robotID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for _, n := range s.serving {
		all += n
	}
	if all >= maxServed || s.serving[robotID] >= maxOfPeer {
		return casare.Errorf(casare.CodeUnavailable, "too many blob transfers at a time")
	}
	s.serving[robotID]++
	return nil
}

func (s *Store) leave(robotID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving[robotID]--; s.serving[robotID] == 0 {
		delete(s.serving, robotID)
	}
}

// authorize says whether a robot may. A coordinator may everything; any other only what concerns an attempt that it has.
func (s *Store) authorize(peer Peer, r *request) error {
	if peer.Coordinator {
		return nil
	}
	if r.Op != opPut && r.Op != opRelay {
		return casare.Errorf(casare.CodeForbidden, "only coordinators may ask for this")
	}
	forbidden := casare.Errorf(casare.CodeForbidden, "robot %s has no attempt of job %s with epoch %d", peer.ID, r.Job, r.Epoch)
	if r.Job == "" {
		return forbidden
	}
	j, err := s.cfg.State.Job(r.Job)
	if casare.CodeOf(err) == casare.CodeNotFound {
		return forbidden // it is no business of this robot whether there is such a job
	}
	if err != nil {
		return err
	}
	// A job that waits in the queue is still this robot's until it is placed anew.
	if j.RobotID != peer.ID || j.Epoch != r.Epoch || j.State.Terminal() {
		return forbidden
	}
	if r.Op == opPut {
		return nil
	}
	owned, err := s.cfg.State.BlobOwned(casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: r.Job}, r.Hash)
	if err == nil && !owned {
		err = casare.Errorf(casare.CodeForbidden, "job %s refers to no blob %s", r.Job, r.Hash)
	}
	return err
}

// answerPut takes a blob in: here, and for opPut at a majority of the voters too.
func (s *Store) answerPut(ctx context.Context, st *stream, r *request) error {
	ref := casare.BlobRef{Hash: r.Hash, Size: r.Size}
	_, have := s.disk.keep(r.Hash)
	if err := send(st, &answer{Have: have}); err != nil {
		return err
	}
	var file *staged
	if !have {
		var err error
		if file, err = s.take(st, ref); err != nil {
			return err
		}
		defer s.discard(ctx, file)
	}
	if r.Op == opPut {
		ctx, cancel := context.WithTimeout(ctx, s.cfg.PutWait)
		defer cancel()
		if err := s.replicate(ctx, ref, file); err != nil {
			return err
		}
		return send(st, &answer{})
	}
	if have {
		return nil
	}
	if _, _, err := file.publish(); err != nil {
		return err
	}
	return send(st, &answer{})
}

// answerGet gives a blob.
func (s *Store) answerGet(ctx context.Context, st *stream, r *request) error {
	open := s.openHere
	if r.Op == opRelay {
		open = s.openOrFetch
	}
	file, size, err := open(ctx, r.Hash)
	if err != nil {
		if casare.CodeOf(err) == casare.CodeInternal { // not here, or not any more
			err = casare.Errorf(casare.CodeNotFound, "blob %s: %w", r.Hash, err)
		}
		return err
	}
	defer file.Close()
	if err := send(st, &answer{Size: size}); err != nil {
		return err
	}
	st.allow(s.cfg.Stall + allowance(size))
	if err := give(st, file, size); err != nil {
		s.cfg.Logger.DebugContext(ctx, "a blob was not sent whole", slog.String("hash", r.Hash), slog.Any("error", err))
	}
	return nil // the other side counts the bytes
}
