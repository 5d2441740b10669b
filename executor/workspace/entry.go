package workspace

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"casare"
)

// Prefix begins the keys of all records of a workspace.
const Prefix = "w/"

const (
	keyFile  = Prefix + "f/"
	keyChunk = Prefix + "c/"
	keyState = Prefix + "s"
)

// entry is a file or folder.
type entry struct {
	Path   string      `cbor:"1,keyasint"` // slashes, below the folder
	Dir    bool        `cbor:"2,keyasint,omitempty"`
	Mode   uint32      `cbor:"3,keyasint"` // permissions
	Time   casare.Time `cbor:"4,keyasint,omitempty"`
	Size   int64       `cbor:"5,keyasint,omitempty"`
	Chunks int         `cbor:"6,keyasint,omitempty"`

	chunks []casare.BlobRef
	read   time.Time // when
}

// racy is how long after a file was written another write may leave its time as it is.
const racy = 50 * time.Millisecond

// same says whether a look finds what was there before, as far as a look can tell.
func (e *entry) same(found *entry) bool {
	return e.Dir == found.Dir && e.Mode == found.Mode && (e.Dir || e.Time == found.Time && e.Size == found.Size)
}

// fresh says whether a file was read so soon after it was written that a look cannot tell.
func (e *entry) fresh() bool {
	return !e.Dir && !e.read.IsZero() && e.read.Sub(e.Time.Std()).Abs() < racy
}

// id is what the keys of an entry's records hold instead of its path, which may be long.
func (e *entry) id() string {
	sum := sha256.Sum256([]byte(e.Path))
	return hex.EncodeToString(sum[:16])
}

// records gives the records of an entry.
func (e *entry) records(each func(casare.Record)) {
	each(casare.Record{Key: keyFile + e.id(), Data: encode(e)})
	for i, c := range e.chunks {
		each(casare.Record{Key: fmt.Sprintf("%s%s/%06d", keyChunk, e.id(), i), Blob: &c})
	}
}

// state is what stands in the way of going on elsewhere.
type state struct {
	Outside string `cbor:"1,keyasint,omitempty"`
	Over    string `cbor:"2,keyasint,omitempty"`
}

// record is the record of s; nothing in the way is no record.
func (s state) record() casare.Record {
	if s == (state{}) {
		return casare.Record{Key: keyState}
	}
	return casare.Record{Key: keyState, Data: encode(s)}
}

func encode(v any) []byte {
	data, err := encoding.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("texts and numbers do not encode: %w", err))
	}
	return data
}

var encoding = func() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

func sameRecord(a, b casare.Record) bool {
	if a.Blob == nil || b.Blob == nil {
		return a.Blob == b.Blob && bytes.Equal(a.Data, b.Data)
	}
	return *a.Blob == *b.Blob
}

// unfinished says whether a name is that of a file that is being written: it gets its name when it is whole.
func unfinished(name string) bool {
	return strings.HasPrefix(name, ".casare-") && strings.HasSuffix(name, ".tmp")
}

// look finds what is in the folder, ordered by path. The caller holds mu.
func (s *Space) look() ([]*entry, error) {
	there, err := s.enter()
	if err != nil || !there {
		return nil, err
	}
	var found []*entry
	err = fs.WalkDir(s.root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it went while we looked
			}
			return err
		}
		if path == "." || unfinished(d.Name()) {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if e := entryOf(path, info); e != nil {
			found = append(found, e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at the workspace: %w", err)
	}
	return found, nil
}

// entryOf is what a look sees; nil for what does not travel.
func entryOf(path string, info fs.FileInfo) *entry {
	e := &entry{Path: path, Mode: uint32(info.Mode().Perm())}
	switch {
	case info.IsDir():
		e.Dir = true
	case info.Mode().IsRegular():
		e.Time, e.Size = casare.TimeOf(info.ModTime()), info.Size()
	default:
		return nil
	}
	return e
}

// abs is a path as the record of what was written has it.
func (s *Space) abs(path string) string { return filepath.Join(s.dir, osPath(path)) }

func osPath(path string) string { return filepath.FromSlash(path) }

// parse makes entries of records.
func parse(records []casare.Record) ([]*entry, state, error) {
	var told state
	var list []*entry
	byID := map[string]*entry{}
	for _, r := range records {
		switch {
		case r.Key == keyState:
			if err := cbor.Unmarshal(r.Data, &told); err != nil {
				return nil, told, broken(r.Key, err)
			}
		case strings.HasPrefix(r.Key, keyFile):
			e := new(entry)
			if err := cbor.Unmarshal(r.Data, e); err != nil {
				return nil, told, broken(r.Key, err)
			}
			if !fs.ValidPath(e.Path) || e.Path == "." || r.Key != keyFile+e.id() || e.Chunks < 0 || e.Chunks > casare.MaxRecords {
				return nil, told, broken(r.Key, errors.New("it names no file of a workspace"))
			}
			byID[e.id()] = e
			list = append(list, e)
		}
	}
	chunks := map[string]*casare.BlobRef{}
	for _, r := range records {
		if strings.HasPrefix(r.Key, keyChunk) {
			chunks[r.Key] = r.Blob
		}
	}
	for id, e := range byID {
		for i := range e.Chunks {
			ref := chunks[fmt.Sprintf("%s%s/%06d", keyChunk, id, i)]
			if ref == nil {
				return nil, told, broken(keyFile+id, fmt.Errorf("chunk %d is missing", i))
			}
			e.chunks = append(e.chunks, *ref)
		}
	}
	slices.SortFunc(list, func(a, b *entry) int { return cmp.Compare(a.Path, b.Path) })
	return list, told, nil
}

func broken(key string, err error) error {
	return casare.Errorf(casare.CodeInvalid, "record %s of the checkpoint: %w", key, err)
}

// isWorkspace says whether a record is one of a workspace.
func isWorkspace(r casare.Record) bool { return strings.HasPrefix(r.Key, Prefix) }

// Split parts the records of a checkpoint: those of the workspace, and all others.
func Split(records []casare.Record) (workspace, others []casare.Record) {
	for _, r := range records {
		if isWorkspace(r) {
			workspace = append(workspace, r)
		} else {
			others = append(others, r)
		}
	}
	return workspace, others
}

// modeOf are the permissions of an entry on this system.
func modeOf(e *entry) os.FileMode { return os.FileMode(e.Mode).Perm() }

// File is a file of a workspace as a checkpoint has it.
type File struct {
	Path   string // slashes, below the folder
	Size   int64
	Time   casare.Time
	Chunks []casare.BlobRef // its content
}

// Files lists the files that the records of a checkpoint tell of, ordered by path; folders are left out.
func Files(records []casare.Record) ([]File, error) {
	list, _, err := parse(records)
	var files []File
	for _, e := range list {
		if !e.Dir {
			files = append(files, File{Path: e.Path, Size: e.Size, Time: e.Time, Chunks: e.chunks})
		}
	}
	return files, err
}
