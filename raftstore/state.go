package raftstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"

	"casare"
)

// Buckets of the state file. All but meta are what the state hash covers.
var (
	bucketMeta       = []byte("meta")
	bucketMesh       = []byte("mesh")                // one row
	bucketJob        = []byte("job")                 // id -> casare.JobSpec, written once
	bucketStatus     = []byte("job_status")          // id -> casare.JobStatus
	bucketCreated    = []byte("job_created")         // tenant 0 time id -> workflow id 0 environment
	bucketResult     = []byte("job_result")          // id -> raw JSON
	bucketCheckpoint = []byte("job_checkpoint_head") // id -> checkpointHead
	bucketRecord     = []byte("job_record")          // id 0 key of the record -> kind, data
	bucketPiece      = []byte("job_piece")           // id 0 number of the piece -> piece of a checkpoint that is not whole yet
	bucketKept       = []byte("job_log_kept")        // id 0 epoch number of the piece -> casare.LogPiece
	bucketLogHead    = []byte("job_log_head")        // id -> logHead
	bucketLog        = []byte("job_log")             // id 0 number of the chunk -> lines
	bucketDocument   = []byte("document")            // revision -> bytes
	bucketWorkflow   = []byte("workflow")            // tenant 0 id -> workflowRow
	bucketVersion    = []byte("workflow_version")    // tenant 0 id 0 version -> casare.Workflow
	bucketRobot      = []byte("robot")               // id -> casare.Robot
	bucketToken      = []byte("token")               // id -> tokenRow
	bucketKey        = []byte("key")                 // hash -> keyRow
	bucketKeyID      = []byte("key_id")              // tenant 0 id -> hash
	bucketSealed     = []byte("sealed_keys")         // robot id -> casare.SealedKeys
	bucketSecret     = []byte("secret")              // tenant 0 name -> secretRow
	bucketEvent      = []byte("event")               // index -> count, events
	bucketBlobPart   = []byte("blob_part")           // kind 0 owner 0 part -> []casare.BlobRef
	bucketBlob       = []byte("blob")                // hash 0 kind 0 owner 0 part -> size
)

var allBuckets = [][]byte{
	bucketMeta, bucketMesh, bucketJob, bucketStatus, bucketCreated, bucketResult, bucketCheckpoint, bucketLogHead, bucketLog,
	bucketDocument, bucketWorkflow, bucketVersion, bucketRobot, bucketToken, bucketKey, bucketKeyID, bucketSealed, bucketEvent,
	bucketBlobPart, bucketBlob, bucketSecret, bucketRecord, bucketPiece, bucketKept,
}

// laterBuckets are those that files of earlier versions lack; empty, they mean the same.
var laterBuckets = [][]byte{bucketBlobPart, bucketBlob, bucketSecret, bucketCheckpoint, bucketRecord, bucketPiece, bucketKept}

var keyMeta = []byte("meta")

const (
	stateFile    = "state.db"
	filesMode    = 0o600
	folderMode   = 0o700
	openTimeout  = 2 * time.Second // for the lock of a file another process has open
	mappedState  = 16 << 30
	mappedLog    = 4 << 30
	readDeadline = time.Second
)

// metaRow says up to where the state holds the log, and who the coordinators are there. It is written in the transaction of the
// rows it speaks of: raft starts from it.
type metaRow struct {
	MeshID             string `cbor:"1,keyasint"`
	Index              uint64 `cbor:"2,keyasint"`
	Term               uint64 `cbor:"3,keyasint"`
	Configuration      []byte `cbor:"4,keyasint,omitempty"` // raft's own encoding
	ConfigurationIndex uint64 `cbor:"5,keyasint,omitempty"`
	// Reached is the last entry that changed the state. Index may be beyond: the entry that begins a term and barriers change nothing
	// and reach no state machine, so nobody may wait for them.
	Reached uint64 `cbor:"6,keyasint,omitempty"`
}

func (m *metaRow) members() []Member {
	var members []Member
	if len(m.Configuration) > 0 {
		members = membersOf(raft.DecodeConfiguration(m.Configuration))
	}
	return members
}

func membersOf(c raft.Configuration) []Member {
	members := make([]Member, 0, len(c.Servers))
	for _, s := range c.Servers {
		members = append(members, Member{ID: string(s.ID), Voter: s.Suffrage == raft.Voter})
	}
	slices.SortFunc(members, func(a, b Member) int { return compare(a.ID, b.ID) })
	return members
}

// state is the file that holds the replicated rows, and what is kept in memory beside it. The file is replaced when a snapshot is
// installed; readers and writers hold mu for reading meanwhile.
type state struct {
	dir    string
	meshID string
	faults faults

	mu     sync.RWMutex
	db     *bbolt.DB // nil once closed
	memory memory

	working    sync.RWMutex // of pending; taken after mu
	pending    *bbolt.Tx    // holds what was applied and is not synced yet; nil: nothing
	pendingLog int          // bytes of log in it
	dirty      chan struct{}
	latch      *latch
}

