package raftstore

import (
	"errors"

	"casare"
)

// applyFinishJob ends an attempt: the job has ended, or a person must decide.
func applyFinishJob(w *writer, p casare.Proposal, c casare.FinishJob) (*casare.Job, error) {
	if len(c.Result) > casare.MaxDocument {
		return nil, casare.Errorf(casare.CodeTooLarge, "the result takes %d bytes, more than %d", len(c.Result), casare.MaxDocument)
	}
	if err := checkKept(c.Kept); err != nil {
		return nil, err
	}
	j, repeated, err := w.jobFor(p, c.JobID)
	if err != nil || repeated {
		return j, err
	}
	from := j.State
	typ, message, err := decideFinish(j, p, c)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.appendLog(j, c.Log), w.keepPiece(j, c.Kept)); err != nil {
		return nil, err
	}
	if len(c.Result) > 0 {
		if err := w.tx.Bucket(bucketResult).Put([]byte(j.ID), c.Result); err != nil {
			return nil, err
		}
	}
	if err := w.saveJob(p, j, from); err != nil {
		return nil, err
	}
	w.jobEvent(p, j, typ, message)
	return j, w.forgetCheckpoint(j)
}

func decideFinish(j *casare.Job, p casare.Proposal, c casare.FinishJob) (casare.EventType, string, error) {
	if c.State == casare.JobNeedsAttention {
		if err := j.Attention(c.Epoch, c.Attention, p.Time); err != nil {
			return "", "", err
		}
		j.Error = c.Error
		return casare.EventJobAttention, c.Attention, nil
	}
	never := j.StartedAt == 0
	if err := j.Finish(c.Epoch, c.State, c.Error, p.Time); err != nil {
		return "", "", err
	}
	if never && c.StartedAt != 0 {
		j.StartedAt = c.StartedAt
	}
	if c.Error != nil {
		return casare.EventJobFinished, c.Error.Message, nil
	}
	return casare.EventJobFinished, "", nil
}
