package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"casare"
)

const (
	tokenVersion  = "CASARE1"
	tokenParts    = 5
	tokenIDBytes  = 8
	secretBytes   = 20
	secretLetters = 27 // secretBytes in unpadded base64
	maxTokenText  = 256
	fieldToken    = "token"
)

// JoinToken is the text that lets a machine join: CASARE1.<mesh id>.<hash of the CA's key>.<token id>.<secret>.
type JoinToken struct {
	MeshID string
	caHash []byte
	ID     string
	secret string
}

// Mint makes a join token for the mesh: the text to hand out, and the record, which holds only the secret's hash.
func (c *CA) Mint(role casare.Role, now time.Time, life time.Duration, uses int) (text string, record casare.Token, err error) {
	return mint(c.cert, c.meshID, casare.Token{Role: role, ExpiresAt: casare.TimeOf(now.Add(life)), MaxUses: uses, CreatedAt: casare.TimeOf(now)})
}

// Mint makes a join token on any robot of the mesh: no secret of the CA is needed for it. See CA.Mint.
func (i *Identity) Mint(role casare.Role, now time.Time, life time.Duration, uses int) (text string, record casare.Token, err error) {
	return mint(i.caCert, i.MeshID(), casare.Token{Role: role, ExpiresAt: casare.TimeOf(now.Add(life)), MaxUses: uses, CreatedAt: casare.TimeOf(now)})
}

// mint makes the text of a join token and fills in id and secret hash of its record.
func mint(ca *x509.Certificate, meshID string, record casare.Token) (string, casare.Token, error) {
	if record.MaxUses < 1 || record.ExpiresAt <= record.CreatedAt {
		return "", casare.Token{}, casare.Errorf(casare.CodeInvalid, "a join token needs at least one use and a time to live").On(fieldToken)
	}
	random := make([]byte, tokenIDBytes+secretBytes)
	if _, err := rand.Read(random); err != nil {
		return "", casare.Token{}, fmt.Errorf("join token: %w", err)
	}
	t := JoinToken{
		MeshID: meshID, caHash: keyHash(ca),
		ID:     idEncoding.EncodeToString(random[:tokenIDBytes]),
		secret: base64.RawURLEncoding.EncodeToString(random[tokenIDBytes:]),
	}
	record.ID, record.SecretHash = t.ID, HashSecret(t.secret)
	return t.Text(), record, nil
}

// HashSecret returns what is kept of a token's secret.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Text returns the whole token, secret included.
func (t JoinToken) Text() string {
	return strings.Join([]string{tokenVersion, t.MeshID, base64.RawURLEncoding.EncodeToString(t.caHash), t.ID, t.secret}, ".")
}

// String returns the token without its secret, for messages and logs.
func (t JoinToken) String() string { return tokenVersion + "." + t.MeshID + ".…." + t.ID + ".***" }

// Secret returns the part that only who may join knows.
func (t JoinToken) Secret() string { return t.secret }

// Pins says whether the certificate is that of the CA the token was made under.
func (t JoinToken) Pins(ca *x509.Certificate) bool {
	return subtle.ConstantTimeCompare(t.caHash, keyHash(ca)) == 1
}

// ParseToken reads the text of a join token. The error is CodeInvalid on field "token" and never repeats the secret.
func ParseToken(text string) (JoinToken, error) {
	bad := func(why string) (JoinToken, error) {
		return JoinToken{}, casare.Errorf(casare.CodeInvalid, "join token %s", why).On(fieldToken)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return bad("is empty")
	}
	if len(text) > maxTokenText {
		return bad("is too long: is it a token at all?")
	}
	parts := strings.Split(text, ".")
	version := parts[0]
	if version != tokenVersion {
		if number, ok := strings.CutPrefix(version, "CASARE"); ok {
			return bad("has version " + number + ", this program reads version 1")
		}
		return bad("does not begin with " + tokenVersion)
	}
	if len(parts) < tokenParts {
		return bad(fmt.Sprintf("is cut off: it has %d of %d parts", len(parts), tokenParts))
	}
	if len(parts) > tokenParts {
		return bad(fmt.Sprintf("has %d parts instead of %d", len(parts), tokenParts))
	}
	if raw, err := idEncoding.DecodeString(parts[1]); err != nil || len(raw) != meshIDBytes {
		return bad("has a damaged mesh id")
	}
	hash, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(hash) != sha256.Size {
		return bad("has a damaged hash of the mesh's key")
	}
	if raw, err := idEncoding.DecodeString(parts[3]); err != nil || len(raw) != tokenIDBytes {
		return bad("has a damaged id")
	}
	secret := parts[4]
	if len(secret) < secretLetters {
		return bad("is cut off: its secret is too short")
	}
	if raw, err := base64.RawURLEncoding.DecodeString(secret); err != nil || len(raw) != secretBytes {
		return bad("has a damaged secret")
	}
	return JoinToken{MeshID: parts[1], caHash: hash, ID: parts[3], secret: secret}, nil
}
