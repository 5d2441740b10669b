package api

import (
	"sync"

	"casare"
	"casare/workflow"
)

// maxKnown bounds what is remembered of documents.
const maxKnown = 4096

// documents remembers what is known of documents by revision, so that the same document submitted again is neither checked nor
// written to the log again. Documents are only ever added to the state, so what was true stays true.
type documents struct {
	mu     sync.Mutex
	known  map[string]bool // checked and without errors
	stored map[string]bool // in the replicated state
}

func (d *documents) isKnown(revision string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[revision]
}

func (d *documents) isStored(revision string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stored[revision]
}

func (d *documents) remember(revision string, stored bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= maxKnown {
		d.known, d.stored = map[string]bool{}, map[string]bool{}
	}
	d.known[revision] = true
	if stored {
		d.stored[revision] = true
	}
}

// document is a document that came with a request and may run.
type document struct {
	revision string
	raw      []byte // nil when the state holds it, so that the log need not carry it
}

// checkDocument reads the document of a request: it is bounded, and has no errors.
func (a *API) checkDocument(r Raw, field string) (document, error) {
	raw, err := r.object(field)
	if err != nil {
		return document{}, err
	}
	if len(raw) > casare.MaxDocument {
		return document{}, casare.Errorf(casare.CodeTooLarge, "the document is %d KiB; the most is %d KiB", len(raw)>>10,
			casare.MaxDocument>>10).On(field)
	}
	doc := document{revision: casare.RevisionOf(raw), raw: raw}
	if a.docs.isKnown(doc.revision) {
		if a.docs.isStored(doc.revision) {
			doc.raw = nil
		}
		return doc, nil
	}
	if err := workflow.Err(a.deps.Check(raw)); err != nil {
		e := *err.(*casare.Error) //nolint:errorlint,forcetypeassert,errcheck // workflow.Err returns nothing else
		e.Field = field
		if len(e.Problems) > 0 && e.Problems[0].Field != "" {
			e.Field += "." + e.Problems[0].Field
		}
		return document{}, &e
	}
	a.docs.remember(doc.revision, false)
	return doc, nil
}

// workflowIDOf names a workflow that came without an id: the same content has the same id.
func workflowIDOf(revision string) string {
	var b [16]byte
	copy(b[:], revision)
	for i := range b {
		b[i] = unhex(revision[2*i])<<4 | unhex(revision[2*i+1])
	}
	return uuidOf(b, 8)
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}
