package blobstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/blobstore"
)

const patience = 30 * time.Second

// world is a mesh of blob stores: real connections over loopback, and a state that all of them see at once.
type world struct {
	t  testing.TB
	mu sync.Mutex

	members []blobstore.Member
	leader  string
	refs    map[string]int64
	owned   map[string]bool // job/hash
	jobs    map[string]*casare.Job
	changed chan struct{}
	cut     map[string]bool
	robots  map[string]*robot
	now     time.Time
	index   uint64
	broken  error // of Barrier
	pairs   net.Listener
}

// robot is a store under test.
type robot struct {
	*blobstore.Store
	id   string
	dir  string
	end  *end
	edit []func(*blobstore.Config)
}

func newWorld(tb testing.TB, voters ...string) *world {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, l.Close()) })
	w := &world{
		t: tb, refs: map[string]int64{}, owned: map[string]bool{}, jobs: map[string]*casare.Job{}, changed: make(chan struct{}),
		cut: map[string]bool{}, robots: map[string]*robot{}, now: time.Now(), pairs: l,
	}
	for _, id := range voters {
		w.member(id, true)
	}
	return w
}

// member makes a robot a voter or a copy.
func (w *world) member(id string, voter bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.members = slices.DeleteFunc(slices.Clone(w.members), func(m blobstore.Member) bool { return m.ID == id })
	w.members = append(w.members, blobstore.Member{ID: id, Voter: voter})
	if w.leader == "" {
		w.leader = id
	}
	w.signal()
}

func (w *world) leave(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.members = slices.DeleteFunc(slices.Clone(w.members), func(m blobstore.Member) bool { return m.ID == id })
}

// signal tells everybody that the state has changed. The caller holds mu.
func (w *world) signal() {
	w.index++
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *world) refer(job, hash string, size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refs[hash] = int64(size)
	w.owned[job+"/"+hash] = true
	w.signal()
}

func (w *world) unrefer(hash string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.refs, hash)
	w.signal()
}

func (w *world) isolate(id string, cut bool) {
	w.mu.Lock()
	w.cut[id] = cut
	r := w.robots[id]
	w.mu.Unlock()
	if cut && r != nil {
		r.end.cut()
	}
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// start starts a robot, in its old folder if it had one.
func (w *world) start(id string, edit ...func(*blobstore.Config)) *robot {
	w.t.Helper()
	r := &robot{id: id, dir: filepath.Join(w.t.TempDir(), id), edit: edit}
	w.launch(r)
	return r
}

func (w *world) launch(r *robot) {
	w.t.Helper()
	r.end = &end{world: w, id: r.id, queue: make(chan net.Conn, 16), done: make(chan struct{})}
	cfg := blobstore.Config{
		Dir: r.dir, RobotID: r.id, Network: r.end, State: view{w, r.id}, Coordinators: w.voters,
		PutWait: 3 * time.Second, GetWait: 3 * time.Second, DialTimeout: time.Second, Stall: 3 * time.Second,
		FillDelay: time.Millisecond, FillRetry: 20 * time.Millisecond, SweepInterval: time.Hour,
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
	}
	for _, e := range r.edit {
		e(&cfg)
	}
	s, err := blobstore.Open(cfg)
	require.NoError(w.t, err)
	w.t.Cleanup(s.Stop)
	s.Start(context.WithoutCancel(w.t.Context()))
	r.Store = s
	w.mu.Lock()
	w.robots[r.id] = r
	w.mu.Unlock()
}

// restart stops a robot, does something to it, and starts it again.
func (w *world) restart(r *robot, meanwhile func()) {
	w.t.Helper()
	r.Stop()
	meanwhile()
	w.launch(r)
}

func (w *world) voters() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []string
	for _, m := range w.members {
		if m.Voter {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// view is the state as one robot sees it.
type view struct {
	*world
	self string
}

func (v view) Replica() bool {
	return slices.ContainsFunc(v.Members(), func(m blobstore.Member) bool { return m.ID == v.self })
}

func (v view) Leading() bool {
	leader, _ := v.Leader()
	return leader == v.self
}

func (v view) Leader() (string, uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.leader, 1
}

func (v view) Members() []blobstore.Member {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.members
}

func (v view) Barrier(context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.broken
}

func (v view) Index() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.index
}

func (v view) WaitIndex(context.Context, uint64) error { return nil }

func (v view) Job(id string) (*casare.Job, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if j := v.jobs[id]; j != nil {
		return j, nil
	}
	return nil, casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
}

func (v view) Blobs(after string, _ int) ([]casare.BlobRef, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var page []casare.BlobRef
	for hash, size := range v.refs {
		if hash > after {
			page = append(page, casare.BlobRef{Hash: hash, Size: size})
		}
	}
	slices.SortFunc(page, func(a, b casare.BlobRef) int { return bytes.Compare([]byte(a.Hash), []byte(b.Hash)) })
	return page[:min(3, len(page))], nil // many pages
}

func (v view) BlobReferred(hash string) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.refs[hash]
	return ok, nil
}

func (v view) BlobOwned(owner casare.BlobOwner, hash string) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.owned[owner.ID+"/"+hash], nil
}

