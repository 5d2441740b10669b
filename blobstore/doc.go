// Package blobstore keeps what is too large for the log: content-addressed files on the coordinators, outside Raft.
//
// # Where a blob is
//
// A blob is named by the SHA-256 of its content and never changes. Put returns when a majority of the voters have it synced
// (put.go); only then may a command that names it be proposed, so whoever applies the command can get the blob as long as a
// majority lives. Get reads the local file or asks other coordinators (get.go). A robot that holds no state puts and gets
// through a coordinator; it keeps nothing.
//
// # Who needs it
//
// The replicated state says which blobs are referred to, and by what. Every robot that holds the state compares that with its
// folder, whenever it changes and once in a while, and fetches what it lacks (fill.go). So a new coordinator fills up, and one
// that was away catches up. The leader promotes no copy before it has what anybody has (Ready). What nobody has referred to
// for Config.SweepAge after it was put last is deleted (sweep.go), judged by a state that is as new as the leader's.
//
// # Files
//
// Dir/ab/abcdef… is a blob, Dir/tmp/… is one that is being written. A file is written under tmp, synced, renamed, and the folder
// synced, so that whatever stands under its name is whole, whenever the process dies (disk.go). A disk may still lie: content is
// compared with the name before the first byte of it is given to anybody, and what differs is deleted and fetched again.
//
// # On the wire
//
// One stream of the blob plane carries one transfer: a request, an answer, and the bytes, whose number is said before (wire.go).
// The certificate says who asks (serve.go): coordinators may do everything, any other robot puts what belongs to an attempt
// that it has, and gets what the job of such an attempt refers to.
package blobstore
