package executor

import (
	"context"

	"casare"
	"casare/node"
	"casare/workflow"
)

// pinnedDocuments are the documents that a job's document refers to, as they were when the job was submitted. They come from the leader
// by revision, once for all jobs of this robot.
type pinnedDocuments struct {
	pinned   []casare.Pinned
	programs *programs
	ask      func() // for what is awaited
}

var _ node.Documents = (*pinnedDocuments)(nil)

// Document implements node.Documents. A reference that was known when the job was submitted means the same document since; one that shows
// only now, because it holds a template, means the pinned document of that path, file name or id.
func (d *pinnedDocuments) Document(ctx context.Context, r workflow.Reference) ([]byte, error) {
	revision := d.find(r)
	if revision == "" {
		return nil, casare.Errorf(casare.CodeNotFound, "the %s %s did not come with the job", r.Kind, r.Name()).On(r.Field)
	}
	doc, ask := d.programs.want(revision)
	if ask {
		d.ask()
	}
	return doc.bytes(ctx)
}

func (d *pinnedDocuments) find(r workflow.Reference) string {
	for _, p := range d.pinned {
		if p.ID == r.ID && p.Path == r.Path && p.From == r.From {
			return p.Revision
		}
	}
	for _, p := range d.pinned {
		of := workflow.Reference{Path: p.Path}
		if p.Path != "" && p.Path == r.Path || p.ID != "" && p.ID == r.ID || r.Path != "" && of.File() == r.File() {
			return p.Revision
		}
	}
	return ""
}

// bytes waits for the document.
func (d *document) bytes(ctx context.Context) ([]byte, error) {
	select {
	case <-d.arrived:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return d.data, d.broken
}
