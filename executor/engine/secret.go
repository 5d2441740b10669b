package engine

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"casare"
	"casare/value"
)

// secretName is how a template asks for a secret.
const secretName = "$secret:"

// secret returns the secret of a name such as "$secret:mail".
func (r *run) secret(name string) (value.Value, bool) {
	if r.opts.Secrets == nil {
		return nil, false
	}
	text, ok := r.opts.Secrets(strings.TrimPrefix(name, secretName))
	if !ok {
		return nil, false
	}
	r.mask.add(text)
	return value.NewSecret(text), true
}

// hidden returns the value of a variable as the run keeps it: every text of a sensitive one is a secret.
func (r *run) hidden(v value.Value, sensitive bool) value.Value {
	if !sensitive {
		return v
	}
	for text := range value.Texts(v) {
		r.mask.add(text)
	}
	return value.Conceal(v)
}

// opener is what opens the secrets of a snapshot; each is hidden from then on. nil without a key.
func (r *run) opener() func(sealed []byte) (string, error) {
	if r.opts.Open == nil {
		return nil
	}
	return func(sealed []byte) (string, error) {
		text, err := r.opts.Open(sealed)
		if err == nil {
			r.mask.add(text)
		}
		return text, err
	}
}

// shortestMask is the shortest text that is looked for: a shorter one would hide half of every log, and tell what it is by that.
const shortestMask = 4

// masked stands for a secret in a text.
const masked = "***"

// mask takes secrets out of texts that people read: log lines, events, errors. It is the second line of defence, for texts that
// were made where a secret is no longer known as one: by another program, say.
type mask struct {
	mu       sync.RWMutex
	met      bool // a secret was looked up, or came with a checkpoint
	texts    []string
	replacer *strings.Replacer // nil until there is something to replace
}

// any says whether the run has met a secret.
func (m *mask) any() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.met
}

// add hides a text from now on, also as it looks in JSON, in a URL, in base64 and in hexadecimal.
func (m *mask) add(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.met = true
	if len(text) < shortestMask || slices.ContainsFunc(m.texts, func(known string) bool { return strings.Contains(text, known) }) {
		return // what a text is made of is hidden in it already, and the rest may be read
	}
	m.texts = append(m.texts, text)
	var forms []string
	for _, t := range m.texts {
		forms = append(forms, formsOf(t)...)
	}
	// The longest first: of two that begin at the same place the one that hides more.
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, masked)
	}
	m.replacer = strings.NewReplacer(pairs...)
}

// formsOf lists how a secret may look in a text.
func formsOf(text string) []string {
	forms := []string{text, url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString([]byte(text))}
	if quoted, err := json.Marshal(text); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	// Inside a longer text in base64 a secret looks in one of three ways, by its place; the characters at its ends also hold
	// bits of what is beside it.
	for shift := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			whole := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
			from := (shift*8 + 5) / 6
			to := (shift + len(text)) * 8 / 6
			if to-from >= shortestMask {
				forms = append(forms, whole[from:to])
			}
		}
	}
	return forms
}

// clean returns a text without the secrets in it.
func (m *mask) clean(text string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.replacer == nil {
		return text
	}
	return m.replacer.Replace(text)
}

// values returns values as people may see them: a text in which a secret shows, and a key of a dict, without it.
func (m *mask) values(v value.Value) value.Value {
	switch x := v.(type) {
	case string:
		return m.clean(x)
	case value.List:
		out := make(value.List, len(x))
		for i := range x {
			out[i] = m.values(x[i])
		}
		return out
	case *value.Dict:
		b := value.NewDict()
		for k, item := range x.All() {
			if text, ok := k.(string); ok {
				k = m.clean(text)
			}
			b.Set(k, m.values(item))
		}
		return b.Dict()
	}
	return v
}

// dict is values for a dict, which a run that has met no secret keeps as it is.
func (m *mask) dict(d *value.Dict) *value.Dict {
	if !m.any() {
		return d
	}
	out, _ := m.values(d).(*value.Dict)
	return out
}

// failure returns an error as people may see it.
func (m *mask) failure(e *casare.JobError) *casare.JobError {
	if e == nil {
		return nil
	}
	out := *e
	out.Message = m.clean(e.Message)
	return &out
}

// Hides implements node.Hider.
func (h *host) Hides() bool { return h.frame.run.mask.any() }

// Hide implements node.Hider.
func (h *host) Hide(text string) { h.frame.run.mask.add(text) }
