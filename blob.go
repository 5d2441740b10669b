package casare

import (
	"crypto/sha256"
	"encoding/hex"
)

// MaxBlob is the largest blob, in bytes. What is larger is kept as several.
const MaxBlob = 64 << 20

// BlobRef names a blob: a file on the coordinators, outside the log, known by its content.
type BlobRef struct {
	Hash string `cbor:"1,keyasint" json:"hash"` // SHA-256 of the content in hexadecimal
	Size int64  `cbor:"2,keyasint" json:"size"`
}

// BlobHash returns the name of a content.
func BlobHash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// ValidBlobHash says whether a text can be the name of a blob: 64 digits of lower-case hexadecimal, so that it is safe in a path.
func ValidBlobHash(text string) bool {
	if len(text) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// BlobOwnerKind says what refers to blobs.
type BlobOwnerKind string

// The kinds of owners.
const (
	BlobOwnerJob      BlobOwnerKind = "job"
	BlobOwnerWorkflow BlobOwnerKind = "workflow" // ID is tenant/id
)

// BlobOwner is what a blob is kept for: it is kept as long as some owner refers to it.
type BlobOwner struct {
	Kind BlobOwnerKind `cbor:"1,keyasint"`
	ID   string        `cbor:"2,keyasint"`
}

// BlobPart is the blobs that one part of an owner refers to. Each part is replaced as a whole, and no blobs end it. The parts of a
// job whose name begins with BlobPartKept last as long as the job, all others as long as its checkpoint.
type BlobPart struct {
	Part  string    `cbor:"1,keyasint"`
	Blobs []BlobRef `cbor:"2,keyasint,omitempty"`
}

// BlobPartKept begins the names of the parts of a job that outlive its checkpoint: artifacts, logs.
const BlobPartKept = "keep/"

// ReferBlobs replaces what parts of an owner refer to. The blobs must be synced on a majority of the coordinators before.
type ReferBlobs struct {
	Owner BlobOwner  `cbor:"1,keyasint"`
	Parts []BlobPart `cbor:"2,keyasint"`
}

// ForgetBlobs ends every reference of an owner.
type ForgetBlobs struct {
	Owner BlobOwner `cbor:"1,keyasint"`
}

// Type implements Command.
func (ReferBlobs) Type() CommandType { return CommandReferBlobs }

// Type implements Command.
func (ForgetBlobs) Type() CommandType { return CommandForgetBlobs }
