package casare

// MaxInlinePiece is the largest piece of a run log that lies in the state itself.
const MaxInlinePiece = 8 << 10

// LogPiece is a piece of a run log that is kept after the run, in the form of package runlog: in a blob, or when it is small in Data. The
// counts say what is in it, so that whoever looks for something need not fetch all of them.
type LogPiece struct {
	Epoch       uint64   `cbor:"1,keyasint"` // of the attempt
	N           uint64   `cbor:"2,keyasint"` // orders the pieces of an attempt
	Blob        *BlobRef `cbor:"3,keyasint,omitempty"`
	Data        []byte   `cbor:"4,keyasint,omitempty"`
	Steps       int      `cbor:"5,keyasint,omitempty"` // how many step events
	LastStep    uint64   `cbor:"6,keyasint,omitempty"` // number of the last one
	Lines       int      `cbor:"7,keyasint,omitempty"`
	LastLine    uint64   `cbor:"8,keyasint,omitempty"`
	Checkpoints int      `cbor:"9,keyasint,omitempty"`
}
