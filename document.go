package casare

// Limits of the documents that a job's document refers to.
const (
	MaxPinned      = 64      // documents
	MaxPinnedBytes = 4 << 20 // of all of them
)

// Pinned is another document that a job's document, or one that it runs, refers to: the revision of it that the job uses whatever is saved
// later. Kind, ID, Path and From are those of the reference, see workflow.Reference.
type Pinned struct {
	Kind     string `cbor:"1,keyasint"               json:"kind"`
	ID       string `cbor:"2,keyasint,omitempty"     json:"id,omitempty"`
	Path     string `cbor:"3,keyasint,omitempty"     json:"path,omitempty"`
	From     string `cbor:"4,keyasint,omitempty"     json:"from,omitempty"`
	Revision string `cbor:"5,keyasint"               json:"revision"`
}

// PutDocument stores a document by its revision, for a submit that refers to it. A document that is there already changes nothing.
type PutDocument struct {
	Document []byte `cbor:"1,keyasint"`
}

// Type implements Command.
func (PutDocument) Type() CommandType { return CommandPutDocument }
