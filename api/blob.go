package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"casare"
)

// Blobs is what the coordinators keep outside the log: files of jobs, large values.
type Blobs interface {
	// Status counts what this robot keeps.
	Status(ctx context.Context) (BlobStatus, error)
	// Owners are what refers to a blob, as far as this robot's copy of the state knows.
	Owners(hash string) ([]casare.BlobOwner, error)
	// Open opens a blob, wherever it is, and says how large it is. The caller closes it.
	Open(ctx context.Context, hash string) (blob io.ReadSeekCloser, size int64, err error)
	// Put keeps a blob on a majority of the coordinators.
	Put(ctx context.Context, content []byte) (casare.BlobRef, error)
	// Artifacts are the files that the state keeps of a job.
	Artifacts(jobID string) ([]Artifact, error)
}

// BlobStatus is how full a robot's folder of blobs is.
type BlobStatus struct {
	Held     int   `doc:"Blobs that this robot keeps" json:"held"`
	Bytes    int64 `doc:"That they take" json:"bytes"`
	MaxBytes int64 `doc:"That they may take: blobs.max_bytes in robot.yaml" json:"max_bytes"`
	Referred int   `doc:"Blobs that the mesh needs" json:"referred"`
	Missing  int   `doc:"Of them, those that this robot should keep and has not got yet" json:"missing"`
	Lost     int   `doc:"Of the missing, those that no coordinator has" json:"lost"`
}

// Artifact is a file that is kept of a job.
type Artifact struct {
	Name      string           `json:"name"`
	Kind      string           `doc:"workspace: a file of the job's folder as of its last checkpoint; else what it was kept as" json:"kind"`
	Size      int64            `json:"size"`
	UpdatedAt casare.Time      `json:"updated_at"`
	Blobs     []casare.BlobRef `doc:"Its content, one after the other: /api/v1/blobs/{hash}" json:"blobs"`
}

type artifactsAnswer struct {
	Artifacts []Artifact `json:"artifacts"`
	Total     int        `json:"total"`
}

func (a *API) listArtifacts(ctx context.Context, in *idInput) (*answer[artifactsAnswer], error) {
	j, err := a.job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	found, err := a.deps.Blobs.Artifacts(j.ID)
	if err != nil {
		return nil, err
	}
	if found == nil {
		found = []Artifact{}
	}
	return &answer[artifactsAnswer]{Body: artifactsAnswer{Artifacts: found, Total: len(found)}}, nil
}

// file gets a request for a file answered without ever holding all of it: by this robot, if its copy of the state knows the blob, else
// by the leader.
func (a *API) file(w http.ResponseWriter, r *http.Request, rt *route, c *call) {
	if a.deps.Mesh.Leading() || a.deps.Mesh.Replica() && a.knowsBlob(pathID(rt, r.URL.Path)) {
		r.Body = http.NoBody
		a.engine.ServeHTTP(w, r)
		return
	}
	resp, err := a.deps.Forward.RoundTrip(outgoing(r.Context(), r, c, a.self()))
	if err != nil {
		a.refuse(w, r, casare.Errorf(casare.CodeUnavailable, "this robot reaches no leader of the mesh; try again: %w", err))
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		if name != headerRequestID && !strings.EqualFold(name, "Date") {
			w.Header()[name] = values
		}
	}
	for _, name := range hopHeaders {
		w.Header().Del(name)
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // a failed write means that the client has gone, a failed read breaks the answer off
}

func (a *API) knowsBlob(hash string) bool {
	if !casare.ValidBlobHash(hash) {
		return true // it is refused here as well as anywhere
	}
	owners, err := a.deps.Blobs.Owners(hash)
	return err == nil && len(owners) > 0
}

// blob serves one blob, whole or in ranges, to whoever may see what refers to it.
func blob(a *API) gin.HandlerFunc {
	return func(g *gin.Context) {
		hash := g.Param("id")
		if err := a.maySee(g.Request.Context(), hash); err != nil {
			a.stop(g, err)
			return
		}
		content, _, err := a.deps.Blobs.Open(g.Request.Context(), hash)
		if err != nil {
			a.stop(g, err)
			return
		}
		defer content.Close()
		h := g.Writer.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Disposition", `attachment; filename="`+hash+`"`)
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
		h.Set("Etag", `"`+hash+`"`)
		http.ServeContent(g.Writer, g.Request, "", time.Time{}, content)
	}
}

// maySee says whether a blob belongs to something of the caller's tenant. Another tenant's blob is not there.
func (a *API) maySee(ctx context.Context, hash string) error {
	if !casare.ValidBlobHash(hash) {
		return casare.Errorf(casare.CodeInvalid, "%q is no name of a blob", hash).On("id")
	}
	owners, err := a.deps.Blobs.Owners(hash)
	if err != nil {
		return err
	}
	tenant := callOf(ctx).caller.tenant
	for _, owner := range owners {
		switch owner.Kind {
		case casare.BlobOwnerJob:
			if j, err := a.deps.State.Job(owner.ID); err == nil && j.Tenant == tenant {
				return nil
			}
		case casare.BlobOwnerWorkflow:
			if of, _, _ := strings.Cut(owner.ID, "/"); of == tenant {
				return nil
			}
		}
	}
	return casare.Errorf(casare.CodeNotFound, "there is no blob %s", hash).On("id")
}
