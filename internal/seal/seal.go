// Package seal encrypts small texts with a key that both sides have: secrets in the replicated state and in checkpoints.
package seal

import (
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"casare"
)

// Key is a secret key. It is never written anywhere.
type Key [chacha20poly1305.KeySize]byte

// Seal encrypts a message for a context, a text that says what it is and whose: it opens only with the same key and context. The
// cipher is XChaCha20-Poly1305 with a random nonce of 24 bytes in front, so one key may seal any number of messages.
func Seal(key Key, context string, message []byte) ([]byte, error) {
	cipher, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sealed := make([]byte, cipher.NonceSize(), cipher.NonceSize()+len(message)+cipher.Overhead())
	if _, err := rand.Read(sealed); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return cipher.Seal(sealed, sealed, message, []byte(context)), nil
}

// Open undoes Seal. The error is CodeInvalid when the key or the context is another one, or the message was changed.
func Open(key Key, context string, sealed []byte) ([]byte, error) {
	cipher, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("open a sealed message: %w", err)
	}
	if len(sealed) < cipher.NonceSize() {
		return nil, casare.Errorf(casare.CodeInvalid, "a sealed message of %d bytes is too short", len(sealed))
	}
	nonce, rest := sealed[:cipher.NonceSize()], sealed[cipher.NonceSize():]
	message, err := cipher.Open(nil, nonce, rest, []byte(context))
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "a sealed message does not open: another key, another use, or it was changed")
	}
	return message, nil
}
