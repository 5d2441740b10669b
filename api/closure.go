package api

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"casare"
	"casare/node"
	"casare/workflow"
)

// Codes of what is wrong with the documents that a document refers to.
const (
	codeUnresolved = "UNRESOLVED_REFERENCE"
	codeCircle     = "CIRCULAR_REFERENCE"
	codeTooDeep    = "REFERENCE_TOO_DEEP"
)

// closure finds the documents that a submitted document refers to, and those that they refer to: among the documents that came with
// the request, else among the stored workflows. Each is pinned by its revision, so a job runs the same wherever and whenever it goes on.
type closure struct {
	api    *API
	tenant string
	given  map[string]Raw
	pinned []casare.Pinned
	fresh  map[string][]byte // revision → document that the state may lack
	bytes  int
	faults []casare.Problem
}

// link is one step on the way from the submitted document to another.
type link struct {
	revision string
	from     string // path of the document
	kind     workflow.ReferenceKind
	depth    int // of references of that kind, one after the other
}

// closureOf pins what a document refers to. The error names every reference that leads nowhere, in circles or too deep.
func (a *API) closureOf(tenant string, raw []byte, revision string, given map[string]Raw) (*closure, error) {
	c := &closure{api: a, tenant: tenant, given: given, fresh: map[string][]byte{}}
	if err := c.follow(raw, "workflow_json", []link{{revision: revision}}); err != nil {
		return nil, err
	}
	if len(c.faults) > 0 {
		err := casare.Errorf(casare.CodeValidation, "%s", c.faults[0].Message).On(c.faults[0].Field)
		err.Problems = c.faults
		return nil, err
	}
	return c, nil
}

// follow looks at the references of one document. way leads from the submitted document to it.
func (c *closure) follow(raw []byte, field string, way []link) error {
	doc, _ := workflow.Read(raw)
	if doc == nil {
		return nil // what is wrong with it has been said
	}
	here := way[len(way)-1]
	for _, ref := range doc.References() {
		ref.From = here.from
		if ref.Template {
			continue // only the run knows what is meant
		}
		if err := c.resolve(ref, field+".nodes."+ref.Step+"."+ref.Field, way); err != nil {
			return err
		}
	}
	return nil
}

func (c *closure) fault(field, code, format string, args ...any) {
	c.faults = append(c.faults, casare.Problem{Field: field, Message: code + ": " + fmt.Sprintf(format, args...)})
}

// resolve pins one reference and follows those of the document it leads to.
func (c *closure) resolve(ref workflow.Reference, field string, way []link) error {
	raw, err := c.find(ref)
	switch {
	case casare.CodeOf(err) == casare.CodeNotFound:
		c.fault(field, codeUnresolved, "The step %s runs the %s %s, which came with the request under none of its names and is no stored workflow.",
			ref.Step, ref.Kind, ref.Name())
		return nil
	case err != nil:
		return err
	}
	if err := c.check(ref, raw, field); err != nil {
		return err
	}
	next := link{revision: casare.RevisionOf(raw), from: ref.Where(), kind: ref.Kind, depth: 1}
	for _, l := range way {
		if l.revision == next.revision {
			c.fault(field, codeCircle, "The step %s runs the %s %s, which runs it in turn.", ref.Step, ref.Kind, ref.Name())
			return nil
		}
		if l.kind == ref.Kind {
			next.depth++
		}
	}
	if most := deepest(ref.Kind); next.depth > most {
		c.fault(field, codeTooDeep, "The step %s runs the %s %s, the %dth inside one another; the most is %d.", ref.Step, ref.Kind, ref.Name(), next.depth, most)
		return nil
	}
	return c.pin(ref, raw, next, way)
}

// deepest is how many documents of a kind may be open inside one another.
func deepest(kind workflow.ReferenceKind) int {
	if kind == workflow.RefersToSubflow {
		return node.CallSubflow.Deepest()
	}
	return node.CallWorkflow.Deepest()
}

