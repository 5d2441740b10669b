package raftstore

import (
	"casare"
)

// workflowRow is the current version of a workflow.
type workflowRow struct {
	Workflow    casare.Workflow `cbor:"1,keyasint"`
	LastCommand string          `cbor:"2,keyasint,omitempty"`
}

// needDocument refuses a revision that the state does not hold and the command does not bring.
func (w *writer) needDocument(revision string, document []byte) error {
	if len(document) > casare.MaxDocument {
		return casare.Errorf(casare.CodeTooLarge, "the document takes %d bytes, more than %d", len(document), casare.MaxDocument).On("document")
	}
	if len(document) == 0 {
		if w.tx.Bucket(bucketDocument).Get([]byte(revision)) == nil {
			return casare.Errorf(casare.CodeNotFound, "there is no document with revision %s", revision).On("revision")
		}
		return nil
	}
	if casare.RevisionOf(document) != revision {
		return casare.Errorf(casare.CodeInvalid, "the document is not revision %s", revision).On("revision")
	}
	return nil
}

// putDocument stores a document that needDocument has let through, once.
func (w *writer) putDocument(revision string, document []byte) error {
	documents := w.tx.Bucket(bucketDocument)
	if len(document) == 0 || documents.Get([]byte(revision)) != nil {
		return nil
	}
	return documents.Put([]byte(revision), document)
}

func applyPutDocument(w *writer, _ casare.Proposal, c casare.PutDocument) (*casare.Job, error) {
	if len(c.Document) == 0 {
		return nil, casare.Errorf(casare.CodeInvalid, "the document is empty").On("document")
	}
	revision := casare.RevisionOf(c.Document)
	if err := w.needDocument(revision, c.Document); err != nil {
		return nil, err
	}
	return nil, w.putDocument(revision, c.Document)
}

// ensureWorkflow makes the workflow of a submitted job known if it is not.
func (w *writer) ensureWorkflow(p casare.Proposal, spec casare.JobSpec) error {
	if w.tx.Bucket(bucketWorkflow).Get(key(spec.Tenant, spec.WorkflowID)) != nil {
		return nil
	}
	return w.saveWorkflow(p, casare.Workflow{
		ID: spec.WorkflowID, Tenant: spec.Tenant, Name: spec.WorkflowName, Version: 1, Revision: spec.Revision,
		CreatedAt: p.Time, UpdatedAt: p.Time,
	})
}

func (w *writer) saveWorkflow(p casare.Proposal, wf casare.Workflow) error {
	if err := putRow(w.tx.Bucket(bucketWorkflow), key(wf.Tenant, wf.ID), workflowRow{Workflow: wf, LastCommand: p.ID}); err != nil {
		return err
	}
	version := key(wf.Tenant, wf.ID, number(uint64(max(wf.Version, 0))))
	if err := putRow(w.tx.Bucket(bucketVersion), version, wf); err != nil {
		return err
	}
	w.event(casare.Event{Type: casare.EventWorkflowSaved, Tenant: wf.Tenant, Time: p.Time, WorkflowID: wf.ID, Message: wf.Name})
	return nil
}

// applyPutWorkflow saves a document as the current version. Saving the content that is current already makes no new version.
func applyPutWorkflow(w *writer, p casare.Proposal, c casare.PutWorkflow) (*casare.Job, error) {
	wf := c.Workflow
	switch {
	case !validID(wf.ID):
		return nil, casare.Errorf(casare.CodeInvalid, "the id of a workflow has 1 to %d bytes and no zero byte", maxID).On("id")
	case wf.Tenant == "" || wf.Tenant != p.Tenant:
		return nil, casare.Errorf(casare.CodeInvalid, "the tenant of a workflow is the one who saves it").On("tenant")
	}
	if err := w.needDocument(wf.Revision, c.Document); err != nil {
		return nil, err
	}
	row, found, err := getRow[workflowRow](w.tx.Bucket(bucketWorkflow), key(wf.Tenant, wf.ID))
	if err != nil {
		return nil, err
	}
	if found && (row.LastCommand == p.ID || row.Workflow.Revision == wf.Revision && row.Workflow.Name == wf.Name) {
		return nil, nil
	}
	wf.Version, wf.CreatedAt, wf.UpdatedAt = 1, p.Time, p.Time
	if found {
		wf.CreatedAt, wf.Version = row.Workflow.CreatedAt, row.Workflow.Version
		if row.Workflow.Revision != wf.Revision {
			wf.Version++
		}
	}
	if err := w.putDocument(wf.Revision, c.Document); err != nil {
		return nil, err
	}
	return nil, w.saveWorkflow(p, wf)
}
