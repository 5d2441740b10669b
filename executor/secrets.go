package executor

import (
	"cmp"

	"github.com/fxamacker/cbor/v2"

	"casare"
	"casare/internal/seal"
	"casare/session"
)

// Secrets is what one attempt may use: the texts of secrets, and the key that its checkpoints seal them with.
type Secrets struct {
	root  string // the job whose key it is
	key   seal.Key
	texts map[string]string
}

// openSecrets opens what the leader sealed to this robot for an attempt; nil when the job needs no secrets. The error says why the job
// cannot run here.
func openSecrets(open func([]byte) ([]byte, error), a *session.Assignment) (*Secrets, error) {
	if len(a.Sealed) == 0 {
		return nil, nil //nolint:nilnil // no secrets are no error
	}
	if open == nil {
		return nil, casare.Errorf(casare.CodeUnsupported, "this robot has no key to open secrets with")
	}
	plain, err := open(a.Sealed)
	if err != nil {
		return nil, err
	}
	var s session.Secrets
	if err := cbor.Unmarshal(plain, &s); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "the secrets of the job cannot be read")
	}
	switch {
	case s.JobID != a.JobID || s.Epoch != a.Epoch || len(s.Key) != len(seal.Key{}):
		return nil, casare.Errorf(casare.CodeInvalid, "the secrets that came with the job are those of another attempt")
	case s.Fault != "":
		return nil, casare.Errorf(casare.CodeInvalid, "%s", s.Fault)
	}
	return &Secrets{root: cmp.Or(s.Root, s.JobID), key: seal.Key(s.Key), texts: s.Texts}, nil
}

// Secret returns the text of a secret; false when the job has none of that name. A nil Secrets has none.
func (s *Secrets) Secret(name string) (string, bool) {
	if s == nil {
		return "", false
	}
	text, ok := s.texts[name]
	return text, ok
}

// cipher seals texts into the job's checkpoints and opens them again, on whichever robot. Without a key both are nil.
func (s *Secrets) cipher() (sealText func(text string) ([]byte, error), open func(sealed []byte) (string, error)) {
	if s == nil {
		return nil, nil
	}
	context := "checkpoint\x00" + s.root
	sealText = func(text string) ([]byte, error) { return seal.Seal(s.key, context, []byte(text)) }
	open = func(sealed []byte) (string, error) {
		plain, err := seal.Open(s.key, context, sealed)
		return string(plain), err
	}
	return sealText, open
}