func (v view) BlobsChanged() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changed
}

// end is one robot's end of the network.
type end struct {
	world *world
	id    string
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once

	mu    sync.Mutex
	conns []net.Conn
	lose  int // so many bytes of what is sent go before the connection breaks; 0: all
}

// peered is the accepted side of a connection.
type peered struct {
	net.Conn
	peer blobstore.Peer
}

func (e *end) Dial(ctx context.Context, robotID string) (net.Conn, error) {
	w := e.world
	w.mu.Lock()
	defer w.mu.Unlock() // one pair at a time
	to := w.robots[robotID]
	if to == nil || w.cut[robotID] || w.cut[e.id] {
		return nil, fmt.Errorf("no way to %s", robotID)
	}
	out, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.pairs.Addr().String())
	if err != nil {
		return nil, err
	}
	in, err := w.pairs.Accept()
	if err != nil {
		return nil, err
	}
	select {
	case <-to.end.done:
		return nil, errors.Join(errors.New("nobody listens"), in.Close(), out.Close())
	case to.end.queue <- &peered{in, blobstore.Peer{ID: e.id, Coordinator: e.id[0] != 'p'}}:
	}
	e.mu.Lock()
	lose := e.lose
	e.mu.Unlock()
	to.end.track(in)
	if lose > 0 {
		out = &leaky{Conn: out, left: lose}
	}
	e.track(out)
	return out, nil
}

// leaky breaks after some bytes.
type leaky struct {
	net.Conn
	left int
}

func (l *leaky) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.Join(errors.New("the cable was pulled"), l.Close())
	}
	return l.Conn.Write(p)
}

func (e *end) track(c net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns = append(e.conns, c)
}

func (e *end) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.conns {
		_ = c.Close()
	}
	e.conns = nil
}

func (e *end) Listener() net.Listener { return e }

func (e *end) Accept() (net.Conn, error) {
	select {
	case <-e.done:
		return nil, net.ErrClosed
	case c := <-e.queue:
		return c, nil
	}
}

func (e *end) Close() error {
	e.once.Do(func() { close(e.done) })
	e.cut()
	return nil
}

func (*end) Addr() net.Addr { return &net.TCPAddr{} }

func (*end) PeerOf(c net.Conn) (blobstore.Peer, bool) {
	p, ok := c.(*peered)
	if !ok {
		return blobstore.Peer{}, false
	}
	return p.peer, true
}

// content is some bytes that no other call has given.
func content(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// put puts a blob and refers to it.
func (w *world) put(r *robot, text []byte) string {
	w.t.Helper()
	hash, err := r.Put(w.t.Context(), bytes.NewReader(text), int64(len(text)))
	require.NoError(w.t, err)
	require.Equal(w.t, casare.BlobHash(text), hash)
	w.refer("job", hash, len(text))
	return hash
}

func (w *world) want(r *robot, text []byte) {
	w.t.Helper()
	got, err := r.GetBytes(w.t.Context(), casare.BlobHash(text), casare.MaxBlob)
	require.NoError(w.t, err)
	require.True(w.t, bytes.Equal(text, got))
}

// file is where a robot keeps a blob.
func (r *robot) file(hash string) string { return filepath.Join(r.dir, hash[:2], hash) }

func (r *robot) holds(text []byte) bool {
	got, err := os.ReadFile(r.file(casare.BlobHash(text)))
	return err == nil && bytes.Equal(got, text)
}

// clean demands that nothing half done lies in a robot's folder, and that what it counts is what is there.
func (w *world) clean(r *robot) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		left, err := os.ReadDir(filepath.Join(r.dir, "tmp"))
		return err == nil && len(left) == 0
	}, patience, time.Millisecond)
	require.Eventually(w.t, func() bool {
		files, size := 0, int64(0)
		err := filepath.Walk(r.dir, func(path string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().IsRegular() && filepath.Dir(filepath.Dir(path)) == r.dir {
				files++
				size += info.Size()
			}
			return err
		})
		require.NoError(w.t, err)
		status, err := r.Status(w.t.Context())
		require.NoError(w.t, err)
		return status.Held == files && status.Bytes == size
	}, patience, time.Millisecond)
}
