package identity

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"

	"filippo.io/age"

	"casare"
)

// MaxSealed is the most that Open takes, in bytes.
const MaxSealed = 16 << 20

// SealTo encrypts a message to a robot, see Identity.Recipient. The error is CodeInvalid for a recipient that is none.
func SealTo(recipient string, plain []byte) ([]byte, error) {
	to, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "recipient of a sealed message: %w", err).On("recipient")
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		return nil, fmt.Errorf("seal a message: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("seal a message: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal a message: %w", err)
	}
	return sealed.Bytes(), nil
}

// Open decrypts what was sealed to this robot. Who sealed it is not proved: it counts only as much as the way it came.
func (i *Identity) Open(sealed []byte) ([]byte, error) {
	if len(sealed) > MaxSealed {
		return nil, casare.Errorf(casare.CodeInvalid, "a sealed message has %d bytes, more than %d", len(sealed), MaxSealed)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), i.age)
	if err != nil {
		return nil, fmt.Errorf("open a sealed message: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, MaxSealed))
	if err != nil {
		return nil, fmt.Errorf("open a sealed message: %w", err)
	}
	return plain, nil
}

// Derive returns a key of 32 bytes for a purpose, the same on every coordinator of the mesh and known to nobody else (HKDF with
// SHA-256, RFC 5869).
func (c *CA) Derive(purpose string) ([32]byte, error) {
	key, err := hkdf.Key(sha256.New, c.key.Seed(), []byte(c.meshID), purpose, 32)
	if err != nil {
		return [32]byte{}, fmt.Errorf("derive a key: %w", err)
	}
	return [32]byte(key), nil
}
