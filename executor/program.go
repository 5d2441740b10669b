package executor

import (
	"context"
	"sync"

	"casare"
)

// maxPrograms is how many compiled documents are kept.
const maxPrograms = 256

// programs keeps compiled documents by revision.
type programs struct {
	mu  sync.Mutex
	all map[string]*document
	use uint64 // counts uses, to find the least recently used
}

// document is a revision that is awaited, or here and compiled at its first use.
type document struct {
	arrived chan struct{}
	data    []byte
	broken  error
	used    uint64
	once    sync.Once
	program Program
	err     error
}

func newPrograms() *programs { return &programs{all: map[string]*document{}} }

// want returns the document of a revision, and whether it has to be asked for.
func (p *programs) want(revision string) (d *document, ask bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, known := p.all[revision]
	if !known {
		d = p.add(revision)
	}
	p.use++
	d.used = p.use
	return d, !known
}

// add makes room and an awaited document. The caller holds mu.
func (p *programs) add(revision string) *document {
	if len(p.all) >= maxPrograms {
		var oldest string
		for r, d := range p.all {
			if !d.here() {
				continue // somebody waits for it
			}
			if oldest == "" || d.used < p.all[oldest].used {
				oldest = r
			}
		}
		delete(p.all, oldest)
	}
	p.use++
	d := &document{arrived: make(chan struct{}), used: p.use}
	p.all[revision] = d
	return d
}

// deliver takes in a document from the leader.
func (p *programs) deliver(revision string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.all[revision]
	if d == nil {
		d = p.add(revision)
	}
	if d.here() {
		return
	}
	if got := casare.RevisionOf(data); got != revision {
		d.broken = casare.Errorf(casare.CodeInternal, "document %s arrived as %s", revision, got)
	}
	d.data = data
	close(d.arrived)
}

// missing lists the revisions that are still awaited.
func (p *programs) missing() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for revision, d := range p.all {
		if !d.here() {
			list = append(list, revision)
		}
	}
	return list
}

func (d *document) here() bool {
	select {
	case <-d.arrived:
		return true
	default:
		return false
	}
}

// compile waits for the document and compiles it, once for all.
func (d *document) compile(ctx context.Context, r Runner) (Program, error) {
	select {
	case <-d.arrived:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	d.once.Do(func() {
		if d.err = d.broken; d.err == nil {
			d.program, d.err = r.Compile(d.data) // the text stays: another document may refer to this one
		}
	})
	return d.program, d.err
}
