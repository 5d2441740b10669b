package mesh

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"casare"
	"casare/mesh/identity"
)

const (
	peersVersion = 1
	maxPeersFile = 32 << 20
)

// peersFile is the address book on disk. It is a help, not a truth: a robot that has lost it finds the others through seeds.
type peersFile struct {
	Version int         `json:"version"`
	Peers   []peerEntry `json:"peers"`
}

type peerEntry struct {
	RobotID   string   `json:"robot_id"`
	Record    []byte   `json:"record,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	LastGood  string   `json:"last_good,omitempty"`
	PublicKey []byte   `json:"public_key,omitempty"`
}

// SavePeers writes a peers file for a robot that has not met anybody yet, so that its first start knows where to look.
func SavePeers(path string, peers []PeerAddress) error {
	f := peersFile{Version: peersVersion}
	for _, p := range peers {
		f.Peers = append(f.Peers, peerEntry{RobotID: p.RobotID, Addresses: p.Addresses})
	}
	return f.write(path)
}

func (f peersFile) write(path string) error {
	content, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("peers file: %w", err)
	}
	return identity.WriteFile(path, content)
}

// save writes the book if it has changed since it was last saved.
func (b *book) save(path string) error {
	b.mu.Lock()
	if !b.dirty {
		b.mu.Unlock()
		return nil
	}
	b.dirty = false
	f := peersFile{Version: peersVersion}
	for _, e := range b.entries {
		p := peerEntry{RobotID: e.robotID, Addresses: e.told, LastGood: e.lastGood, PublicKey: e.met}
		if e.record != nil {
			p.Record = e.record.raw
		}
		f.Peers = append(f.Peers, p)
	}
	b.mu.Unlock()
	slices.SortFunc(f.Peers, func(x, y peerEntry) int { return strings.Compare(x.RobotID, y.RobotID) })
	if err := f.write(path); err != nil {
		b.mu.Lock()
		b.dirty = true
		b.mu.Unlock()
		return err
	}
	return nil
}

// load fills the book from a file. No file is no error; of a damaged file the error says so and what could be read is kept.
func (b *book) load(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("peers file: %w", err)
	}
	if info.Size() > maxPeersFile {
		return casare.Errorf(casare.CodeInvalid, "peers file %s has %d bytes, more than %d", path, info.Size(), maxPeersFile)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("peers file: %w", err)
	}
	var f peersFile
	if err := json.Unmarshal(content, &f); err != nil {
		return casare.Errorf(casare.CodeInvalid, "peers file %s is damaged: %w", path, err)
	}
	if f.Version != peersVersion {
		return casare.Errorf(casare.CodeInvalid, "peers file %s has version %d, this program reads %d", path, f.Version, peersVersion)
	}
	var problems []error
	for _, p := range f.Peers {
		if len(p.Record) > 0 {
			if _, err := b.hear(p.RobotID, p.Record); err != nil {
				problems = append(problems, err)
			}
		}
		b.restore(p)
	}
	return errors.Join(problems...)
}

func (b *book) restore(p peerEntry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entryOf(p.RobotID)
	if e == nil {
		return
	}
	e.told, e.lastGood = p.Addresses, p.LastGood
	if len(p.PublicKey) > 0 && identity.RobotID(p.PublicKey) == p.RobotID {
		e.met = p.PublicKey
	}
}
