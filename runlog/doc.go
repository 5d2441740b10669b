// Package runlog is the log of a run as its robot writes it: what its steps did, what they said, and every checkpoint as the records
// that changed. It is what a robot resumes from after its process died, what remains of a run when it is over, and what an earlier point
// of a run is looked up in.
//
// # Form
//
// A log is frames, one after the other: four bytes of length (big endian, of what follows the next field), the CRC32C of what follows,
// and an entry in CBOR. What comes after a frame that is cut short or damaged is lost; what comes before it is not. A log may be cut
// between any two frames into pieces that are kept apart.
//
// # On disk
//
// A File is one attempt. Entries are written when it is flushed, which survives the death of the process, and synced when somebody says
// so, which survives a power cut. Its first entry is a Head.
package runlog
