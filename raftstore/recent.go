package raftstore

import (
	"slices"

	"casare"
)

// maxRecent is about how many bytes of jobs a generation of recent holds.
const maxRecent = 8 << 20

// recent keeps the jobs that changed last, so that the next command about them, and whoever was told of the change, need not
// decode them again. There are two generations: when the younger one is full, the older one goes.
type recent struct {
	young, old map[string]*casare.Job // nobody changes these jobs
	size       int                    // of young
}

func newRecent() recent { return recent{young: map[string]*casare.Job{}} }

func (r *recent) job(id string) *casare.Job {
	if j := r.young[id]; j != nil {
		return j
	}
	return r.old[id]
}

func (r *recent) keep(j *casare.Job) {
	if r.young[j.ID] == nil {
		r.size += len(j.Variables) + len(j.Metadata) + 1<<10
	}
	r.young[j.ID] = j
	if r.size > maxRecent {
		r.old, r.young, r.size = r.young, map[string]*casare.Job{}, 0
	}
}

// findJob reads a job as the commands before have left it. It is the caller's own.
func (w *writer) findJob(id string) (*casare.Job, bool, error) {
	known := w.change.jobs[id]
	if known == nil {
		known = w.memory.job(id)
	}
	if known == nil {
		return findJob(w.tx, id)
	}
	j := *known
	return &j, true, nil
}

// keepJob remembers a job for the next command about it.
func (w *writer) keepJob(j *casare.Job) {
	kept := *j
	kept.RejectedBy = slices.Clip(kept.RejectedBy) // whoever adds to the list gets a new one
	if w.change.jobs == nil {
		w.change.jobs = map[string]*casare.Job{}
	}
	w.change.jobs[j.ID] = &kept
}
