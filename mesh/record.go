package mesh

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"casare"
	"casare/mesh/identity"
)

const (
	maxRecord    = 512 // what memberlist carries as metadata
	maxAddresses = 6
	maxNameBytes = 64
	maxHostBytes = 80 // of one host:port
	recordPrefix = "casare record 1 "
)

// record is what a robot says of itself to every other: in gossip, in the greeting of a stream, and in the peers file of
// whoever met it. It is signed with the robot's key, and the key gives the id, so it can be passed on by anybody.
type record struct {
	Sequence  uint64   `cbor:"1,keyasint"` // a higher one replaces a lower
	Key       []byte   `cbor:"2,keyasint"` // Ed25519
	Name      string   `cbor:"3,keyasint,omitempty"`
	Addresses []string `cbor:"4,keyasint,omitempty"` // host:port, the best first
	HTTP      string   `cbor:"5,keyasint,omitempty"`
	Version   string   `cbor:"6,keyasint,omitempty"`
	Role      string   `cbor:"7,keyasint,omitempty"`
	LeaderID  string   `cbor:"8,keyasint,omitempty"`
	Term      uint64   `cbor:"9,keyasint,omitempty"`
	Leaving   bool     `cbor:"10,keyasint,omitempty"`

	raw       []byte // as it was signed
	robotID   string
	publicKey []byte // PKIX DER
}

type signedRecord struct {
	_         struct{} `cbor:",toarray"`
	Body      []byte
	Signature []byte
}

func (r *record) hint() LeaderHint { return LeaderHint{LeaderID: r.LeaderID, Term: r.Term} }

func (r *record) identify() error {
	if len(r.Key) != ed25519.PublicKeySize {
		return casare.Errorf(casare.CodeInvalid, "robot record has a key of %d bytes", len(r.Key))
	}
	publicKey, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(r.Key))
	if err != nil {
		return casare.Errorf(casare.CodeInvalid, "robot record: %w", err)
	}
	r.publicKey, r.robotID = publicKey, identity.RobotID(publicKey)
	return nil
}

// sign returns the record in the form that others read. It gives up addresses, the least good first, to stay within maxRecord.
func (r record) sign(id *identity.Identity) (*record, error) {
	r.Name = truncate(r.Name, maxNameBytes)
	r.HTTP = truncate(r.HTTP, maxHostBytes)
	r.Version = truncate(r.Version, maxNameBytes)
	r.Addresses = slices.Clone(r.Addresses[:min(len(r.Addresses), maxAddresses)])
	key, err := x509.ParsePKIXPublicKey(id.PublicKey())
	if err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "robot record: %w", err)
	}
	r.Key, _ = key.(ed25519.PublicKey)
	for {
		body, err := cbor.Marshal(r)
		if err != nil {
			return nil, casare.Errorf(casare.CodeInternal, "robot record: %w", err)
		}
		raw, err := cbor.Marshal(signedRecord{Body: body, Signature: id.Sign(signedText(id.MeshID(), body))})
		if err != nil {
			return nil, casare.Errorf(casare.CodeInternal, "robot record: %w", err)
		}
		if len(raw) <= maxRecord {
			r.raw = raw
			return &r, r.identify()
		}
		if len(r.Addresses) < 2 { // cannot be: the other fields are capped
			return nil, casare.Errorf(casare.CodeInternal, "robot record has %d bytes, more than %d", len(raw), maxRecord)
		}
		r.Addresses = r.Addresses[:len(r.Addresses)-1]
	}
}

// readRecord checks form and signature of a record that belongs to this mesh.
func readRecord(meshID string, raw []byte) (*record, error) {
	if len(raw) > maxRecord {
		return nil, casare.Errorf(casare.CodeInvalid, "robot record has %d bytes, more than %d", len(raw), maxRecord)
	}
	var signed signedRecord
	if err := cbor.Unmarshal(raw, &signed); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "robot record: %w", err)
	}
	r := &record{raw: bytes.Clone(raw)}
	if err := cbor.Unmarshal(signed.Body, r); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "robot record: %w", err)
	}
	if err := r.identify(); err != nil {
		return nil, err
	}
	if !ed25519.Verify(r.Key, signedText(meshID, signed.Body), signed.Signature) {
		return nil, casare.Errorf(casare.CodeInvalid, "robot record of %s is not signed by it", r.robotID)
	}
	if len(r.Addresses) > maxAddresses {
		return nil, casare.Errorf(casare.CodeInvalid, "robot record of %s has %d addresses", r.robotID, len(r.Addresses))
	}
	return r, nil
}

// signedText keeps a record of one mesh, or another kind of signed text, from passing as a record of this mesh.
func signedText(meshID string, body []byte) []byte {
	return append([]byte(recordPrefix+meshID+"\n"), body...)
}

// truncate cuts a text to at most limit bytes, between letters.
func truncate(text string, limit int) string {
	for len(text) > limit {
		runes := []rune(text)
		text = string(runes[:len(runes)-1])
	}
	return text
}
