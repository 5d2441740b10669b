package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"casare"
)

// The files of an identity. All are written with mode 0600: none is of use to anybody else.
const (
	fileKey    = "robot.key"
	fileCert   = "robot.crt"
	fileCA     = "ca.crt"
	fileAge    = "age.key"
	fileGossip = "gossip.key"
	fileQUIC   = "quic.key"

	pemKey  = "PRIVATE KEY"
	pemCert = "CERTIFICATE"
)

// Save writes the identity into a folder, which it makes if needed. Each file is replaced as a whole and synced; the
// certificate comes last, so a folder with a certificate is complete.
func (i *Identity) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("identity folder: %w", err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		return fmt.Errorf("encode robot key: %w", err)
	}
	files := []struct {
		name    string
		content []byte
	}{
		{fileKey, pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: key})},
		{fileAge, []byte(i.age.String() + "\n")},
		{fileQUIC, []byte(hex.EncodeToString(i.quicKeys[:]) + "\n")},
	}
	if i.Joined() {
		files = append(files, []struct {
			name    string
			content []byte
		}{
			{fileGossip, []byte(hex.EncodeToString(i.gossipKey) + "\n")},
			{fileCA, pem.EncodeToMemory(&pem.Block{Type: pemCert, Bytes: i.caCert.Raw})},
			{fileCert, pem.EncodeToMemory(&pem.Block{Type: pemCert, Bytes: i.cert.Raw})},
		}...)
	}
	for _, f := range files {
		if err := WriteFile(filepath.Join(dir, f.name), f.content); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile replaces a file as a whole, mode 0600, synced before it gets its name.
func WriteFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Load reads an identity from a folder. The error wraps fs.ErrNotExist when there is none; a folder whose robot has not joined
// gives an identity for which Joined is false.
func Load(dir string) (*Identity, error) {
	i := new(Identity)
	der, err := readPEM(dir, fileKey, pemKey)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, damaged(dir, fileKey, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, casare.Errorf(casare.CodeInvalid, "%s holds no Ed25519 key", filepath.Join(dir, fileKey))
	}
	if err := i.setKey(key); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, fileAge))
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	if i.age, err = age.ParseX25519Identity(strings.TrimSpace(string(text))); err != nil {
		return nil, damaged(dir, fileAge, errors.New("no age key")) // the cause would print the key
	}
	quicKeys, err := readHex(dir, fileQUIC, len(i.quicKeys))
	if err != nil {
		return nil, err
	}
	copy(i.quicKeys[:], quicKeys)
	return i, i.loadMembership(dir)
}

func (i *Identity) loadMembership(dir string) error {
	cert, err := readPEM(dir, fileCert, pemCert)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Save writes the certificate last: without it the robot has not joined
	}
	if err != nil {
		return err
	}
	ca, err := readPEM(dir, fileCA, pemCert)
	if err != nil {
		return err
	}
	gossipKey, err := readHex(dir, fileGossip, gossipBytes)
	if err != nil {
		return err
	}
	if err := i.Adopt(Membership{Certificate: cert, CACert: ca, GossipKey: gossipKey}); err != nil {
		return fmt.Errorf("identity in %s: %w", dir, err)
	}
	return nil
}

func damaged(dir, name string, err error) error {
	return casare.Errorf(casare.CodeInvalid, "%s is damaged: %w", filepath.Join(dir, name), err)
}

func readPEM(dir, name, kind string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, damaged(dir, name, fmt.Errorf("no %s block", kind))
	}
	return block.Bytes, nil
}

func readHex(dir, name string, size int) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != size {
		return nil, damaged(dir, name, fmt.Errorf("not %d bytes in hexadecimal", size))
	}
	return key, nil
}