// openState opens the file, making it if need be, and reads what memory holds.
func openState(dir, meshID string, l *latch, f faults) (*state, error) {
	s := &state{dir: dir, meshID: meshID, faults: f, latch: l, dirty: make(chan struct{}, 1)}
	if err := s.create(); err != nil {
		return nil, fmt.Errorf("create state: %w", err)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *state) path() string { return filepath.Join(s.dir, stateFile) }

func boltOptions(mapped int) *bbolt.Options {
	options := *bbolt.DefaultOptions
	options.Timeout = openTimeout
	options.FreelistType = bbolt.FreelistMapType
	// A mapping that never needs to grow lets writers go on while somebody reads. Windows would allocate the file.
	if runtime.GOOS != "windows" && runtime.GOARCH != "386" && runtime.GOARCH != "arm" {
		options.InitialMmapSize = mapped
	}
	return &options
}

// create makes the file under another name first: a power cut while bbolt initialises a file leaves one that cannot be opened.
func (s *state) create() error {
	if _, err := os.Stat(s.path()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := s.path() + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	options := *bbolt.DefaultOptions
	options.Timeout = openTimeout
	db, err := bbolt.Open(fresh, filesMode, &options)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, b := range allBuckets {
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		return putRow(tx.Bucket(bucketMeta), keyMeta, metaRow{MeshID: s.meshID})
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(fresh, s.path()); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// open opens the live file and rebuilds memory. The caller holds mu, or nobody else knows s yet.
func (s *state) open() error {
	db, err := bbolt.Open(s.path(), filesMode, boltOptions(mappedState))
	if err != nil {
		return fmt.Errorf("open state: %w", err)
	}
	fresh, err := s.load(db)
	if err != nil {
		return errors.Join(fmt.Errorf("read state: %w", err), db.Close())
	}
	s.db = db
	s.memory.replace(fresh)
	return nil
}

func (s *state) load(db *bbolt.DB) (*memoryRows, error) {
	if err := checkWhole(db); err != nil {
		return nil, err
	}
	if err := addBuckets(db); err != nil {
		return nil, err
	}
	var rows *memoryRows
	err := db.View(func(tx *bbolt.Tx) error {
		for _, b := range allBuckets {
			if tx.Bucket(b) == nil {
				return fmt.Errorf("bucket %s is missing", b)
			}
		}
		meta, err := metaOf(tx)
		if err != nil {
			return err
		}
		if meta.MeshID != s.meshID {
			return fmt.Errorf("the file belongs to mesh %s, not %s", meta.MeshID, s.meshID)
		}
		rows, err = readMemory(tx)
		return err
	})
	return rows, err
}

// checkWhole refuses a file that was cut short: bbolt maps it, and reading what it lacks would end the process.
func checkWhole(db *bbolt.DB) error {
	return db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(db.Path())
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("the file has %d bytes of %d", info.Size(), tx.Size())
		}
		return nil
	})
}

// addBuckets brings a file of an earlier version up to date.
func addBuckets(db *bbolt.DB) error {
	missing := false
	err := db.View(func(tx *bbolt.Tx) error {
		for _, b := range laterBuckets {
			missing = missing || tx.Bucket(b) == nil
		}
		return nil
	})
	if err != nil || !missing {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		for _, b := range laterBuckets {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// close ends the file. Later reads answer CodeUnavailable.
func (s *state) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	err := errors.Join(s.commit(), s.db.Close())
	s.db = nil
	s.memory.forget()
	return err
}

var errClosed = casare.Errorf(casare.CodeUnavailable, "the store is closed")

func (s *state) meta() (metaRow, error) {
	var meta metaRow
	err := s.view(func(tx *bbolt.Tx) (err error) {
		meta, err = metaOf(tx)
		return err
	})
	return meta, err
}

func metaOf(tx *bbolt.Tx) (metaRow, error) {
	meta, found, err := getRow[metaRow](tx.Bucket(bucketMeta), keyMeta)
	if err == nil && !found {
		err = errors.New("the meta row is missing")
	}
	return meta, err
}

// hash covers every bucket but meta: the names, and the keys and values in order, each with its length before it.
func (s *state) hash(ctx context.Context) (string, error) {
	sum := sha256.New()
	length := make([]byte, 8)
	write := func(b []byte) {
		binary.BigEndian.PutUint64(length, uint64(len(b)))
		_, _ = sum.Write(length) // a hash never fails to write
		_, _ = sum.Write(b)
	}
	names := slices.Clone(allBuckets)
	slices.SortFunc(names, func(a, b []byte) int { return compare(string(a), string(b)) })
	err := s.scan(func(tx *bbolt.Tx) error {
		for _, name := range names {
			if string(name) == string(bucketMeta) {
				continue
			}
			write(name)
			for c, rows := tx.Bucket(name).Cursor(), 0; ; rows++ {
				k, v := step(c, rows)
				if k == nil {
					break
				}
				if rows%1024 == 0 && ctx.Err() != nil {
					return casare.Errorf(casare.CodeTimeout, "hash the state: %w", context.Cause(ctx))
				}
				write(k)
				write(v)
			}
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func step(c *bbolt.Cursor, rows int) (k, v []byte) {
	if rows == 0 {
		return c.First()
	}
	return c.Next()
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be synced there
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
