package blobstore

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"casare"
)

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = time.Second
	lagTime    = 3 * time.Second // for a coordinator to learn what the leader knows
)

func (s *Store) put(ctx context.Context, c claim, r io.Reader, size int64) (string, error) {
	file, err := s.disk.stage(r, size)
	if err != nil {
		return "", err
	}
	defer s.discard(ctx, file)
	if err := s.putStaged(ctx, c, file); err != nil {
		return "", err
	}
	return file.Hash, nil
}

func (s *Store) putStaged(ctx context.Context, c claim, file *staged) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.PutWait+allowance(file.Size))
	defer cancel()
	if s.cfg.State.Replica() {
		return s.replicate(ctx, file.BlobRef, file)
	}
	return s.upload(ctx, c, file)
}

// Draft is a content that has been read and has its name, and is not kept yet: Put does that, as often as it takes. Discard ends it.
type Draft struct {
	attempt *Attempt
	file    *staged
	done    bool
}

// Stage reads a content of size bytes (-1 when nobody knows) as it is now, to be put later. The caller discards the draft. It is
// not safe for concurrent use.
func (a *Attempt) Stage(r io.Reader, size int64) (*Draft, error) {
	file, err := a.store.disk.stage(r, size)
	if err != nil {
		return nil, err
	}
	return &Draft{attempt: a, file: file}, nil
}

// Ref names the content.
func (d *Draft) Ref() casare.BlobRef { return d.file.BlobRef }

// Put is Store.Put. After an error it may be called again.
func (d *Draft) Put(ctx context.Context) error {
	if d.done {
		return nil
	}
	err := d.attempt.store.putStaged(ctx, d.attempt.claim, d.file)
	d.done = err == nil
	return err
}

// Discard forgets the content, unless it was put. Twice is fine.
func (d *Draft) Discard() { d.attempt.store.discard(context.Background(), d.file) }

func (s *Store) discard(ctx context.Context, file *staged) {
	if err := file.discard(); err != nil {
		s.cfg.Logger.WarnContext(ctx, "delete an unfinished blob", slog.Any("error", err)) // the next start does
	}
}

// replicate returns when a majority of the voters has the blob. file is nil when it is here under its name. When it fails, what was
// put here for it is taken back; what others have got meanwhile nobody refers to.
func (s *Store) replicate(ctx context.Context, ref casare.BlobRef, file *staged) error {
	var fresh bool
	var at time.Time
	if file != nil {
		var err error
		if fresh, at, err = file.publish(); err != nil {
			return err
		}
	}
	p := &pushing{store: s, ref: ref, voters: map[string]*push{}, news: make(chan struct{}, 1)}
	err := p.run(ctx)
	if err != nil && fresh {
		if stays := file.takeBack(at); stays != nil {
			s.cfg.Logger.WarnContext(ctx, "take back a blob", slog.String("hash", ref.Hash), slog.Any("error", stays))
		}
	}
	return err
}

// pushing is the way of one blob from here to the voters. It goes by the voters as they are, so that a change of the coordinators
// meanwhile does not leave the blob with a minority.
type pushing struct {
	store *Store
	ref   casare.BlobRef
	news  chan struct{} // one slot: a push has ended

	mu     sync.Mutex
	voters map[string]*push
}

// push is what became of the blob at one voter.
type push struct {
	done bool
	err  error // why not yet; a verdict when it does not pass
	over bool
}

func (p *pushing) run(ctx context.Context) error {
	group, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := false
	defer func() {
		if !ended {
			cancel()
		}
	}()
	var working sync.WaitGroup
	look := time.NewTicker(lastRetry / 4)
	defer look.Stop()
	for {
		have, need, hopeless, err := p.count()
		switch {
		case have >= need:
			// Those that have not got it yet still do; what fails then is fetched by them.
			ended = p.store.group.Go(func(context.Context) { //nolint:contextcheck // the pushes have theirs
				p.finish(&working, cancel)
			})
			return nil
		case hopeless:
			return err
		}
		if err := p.begin(group, &working); err != nil {
			return err
		}
		select {
		case <-p.news:
		case <-look.C:
		case <-ctx.Done():
			return casare.Errorf(casare.CodeUnavailable, "the blob is on %d coordinators and %d are needed: %w", have, need, worse(err, context.Cause(ctx)))
		}
	}
}

// finish gives the pushes that are still under way some time.
func (p *pushing) finish(working *sync.WaitGroup, cancel context.CancelFunc) {
	limit := time.AfterFunc(p.store.cfg.Stall+allowance(p.ref.Size), cancel)
	defer limit.Stop()
	defer cancel()
	working.Wait()
}

