package api

import (
	"cmp"
	"encoding/json"
	"sync"

	"casare"
	"casare/workflow"
)

// maxKnown bounds what is remembered of documents.
const maxKnown = 4096

// documents remembers what is known of documents by revision, so that the same document submitted again is neither checked nor
// written to the log again. Documents are only ever added to the state, so what was true stays true.
type documents struct {
	mu    sync.Mutex
	known map[string]knownDocument
}

// knownDocument has been checked and has no errors, or is in the state, which takes no other.
type knownDocument struct {
	name   string // that it gives itself
	stored bool   // in the replicated state
	alone  bool   // it is known to refer to no other document
}

func (d *documents) find(revision string) (knownDocument, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.known[revision]
	return k, ok
}

func (d *documents) checked(revision, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= maxKnown {
		d.known = map[string]knownDocument{}
	}
	d.known[revision] = knownDocument{name: name}
}

// stored notes that the state holds a document. One that was not checked here is a stored workflow's, and need not be known.
func (d *documents) stored(revision string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if k, ok := d.known[revision]; ok && !k.stored {
		k.stored = true
		d.known[revision] = k
	}
}

// refers says whether a document refers to others; read gets its text when that is not known yet.
func (d *documents) refers(revision string, read func() ([]byte, error)) (raw []byte, refers bool, err error) {
	k, known := d.find(revision)
	if k.alone {
		return nil, false, nil
	}
	if raw, err = read(); err != nil {
		return nil, false, err
	}
	doc, _ := workflow.Read(raw)
	if doc != nil && len(doc.References()) > 0 {
		return raw, true, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if known {
		k.alone = true
		d.known[revision] = k
	}
	return nil, false, nil
}

// document is a document that came with a request and may run.
type document struct {
	revision string
	name     string
	raw      []byte // nil when the state holds it, so that the log need not carry it
}

// nameOf is the name a document gives itself, "" for none.
func nameOf(raw []byte) string {
	var about struct {
		Name     string `json:"name"`
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return "" // a document of another shape has none
	}
	if name := cmp.Or(about.Metadata.Name, about.Name); len(name) <= maxName {
		return name
	}
	return ""
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
	if known, ok := a.docs.find(doc.revision); ok {
		if doc.name = known.name; known.stored {
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
	doc.name = nameOf(raw)
	a.docs.checked(doc.revision, doc.name)
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
