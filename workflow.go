package casare

import (
	"crypto/sha256"
	"encoding/hex"
)

// MaxDocument is the largest workflow document, in bytes, and the largest set of variables or result that goes through the log.
const MaxDocument = 384 << 10

// Workflow is a named, versioned document. Revision points at the current content.
type Workflow struct {
	ID        string `cbor:"1,keyasint"`
	Tenant    string `cbor:"2,keyasint"`
	Name      string `cbor:"3,keyasint"`
	Version   int    `cbor:"4,keyasint"`
	Revision  string `cbor:"5,keyasint"`
	CreatedAt Time   `cbor:"6,keyasint"`
	UpdatedAt Time   `cbor:"7,keyasint"`
}

// RevisionOf returns the name of a document's content: the SHA-256 of its bytes in hexadecimal.
func RevisionOf(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}