// pin notes where a reference leads. A document that several refer to is stored once.
func (c *closure) pin(ref workflow.Reference, raw []byte, next link, way []link) error {
	p := casare.Pinned{Kind: string(ref.Kind), ID: ref.ID, Path: ref.Path, From: ref.From, Revision: next.revision}
	if !slices.Contains(c.pinned, p) {
		c.pinned = append(c.pinned, p)
	}
	if _, known := c.fresh[next.revision]; !known {
		c.fresh[next.revision] = raw
		c.bytes += len(raw)
	}
	if len(c.pinned) > casare.MaxPinned || c.bytes > casare.MaxPinnedBytes {
		return casare.Errorf(casare.CodeTooLarge, "the documents that the document refers to are more than %d or take more than %d MiB",
			casare.MaxPinned, casare.MaxPinnedBytes>>20).On("documents")
	}
	return c.follow(raw, "documents."+ref.Name(), append(slices.Clip(way), next))
}

// find returns the document that is meant.
func (c *closure) find(ref workflow.Reference) ([]byte, error) {
	bare := strings.TrimSuffix(ref.File(), ".json")
	for _, name := range []string{ref.Path, ref.Where(), ref.ID, ref.File(), bare} {
		if raw, ok := c.given[name]; ok && name != "" {
			return raw.object("documents." + name)
		}
	}
	for _, name := range []string{ref.ID, bare} {
		if name == "" || len(name) > maxName {
			continue
		}
		wf, err := c.api.deps.State.Workflow(c.tenant, name)
		if err == nil {
			return c.api.deps.State.Document(wf.Revision)
		}
		if casare.CodeOf(err) != casare.CodeNotFound {
			return nil, err
		}
	}
	return c.named(cmp.Or(ref.ID, bare), bare)
}

// pageOfWorkflows is how many workflows are looked at when one is meant by its name.
const pageOfWorkflows = 500

// named returns the document of the only stored workflow with one of these names.
func (c *closure) named(names ...string) ([]byte, error) {
	var found *casare.Workflow
	for offset := 0; ; offset += pageOfWorkflows {
		page, total, err := c.api.deps.State.Workflows(c.tenant, pageOfWorkflows, offset)
		if err != nil {
			return nil, err
		}
		for _, wf := range page {
			if wf.Name == "" || !slices.Contains(names, wf.Name) {
				continue
			}
			if found != nil && found.Revision != wf.Revision {
				return nil, casare.Errorf(casare.CodeValidation, "several stored workflows are called %s; refer to one by its id", wf.Name).On("documents")
			}
			found = wf
		}
		if offset+pageOfWorkflows >= total {
			break
		}
	}
	if found == nil {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no such workflow")
	}
	return c.api.deps.State.Document(found.Revision)
}

// check refuses a document that is too large or has errors, as if it had been submitted itself.
func (c *closure) check(ref workflow.Reference, raw []byte, field string) error {
	if len(raw) > casare.MaxDocument {
		return casare.Errorf(casare.CodeTooLarge, "the document %s is %d KiB; the most is %d KiB", ref.Name(), len(raw)>>10, casare.MaxDocument>>10).On(field)
	}
	revision := casare.RevisionOf(raw)
	if _, known := c.api.docs.find(revision); known {
		return nil
	}
	err := workflow.Err(c.api.deps.Check(raw))
	if err == nil {
		c.api.docs.checked(revision, nameOf(raw))
		return nil
	}
	e, ok := errors.AsType[*casare.Error](err)
	if !ok {
		return err
	}
	for _, p := range e.Problems {
		c.faults = append(c.faults, casare.Problem{Field: field, Message: "in " + ref.Name() + ": " + p.Message})
	}
	return nil
}

// documentProposals are the proposals that store what the closure found, for the documents that may not be stored yet.
func (a *API) documentProposals(c *call, found *closure) []casare.Proposal {
	var ps []casare.Proposal
	for _, p := range found.pinned {
		raw, fresh := found.fresh[p.Revision]
		if known, _ := a.docs.find(p.Revision); !fresh || known.stored {
			continue
		}
		delete(found.fresh, p.Revision)
		ps = append(ps, a.proposal(c, "document-"+p.Revision[:32], casare.PutDocument{Document: raw}))
	}
	return ps
}
