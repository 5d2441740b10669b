package daemon

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"casare"
	"casare/api"
	"casare/blobstore"
	"casare/executor/workspace"
	"casare/mesh"
	"casare/raftstore"
)

// How often the leader asks a copy whether it has all blobs, and how long it waits for the answer.
const (
	readyInterval = 100 * time.Millisecond
	readyTimeout  = 2 * time.Second
)

// buildBlobs joins the blob store with the mesh and the replicated state.
func (d *Daemon) buildBlobs() error {
	cfg := blobstore.Config{
		Dir:          d.folder.blobs(),
		RobotID:      d.identity.RobotID(),
		MaxBytes:     d.config.Blobs.MaxBytes,
		Network:      blobNetwork{d.mesh, d.mesh.Listen(mesh.PlaneBlob)},
		State:        blobState{d.store},
		Coordinators: d.blobCoordinators,
		Logger:       d.log,
		Now:          d.options.Now,
	}
	tune(d.options.Tuning.Blobs, &cfg)
	var err error
	if d.blobs, err = blobstore.Open(cfg); err != nil {
		return err
	}
	return nil
}

// blobNetwork is the blob plane as blobstore wants it.
type blobNetwork struct {
	mesh     *mesh.Mesh
	listener net.Listener
}

func (n blobNetwork) Dial(ctx context.Context, robotID string) (net.Conn, error) {
	return n.mesh.Dial(ctx, robotID, mesh.PlaneBlob)
}

func (n blobNetwork) Listener() net.Listener { return n.listener }

func (blobNetwork) PeerOf(conn net.Conn) (blobstore.Peer, bool) {
	p, ok := mesh.PeerOf(conn)
	return blobstore.Peer{ID: p.ID, Coordinator: p.Role == casare.RoleCoordinator}, ok
}

// blobState is the replicated state as blobstore wants it.
type blobState struct{ *raftstore.Store }

func (s blobState) Members() []blobstore.Member {
	members := s.Configuration()
	list := make([]blobstore.Member, len(members))
	for i, m := range members {
		list[i] = blobstore.Member{ID: m.ID, Voter: m.Voter}
	}
	return list
}

// blobCoordinators are whom a robot without the state asks for blobs: the leader, then whoever may be a coordinator. Those that are
// none say so.
func (d *Daemon) blobCoordinators() []string {
	var ids []string
	leader, _ := d.tracker.Leader()
	if leader != "" {
		ids = append(ids, leader)
	}
	for _, m := range d.mesh.Members() {
		if m.State == mesh.MemberAlive && m.Role == casare.RoleCoordinator && !m.Self && m.RobotID != leader {
			ids = append(ids, m.RobotID)
		}
	}
	return ids
}

// readiness is what the leader knows of the copies: which have all blobs that anybody has.
type readiness struct {
	mu    sync.Mutex
	ready map[string]bool
}

func (r *readiness) has(robotID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ready[robotID]
}

func (r *readiness) set(robotID string, ready bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ready == nil {
		r.ready = map[string]bool{}
	}
	r.ready[robotID] = ready
}

// watchCopies asks the copies, which candidates must not wait for, while this robot leads.
func (d *Daemon) watchCopies(ctx context.Context) {
	tick := time.NewTicker(readyInterval)
	defer tick.Stop()
	for {
		var asking sync.WaitGroup
		for _, m := range d.store.Configuration() {
			if m.Voter {
				d.copies.set(m.ID, false) // should it become a copy again, it is asked again
				continue
			}
			asking.Go(func() { d.askCopy(ctx, m.ID) })
		}
		asking.Wait()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *Daemon) askCopy(ctx context.Context, robotID string) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	ready, err := d.blobs.Ready(ctx, robotID)
	if err != nil {
		d.log.DebugContext(ctx, "ask a copy for its blobs", slog.String("copy", robotID), slog.Any("error", err))
	}
	d.copies.set(robotID, ready)
}

// blobView is the blobs as the API shows them.
type blobView struct{ *Daemon }

// Status implements api.Blobs.
func (v blobView) Status(ctx context.Context) (api.BlobStatus, error) {
	status, err := v.blobs.Status(ctx)
	return api.BlobStatus(status), err
}

// Owners implements api.Blobs.
func (v blobView) Owners(hash string) ([]casare.BlobOwner, error) { return v.store.BlobOwners(hash) }

// Open implements api.Blobs.
func (v blobView) Open(ctx context.Context, hash string) (io.ReadSeekCloser, int64, error) {
	blob, size, err := v.blobs.Get(ctx, hash)
	if err != nil {
		return nil, 0, err
	}
	file, ok := blob.(io.ReadSeekCloser)
	if !ok {
		return nil, 0, errors.Join(casare.Errorf(casare.CodeInternal, "blob %s is no file here", hash), blob.Close())
	}
	return file, size, nil
}

// Put implements api.Blobs.
func (v blobView) Put(ctx context.Context, content []byte) (casare.BlobRef, error) {
	return v.blobs.PutBytes(ctx, content)
}

// Artifacts implements api.Blobs: the files of the job's last checkpoint, and what is kept beyond it.
func (v blobView) Artifacts(jobID string) ([]api.Artifact, error) {
	records, _, err := v.store.Checkpoint(jobID)
	if err != nil {
		return nil, err
	}
	files, err := workspace.Files(records)
	if err != nil {
		return nil, err
	}
	var list []api.Artifact
	for _, f := range files {
		list = append(list, api.Artifact{Name: f.Path, Kind: "workspace", Size: f.Size, UpdatedAt: f.Time, Blobs: f.Chunks})
	}
	parts, err := v.store.BlobsOf(casare.BlobOwner{Kind: casare.BlobOwnerJob, ID: jobID})
	for _, p := range parts {
		name, kept := strings.CutPrefix(p.Part, casare.BlobPartKept)
		if !kept {
			continue
		}
		kind, name, found := strings.Cut(name, "/")
		if !found {
			kind, name = "artifact", kind
		}
		a := api.Artifact{Name: name, Kind: kind, Blobs: p.Blobs}
		for _, b := range p.Blobs {
			a.Size += b.Size
		}
		list = append(list, a)
	}
	return list, err
}
