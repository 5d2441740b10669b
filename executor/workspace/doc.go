// Package workspace keeps the files of a job with its checkpoints, so that another robot goes on with them.
//
// Each job has a folder of its own. When a checkpoint is taken, Space.Collect looks which files differ from the checkpoint before and
// reads those, as they are at that moment, before the run goes on: so the files of a checkpoint are the ones its steps have
// written, not what later steps make of them. Their contents go to the blob store (Flush), which must have them before the checkpoint
// that names them leaves. Where a run resumes, Restore makes the folder what the checkpoint says, also on the same robot: what was
// written after the checkpoint is undone, so that a step that runs again finds what it found the first time.
//
// # Records
//
// A checkpoint is a set of keyed records; those of the workspace begin with Prefix:
//
//	w/f/<id>      a file or folder: path, permissions, time, size, number of chunks
//	w/c/<id>/<n>  the nth chunk of a file, by reference to a blob
//	w/s           what stands in the way of going on elsewhere, see Space.Pin
//
// where <id> is made from the path. The blobs that the records of a job refer to are kept as long as the records are.
//
// # What does not travel
//
// Links, pipes and devices do not; nor do files outside of the folder. A run that wrote to a root that not every robot sees, or whose
// folder has become larger than Config.MaxBytes, can go on only where it was: Pin says what keeps it there.
package workspace
