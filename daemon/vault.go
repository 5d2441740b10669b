package daemon

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"casare"
	"casare/internal/seal"
	"casare/mesh/identity"
	"casare/session"
	"casare/workflow"
)

// maxVaultDocuments bounds how many documents' needs are remembered.
const maxVaultDocuments = 1024

// maxJobSecrets bounds the texts of one job's secrets, in bytes, so that they fit the frame that brings them.
const maxJobSecrets = 128 << 10

// vault opens the secrets of the mesh, on the leader, for the robot that runs a job and for nobody else.
type vault struct {
	d *Daemon

	mu    sync.Mutex
	needs map[string]secretNeeds // by revision
}

// secretNeeds is what a document needs of the vault.
type secretNeeds struct {
	names     []string
	sensitive bool // it has variables that a checkpoint must seal
}

// Seal implements api.Vault.
func (v *vault) Seal(tenant, name, text string) ([]byte, error) {
	key, err := v.key("secrets")
	if err != nil {
		return nil, err
	}
	return seal.Seal(key, secretContext(tenant, name), []byte(text))
}

// secretContext binds a sealed secret to its place, so that nobody can move it to another name or tenant.
func secretContext(tenant, name string) string {
	return strings.Join([]string{"secret", tenant, name}, "\x00")
}

func (v *vault) key(purpose string) (seal.Key, error) {
	ca, err := v.d.authority()
	if err != nil {
		return seal.Key{}, err
	}
	key, err := ca.Derive("casare " + purpose + " v1")
	return key, err
}

// For seals to a job's robot what the job needs: the secrets its document mentions, and the key that its checkpoints seal secrets with,
// which is the same for every attempt. nil when it needs nothing. A secret that does not exist is left out.
func (v *vault) For(j *casare.Job) ([]byte, error) {
	needs, err := v.needsOf(j)
	if err != nil || len(needs.names) == 0 && !needs.sensitive {
		return nil, err
	}
	robot, err := v.d.store.Robot(j.RobotID)
	if err != nil {
		return nil, err
	}
	root := j.ID
	if j.Rerun != nil {
		root = j.Rerun.Root // its checkpoint has secrets that were sealed there
	}
	jobKey, err := v.key("job " + root)
	if err != nil {
		return nil, err
	}
	key, err := v.key("secrets")
	if err != nil {
		return nil, err
	}
	size := 0
	out := session.Secrets{JobID: j.ID, Root: root, Epoch: j.Epoch, Key: jobKey[:], Texts: make(map[string]string, len(needs.names))}
	for _, name := range needs.names {
		row, err := v.d.store.Secret(j.Tenant, name)
		if casare.CodeOf(err) == casare.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		text, err := seal.Open(key, secretContext(j.Tenant, name), row.Sealed)
		if err != nil {
			return nil, casare.Errorf(casare.CodeOf(err), "secret %s: %w", name, err)
		}
		out.Texts[name] = string(text)
		size += len(text)
	}
	if size > maxJobSecrets {
		out.Texts, out.Fault = nil, fmt.Sprintf("the secrets that the workflow mentions take %d KiB, and a job may have %d KiB", size>>10, maxJobSecrets>>10)
	}
	message, err := cbor.Marshal(out)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "encode secrets: %w", err)
	}
	return identity.SealTo(robot.Recipient, message)
}

// needsOf joins what the job's document needs and what those that it refers to do.
func (v *vault) needsOf(j *casare.Job) (secretNeeds, error) {
	needs, err := v.of(j.Revision)
	if err != nil || len(j.Pinned) == 0 {
		return needs, err
	}
	all := secretNeeds{names: slices.Clone(needs.names), sensitive: needs.sensitive}
	for _, p := range j.Pinned {
		more, err := v.of(p.Revision)
		if err != nil {
			return all, err
		}
		all.names, all.sensitive = append(all.names, more.names...), all.sensitive || more.sensitive
	}
	slices.Sort(all.names)
	all.names = slices.Compact(all.names)
	return all, nil
}

// of returns what a document needs.
func (v *vault) of(revision string) (secretNeeds, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if known, ok := v.needs[revision]; ok {
		return known, nil
	}
	raw, err := v.d.store.Document(revision)
	if err != nil {
		return secretNeeds{}, err
	}
	var needs secretNeeds
	if doc, _ := workflow.Read(raw); doc != nil { // one that cannot be read fails on its robot, with a reason
		needs = secretNeeds{names: doc.Secrets(), sensitive: doc.Sensitive()}
	}
	if v.needs == nil || len(v.needs) >= maxVaultDocuments {
		v.needs = map[string]secretNeeds{}
	}
	v.needs[revision] = needs
	return needs, nil
}
