package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/api"
)

// fakeBlobs are the blobs of a world, as one robot knows them.
type fakeBlobs struct {
	content map[string]string
	owners  map[string][]casare.BlobOwner
	files   []api.Artifact
}

func (f *fakeBlobs) Status(context.Context) (api.BlobStatus, error) {
	return api.BlobStatus{Held: 3, Bytes: 30, MaxBytes: 100, Referred: 4, Missing: 1}, nil
}

func (f *fakeBlobs) Owners(hash string) ([]casare.BlobOwner, error) { return f.owners[hash], nil }

// file is a blob in memory.
type file struct{ *strings.Reader }

func (file) Close() error { return nil }

func (f *fakeBlobs) Open(_ context.Context, hash string) (io.ReadSeekCloser, int64, error) {
	text, ok := f.content[hash]
	if !ok {
		return nil, 0, casare.Errorf(casare.CodeNotFound, "no coordinator has blob %s", hash)
	}
	return file{strings.NewReader(text)}, int64(len(text)), nil
}

func (f *fakeBlobs) Put(_ context.Context, content []byte) (casare.BlobRef, error) {
	ref := casare.BlobRef{Hash: casare.BlobHash(content), Size: int64(len(content))}
	f.content[ref.Hash] = string(content)
	return ref, nil
}

func (f *fakeBlobs) Artifacts(string) ([]api.Artifact, error) { return f.files, nil }

// keep gives every robot a blob that a job of a tenant refers to.
func (w *world) keep(text, tenant string) string {
	w.t.Helper()
	hash, job := casare.BlobHash([]byte(text)), "job of "+tenant
	w.store.mu.Lock()
	w.store.jobs[job] = casare.NewJob(casare.JobSpec{ID: job, Tenant: tenant})
	w.store.mu.Unlock()
	for _, r := range w.robots {
		r.blobs.content[hash] = text
		r.blobs.owners[hash] = []casare.BlobOwner{{Kind: casare.BlobOwnerJob, ID: job}}
	}
	return hash
}

func TestBlobs_WholeAndInRangesFromEveryRobot(t *testing.T) {
	t.Parallel()
	w := setup(t, 3)
	text := strings.Repeat("0123456789", 100_000)
	hash := w.keep(text, casare.DefaultTenant)
	w.robots[1].replica.Store(false) // it asks the leader
	delete(w.robots[2].blobs.owners, hash)
	for _, r := range w.robots {
		whole := r.get("/api/v1/blobs/" + hash)
		require.Equal(t, http.StatusOK, whole.status, r.id)
		require.True(t, bytes.Equal([]byte(text), whole.body))
		require.Equal(t, "application/octet-stream", whole.header.Get("Content-Type"))
		require.Equal(t, `"`+hash+`"`, whole.header.Get("Etag"))
		part := r.get("/api/v1/blobs/"+hash, "Range", "bytes=5-14")
		require.Equal(t, http.StatusPartialContent, part.status)
		require.Equal(t, "5678901234", string(part.body))
		require.Equal(t, "bytes 5-14/1000000", part.header.Get("Content-Range"))
		require.Equal(t, http.StatusNotModified, r.get("/api/v1/blobs/"+hash, "If-None-Match", `"`+hash+`"`).status)
		require.Equal(t, http.StatusRequestedRangeNotSatisfiable, r.get("/api/v1/blobs/"+hash, "Range", "bytes=2000000-").status)
	}
}

func TestBlobs_OnlyForWhoeverMaySeeWhatRefersToThem(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	w.robots[1].replica.Store(false)
	other := w.keep("of another tenant", "other")
	nobodys := casare.BlobHash([]byte("nobody refers to it"))
	for _, r := range w.robots {
		r.blobs.content[nobodys] = "nobody refers to it"
		r.get("/api/v1/blobs/"+other).fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/blobs/"+nobodys).fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/blobs/..%2f..%2fetc%2fpasswd").fails(http.StatusNotFound, casare.CodeNotFound)
		r.get("/api/v1/blobs/"+strings.ToUpper(other)).fails(http.StatusBadRequest, casare.CodeInvalid)
		r.get("/api/v1/blobs/"+other, "Authorization", "").fails(http.StatusUnauthorized, casare.CodeUnauthenticated)
	}
	w.elect(nil)
	w.robots[1].get("/api/v1/blobs/"+other).fails(http.StatusServiceUnavailable, casare.CodeUnavailable)
}

func TestArtifacts_AreTheFilesOfAJob(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	hash := w.keep("text", casare.DefaultTenant)
	w.keep("secret", "other")
	r := w.robots[0]
	require.Equal(t, []any{}, r.get("/api/v1/jobs/job%20of%20default/artifacts").ok()["artifacts"])
	r.blobs.files = []api.Artifact{{Name: "out/a.txt", Kind: "workspace", Size: 4, Blobs: []casare.BlobRef{{Hash: hash, Size: 4}}}}
	var got struct {
		Artifacts []api.Artifact `json:"artifacts"`
		Total     int            `json:"total"`
	}
	require.NoError(t, json.Unmarshal(r.get("/api/v1/jobs/job%20of%20default/artifacts").body, &got))
	require.Equal(t, 1, got.Total)
	require.Equal(t, r.blobs.files, got.Artifacts)
	r.get("/api/v1/jobs/job%20of%20other/artifacts").fails(http.StatusNotFound, casare.CodeNotFound)
	r.get("/api/v1/jobs/none/artifacts").fails(http.StatusNotFound, casare.CodeNotFound)
}

func TestMesh_SaysWhatTheRobotKeeps(t *testing.T) {
	t.Parallel()
	w := setup(t, 1)
	kept, ok := w.robots[0].get("/api/v1/mesh").ok()["blobs"].(map[string]any)
	require.True(t, ok)
	require.EqualValues(t, 3, kept["held"])
	require.EqualValues(t, 1, kept["missing"])
}