// count says how many voters have the blob and how many must. The error says why no more have. It is hopeless when so many refuse
// it for good that the others are too few.
func (p *pushing) count() (have, need int, hopeless bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	voters, refused := 0, 0
	var waits, verdict error
	for _, m := range p.store.cfg.State.Members() {
		if !m.Voter {
			continue
		}
		voters++
		at := p.voters[m.ID]
		switch {
		case m.ID == p.store.cfg.RobotID || at != nil && at.done:
			have++
		case at == nil || at.err == nil:
		case at.over:
			refused++
			verdict = worse(verdict, at.err)
		default:
			waits = worse(waits, at.err)
		}
	}
	need = voters/2 + 1
	if voters == 0 {
		return 0, need, false, casare.Errorf(casare.CodeUnavailable, "no coordinator is known")
	}
	return have, need, voters-refused < need, worse(waits, verdict)
}

// begin starts a push to every voter that has none.
func (p *pushing) begin(ctx context.Context, working *sync.WaitGroup) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.store.cfg.State.Members() {
		if !m.Voter || m.ID == p.store.cfg.RobotID || p.voters[m.ID] != nil {
			continue
		}
		at := &push{}
		working.Add(1)
		if !p.store.group.Go(func(stop context.Context) { //nolint:contextcheck // stop only ends it
			defer working.Done()
			p.try(ctx, stop, m.ID, at)
		}) {
			working.Done()
			return errStopped()
		}
		p.voters[m.ID] = at
	}
	return nil
}

// try pushes until it succeeds, is refused, or nobody wants it any more.
func (p *pushing) try(ctx, stop context.Context, robotID string, at *push) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(stop, func() { cancel(context.Cause(stop)) })()
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := p.store.push(ctx, robotID, p.ref)
		p.mu.Lock()
		at.done, at.err, at.over = err == nil, err, err != nil && !passing(err)
		over := at.done || at.over
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
		if over || !pause(ctx, wait) {
			return
		}
	}
}

// push stores a blob at another coordinator.
func (s *Store) push(ctx context.Context, robotID string, ref casare.BlobRef) error {
	st, a, err := s.ask(ctx, robotID, s.cfg.Stall, &request{Op: opStore, Hash: ref.Hash, Size: ref.Size})
	if err != nil {
		return err
	}
	defer st.Close()
	if a.Have {
		return nil
	}
	file, size, err := s.disk.open(ref.Hash)
	if err != nil {
		return casare.Errorf(casare.CodeInternal, "blob %s: %w", ref.Hash, err)
	}
	defer file.Close()
	return s.hand(st, robotID, file, size)
}

// hand sends the bytes and reads the last answer.
func (s *Store) hand(st *stream, robotID string, file io.Reader, size int64) error {
	sent := give(st, file, size)
	// A refusal in the middle (no room) is told before the stream breaks.
	a, err := receive[answer](patient{st})
	switch {
	case err == nil:
		return a.err()
	case sent != nil:
		return unavailable(robotID, sent)
	}
	return unavailable(robotID, err)
}

// upload puts a blob through a coordinator: the first that can.
func (s *Store) upload(ctx context.Context, c claim, file *staged) error {
	began := time.Now()
	var why error // of the last round that came to its end
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		var last error
		for _, robotID := range s.cfg.Coordinators() {
			err := s.uploadTo(ctx, c, robotID, file)
			if err == nil {
				return nil
			}
			if !passing(err) && (!lagging(err) || time.Since(began) > lagTime) {
				return err
			}
			last = worse(last, err)
		}
		if last == nil {
			last = casare.Errorf(casare.CodeUnavailable, "no coordinator is known")
		}
		if why == nil || ctx.Err() == nil {
			why = last
		}
		if !pause(ctx, wait) {
			return casare.Errorf(codeOf(why), "no coordinator takes the blob: %w", why)
		}
	}
}

// lagging says whether a refusal may come from a coordinator that does not know yet what the leader does.
func lagging(err error) bool {
	code := casare.CodeOf(err)
	return code == casare.CodeForbidden || code == casare.CodeNotFound || code == casare.CodeStaleEpoch
}

func codeOf(err error) casare.Code {
	if passing(err) {
		return casare.CodeUnavailable
	}
	return casare.CodeOf(err)
}

func (s *Store) uploadTo(ctx context.Context, c claim, robotID string, file *staged) error {
	st, a, err := s.ask(ctx, robotID, s.cfg.PutWait, &request{Op: opPut, Hash: file.Hash, Size: file.Size, Job: c.job, Epoch: c.epoch})
	if err != nil {
		return err
	}
	defer st.Close()
	if a.Have {
		last, err := receive[answer](patient{st})
		if err != nil {
			return unavailable(robotID, err)
		}
		return last.err()
	}
	content, err := file.open()
	if err != nil {
		return err
	}
	defer content.Close()
	return s.hand(st, robotID, content, file.Size)
}

// pause waits; false when ctx has ended.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
