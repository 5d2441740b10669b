package workspace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
	"casare/executor/workspace"
	"casare/node"
)

// blobs keeps contents in memory.
type blobs struct {
	mu     sync.Mutex
	kept   map[string][]byte
	staged int
	open   int // drafts that are neither put nor discarded
	fail   error
	hang   chan struct{} // Put tells that it has begun, and waits for its context
}

func newBlobs() *blobs { return &blobs{kept: map[string][]byte{}} }

type draft struct {
	blobs   *blobs
	content []byte
	over    bool
}

func (b *blobs) Stage(r io.Reader, size int64) (workspace.Draft, error) {
	content, err := io.ReadAll(r)
	if err != nil || int64(len(content)) != size {
		return nil, fmt.Errorf("%d bytes of %d: %w", len(content), size, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.staged++
	b.open++
	return &draft{blobs: b, content: content}, nil
}

func (b *blobs) Get(_ context.Context, hash string) (io.ReadCloser, int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.kept[hash]
	if !ok {
		return nil, 0, casare.Errorf(casare.CodeNotFound, "no blob %s", hash)
	}
	return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
}

func (d *draft) Ref() casare.BlobRef {
	return casare.BlobRef{Hash: casare.BlobHash(d.content), Size: int64(len(d.content))}
}

func (d *draft) Put(ctx context.Context) error {
	if d.blobs.hang != nil {
		d.blobs.hang <- struct{}{}
		<-ctx.Done()
		return context.Cause(ctx)
	}
	d.blobs.mu.Lock()
	defer d.blobs.mu.Unlock()
	if d.blobs.fail != nil {
		return d.blobs.fail
	}
	d.blobs.kept[d.Ref().Hash] = d.content
	return nil
}

func (d *draft) Discard() {
	d.blobs.mu.Lock()
	defer d.blobs.mu.Unlock()
	if !d.over {
		d.over = true
		d.blobs.open--
	}
}

// bench is a job's folder on one robot after another.
type bench struct {
	t       testing.TB
	blobs   *blobs
	cfg     workspace.Config
	dir     string
	space   *workspace.Space
	records map[string]casare.Record // as the state holds them
}

func newBench(tb testing.TB, cfg workspace.Config) *bench {
	tb.Helper()
	b := &bench{t: tb, blobs: newBlobs(), cfg: cfg, records: map[string]casare.Record{}}
	b.move()
	return b
}

// move goes on in another, empty folder.
func (b *bench) move() {
	b.t.Helper()
	b.dir = b.t.TempDir()
	b.again()
}

// again goes on in the same folder.
func (b *bench) again() {
	b.t.Helper()
	if b.space != nil {
		b.space.Close()
		require.Zero(b.t, b.blobs.open, "drafts are left")
	}
	b.space = workspace.Open(b.cfg, b.dir, b.blobs)
	b.t.Cleanup(b.space.Close)
	require.NoError(b.t, b.space.Restore(context.Background(), slices.Collect(maps.Values(b.records))))
}

// save takes a checkpoint and says how many records changed.
func (b *bench) save(written ...node.Change) int {
	b.t.Helper()
	changes, err := b.space.Collect(written, false)
	require.NoError(b.t, err)
	require.True(b.t, slices.IsSortedFunc(changes, func(x, y casare.Record) int { return strings.Compare(x.Key, y.Key) }))
	require.NoError(b.t, b.space.Flush(context.Background()))
	require.False(b.t, b.space.Pending())
	for _, r := range changes {
		require.True(b.t, strings.HasPrefix(r.Key, workspace.Prefix))
		if r.Deleted() {
			delete(b.records, r.Key)
		} else {
			b.records[r.Key] = r
		}
	}
	return len(changes)
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func (b *bench) write(name, text string) {
	b.t.Helper()
	require.NoError(b.t, os.MkdirAll(filepath.Dir(b.path(name)), 0o755))
	require.NoError(b.t, os.WriteFile(b.path(name), []byte(text), 0o644))
}

// tree is a folder as text.
func (b *bench) tree() map[string]string {
	b.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == b.dir {
			return err
		}
		rel, err := filepath.Rel(b.dir, path)
		require.NoError(b.t, err)
		info, err := d.Info()
		require.NoError(b.t, err)
		text := info.Mode().String()
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			require.NoError(b.t, err)
			text += fmt.Sprintf(" %d %s", info.ModTime().UnixMicro(), casare.BlobHash(content))
		}
		all[filepath.ToSlash(rel)] = text
		return nil
	})
	require.NoError(b.t, err)
	return all
}

// age makes files older than what a look could miss.
func (b *bench) age() {
	b.t.Helper()
	old := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			return os.Chtimes(path, old, old)
		}
		return err
	})
	require.NoError(b.t, err)
}

func TestSpace_AnotherFolderBecomesTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.write("a.txt", "one")
	b.write("deep/er/b.txt", "two")
	b.write("ünïcode and blank.txt", "")
	require.NoError(t, os.MkdirAll(b.path("empty/folder"), 0o755))
	require.NoError(t, os.Chmod(b.path("a.txt"), 0o600))
	b.age()
	b.save()
	require.Empty(t, b.space.Pin())
	want := b.tree()
	b.move()
	require.Equal(t, want, b.tree())
	require.Zero(t, b.save())
	require.Equal(t, want, b.tree())
}

func TestSpace_OnlyWhatChangedIsReadAndTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	for i := range 20 {
		b.write(fmt.Sprintf("%d.txt", i), fmt.Sprint("text ", i))
	}
	b.age()
	b.save()
	staged := b.blobs.staged
	require.Equal(t, 20, staged)
	require.Zero(t, b.save())
	b.write("3.txt", "other")
	require.Equal(t, 2, b.save(), "the file and its chunk")
	require.Equal(t, staged+1, b.blobs.staged)
	b.write("copy.txt", "other") // a content that is known is not read in again
	b.save()
	require.Equal(t, staged+1, b.blobs.staged)
	require.NoError(t, os.Remove(b.path("3.txt")))
	require.Equal(t, 2, b.save())
	require.NoError(t, os.Rename(b.path("4.txt"), b.path("moved.txt")))
	require.Equal(t, 4, b.save())
	require.Equal(t, staged+1, b.blobs.staged)
	want := b.tree()
	b.move()
	require.Equal(t, want, b.tree())
}

func TestSpace_AChangeThatLeavesSizeAndTimeIsSeen(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.write("a.txt", "one")
	b.age()
	b.save()
	info, err := os.Stat(b.path("a.txt"))
	require.NoError(t, err)
	b.write("a.txt", "two")
	require.NoError(t, os.Chtimes(b.path("a.txt"), info.ModTime(), info.ModTime()))
	require.Zero(t, b.save(), "a look cannot tell")
	require.Equal(t, 1, b.save(node.Change{Path: b.path("a.txt"), Workspace: true}), "the record of what was written can")
	// Nor can it right after a write, and then every look reads.
	b.write("b.txt", "one")
	b.save()
	now := time.Now()
	require.NoError(t, os.Chtimes(b.path("b.txt"), now, now))
	b.save()
	b.write("b.txt", "two")
	require.NoError(t, os.Chtimes(b.path("b.txt"), now, now))
	b.save()
	b.move()
	text, err := os.ReadFile(b.path("b.txt"))
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
}

func TestSpace_WhatWasWrittenAfterTheCheckpointIsUndone(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.write("log.txt", "one\n")
	b.write("folder/in.txt", "x")
	b.write("gone.txt", "x")
	b.age()
	b.save()
	want := b.tree()
	b.write("log.txt", "one\ntwo\n")
	b.write("later/file.txt", "x")
	require.NoError(t, os.Remove(b.path("gone.txt")))
	require.NoError(t, os.RemoveAll(b.path("folder")))
	b.write("folder", "a file now")
	b.write(".casare-0123.tmp", "half")
	b.again()
	require.Equal(t, want, b.tree())
	// A file that a crash has emptied keeps its size and time.
	info, err := os.Stat(b.path("log.txt"))
	require.NoError(t, err)
	b.write("log.txt", "\x00\x00\x00\x00")
	require.NoError(t, os.Chtimes(b.path("log.txt"), info.ModTime(), info.ModTime()))
	b.again()
	require.Equal(t, want, b.tree())
}

func TestSpace_LargeFilesAreKeptInChunks(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	text := make([]byte, 2*workspace.ChunkBytes+5)
	for i := range text {
		text[i] = byte(i>>12 + i>>24)
	}
	b.write("large", string(text))
	b.age()
	b.save()
	require.Equal(t, 3, b.blobs.staged)
	b.write("large", string(text)+"more") // only the last chunk differs
	b.save()
	require.Equal(t, 4, b.blobs.staged)
	want := b.tree()
	b.move()
	require.Equal(t, want, b.tree())
	b.write("large", "small now")
	b.save()
	want = b.tree()
	b.move()
	require.Equal(t, want, b.tree())
}

func TestSpace_WhatLeadsOutDoesNotTravel(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	b := newBench(t, workspace.Config{})
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("of somebody else"), 0o600))
	require.NoError(t, os.Symlink(secret, b.path("link")))
	require.NoError(t, os.Symlink(filepath.Dir(secret), b.path("folder")))
	b.write("a.txt", "x")
	b.save()
	require.Len(t, b.blobs.kept, 1)
	b.again() // what the checkpoint does not have goes
	require.Len(t, b.tree(), 1)
	_, err := os.Stat(secret)
	require.NoError(t, err, "a link was followed")
	// A link in the place of a file that is restored is replaced, not followed.
	require.NoError(t, os.Remove(b.path("a.txt")))
	require.NoError(t, os.Symlink(secret, b.path("a.txt")))
	b.again()
	text, err := os.ReadFile(secret)
	require.NoError(t, err)
	require.Equal(t, "of somebody else", string(text))
}

func TestSpace_WhatPinsTheRun(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{MaxBytes: 100, MaxFiles: 3})
	b.save(node.Change{Path: "/share/x", Shared: true}, node.Change{Path: b.path("a"), Workspace: true})
	require.Empty(t, b.space.Pin())
	b.write("a", strings.Repeat("x", 101))
	b.save()
	require.Contains(t, b.space.Pin(), "workspace.max_bytes")
	require.Empty(t, b.blobs.kept)
	b.again() // nothing is undone: what is here is all there is
	require.Len(t, b.tree(), 1)
	elsewhere := workspace.Open(b.cfg, t.TempDir(), b.blobs)
	require.Equal(t, casare.CodeNotFound, casare.CodeOf(elsewhere.Restore(t.Context(), slices.Collect(maps.Values(b.records)))))
	elsewhere.Close()
	b.write("a", strings.Repeat("x", 99))
	b.save()
	require.Empty(t, b.space.Pin(), "it fits again")
	for i := range 4 {
		b.write(fmt.Sprint("n", i), "")
	}
	b.save()
	require.Contains(t, b.space.Pin(), "workspace.max_files")
	for i := range 3 {
		require.NoError(t, os.Remove(b.path(fmt.Sprint("n", i))))
	}
	b.save(node.Change{Path: "/data/out.csv"}, node.Change{Path: "/data/other.csv"})
	require.Equal(t, "/data/out.csv", b.space.Pin())
	b.again()
	b.save()
	require.Equal(t, "/data/out.csv", b.space.Pin(), "it stays pinned")
	require.Len(t, b.tree(), 2)
	b.move()
	require.Len(t, b.tree(), 2)
}

func TestSpace_ContentsMustBeKeptBeforeTheRecordsLeave(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.blobs.fail = casare.Errorf(casare.CodeUnavailable, "no majority")
	b.write("a", "one")
	first, err := b.space.Collect(nil, false)
	require.NoError(t, err)
	require.True(t, b.space.Pending())
	require.ErrorIs(t, b.space.Flush(t.Context()), b.blobs.fail)
	require.True(t, b.space.Pending())
	b.write("a", "two") // what was one before is of no use any more
	second, err := b.space.Collect(nil, false)
	require.NoError(t, err)
	require.Equal(t, 1, b.blobs.open)
	b.blobs.fail = nil
	require.NoError(t, b.space.Flush(t.Context()))
	require.False(t, b.space.Pending())
	require.Len(t, b.blobs.kept, 1)
	for _, r := range append(first, second...) {
		b.records[r.Key] = r
	}
	b.move()
	text, err := os.ReadFile(b.path("a"))
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
	// All of it at once, as the first checkpoint of a run is told.
	whole, err := b.space.Collect(nil, true)
	require.NoError(t, err)
	for _, r := range whole {
		require.Equal(t, b.records[r.Key], r)
	}
	require.Len(t, whole, 2)
}

// A robot's own log may know of a checkpoint whose contents nobody has got: then the folder becomes what the state says, and what is
// written there later is kept.
func TestRestore_AgainWithOlderRecords(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.write("a", "one")
	b.age()
	b.save()
	older := b.tree()
	b.write("a", "two")
	newer, err := b.space.Collect(nil, true) // never flushed
	require.NoError(t, err)
	b.space.Close()
	b.space = workspace.Open(b.cfg, b.dir, b.blobs)
	require.NoError(t, b.space.Restore(t.Context(), newer), "it is all here")
	require.NoError(t, os.Remove(b.path("a")))
	require.Error(t, b.space.Restore(t.Context(), newer), "nobody has it")
	require.NoError(t, b.space.Restore(t.Context(), slices.Collect(maps.Values(b.records))))
	require.Equal(t, older, b.tree())
	b.write("b", "two")
	b.save()
	want := b.tree()
	b.move()
	require.Equal(t, want, b.tree())
}

func TestRestore_RefusesWhatIsBroken(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.write("a", "one")
	b.write("b", "two")
	b.save()
	for key, r := range b.records {
		if r.Blob == nil {
			continue
		}
		records := maps.Clone(b.records)
		delete(records, key)
		s := workspace.Open(b.cfg, t.TempDir(), b.blobs)
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(s.Restore(t.Context(), slices.Collect(maps.Values(records)))), "a chunk is missing")
		s.Close()
		delete(b.blobs.kept, r.Blob.Hash)
		s = workspace.Open(b.cfg, t.TempDir(), b.blobs)
		err := s.Restore(t.Context(), slices.Collect(maps.Values(b.records)))
		require.Equal(t, casare.CodeNotFound, casare.CodeOf(err), "%v", err)
		s.Close()
	}
	s := workspace.Open(b.cfg, t.TempDir(), b.blobs)
	defer s.Close()
	require.Error(t, s.Restore(t.Context(), []casare.Record{{Key: "w/f/x", Data: []byte("nonsense")}}))
}

func TestSpace_TheFolderMayComeAndGo(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.dir = filepath.Join(t.TempDir(), "none")
	b.again()
	require.Zero(t, b.save())
	require.NoDirExists(t, b.dir, "nobody has written anything")
	b.write("a", "one")
	require.Equal(t, 2, b.save())
	require.NoError(t, os.RemoveAll(b.dir))
	require.Equal(t, 2, b.save())
	require.Empty(t, b.records)
	b.write("b", "two")
	b.save()
	require.NoError(t, os.RemoveAll(b.dir))
	b.again()
	require.Len(t, b.tree(), 1)
}

func TestSpace_CloseEndsAFlush(t *testing.T) {
	t.Parallel()
	b := newBench(t, workspace.Config{})
	b.blobs.hang = make(chan struct{})
	b.write("a", "one")
	_, err := b.space.Collect(nil, false)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- b.space.Flush(context.WithoutCancel(t.Context())) }() // awaited below
	<-b.blobs.hang
	b.space.Close()
	require.Error(t, <-done)
	require.Zero(t, b.blobs.open)
}

func TestSplit(t *testing.T) {
	t.Parallel()
	files, others := workspace.Split([]casare.Record{{Key: "a"}, {Key: "w/f/x"}, {Key: "w"}, {Key: "wx"}})
	require.Equal(t, []casare.Record{{Key: "w/f/x"}}, files)
	require.Len(t, others, 3)
}

// Whatever is done to the folder: another robot with the records has the same folder, and no content is kept that nobody needs.
func TestSpace_AnyHistoryTravels(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "d/a", "d/b", "d/e/f", "g"}
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, workspace.Config{})
		defer b.space.Close()
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			name := rapid.SampledFrom(names).Draw(rt, "name")
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				if info, err := os.Stat(b.path(name)); err != nil || !info.IsDir() {
					b.write(name, rapid.SampledFrom([]string{"", "x", "y", "a longer text"}).Draw(rt, "text"))
				}
			case 2:
				require.NoError(t, os.RemoveAll(b.path(name)))
			case 3:
				b.save(node.Change{Path: b.path(name), Workspace: true})
			case 4:
				b.save()
				before := b.tree()
				b.move()
				require.Equal(t, before, b.tree())
			case 5:
				err := os.MkdirAll(b.path(name), 0o755)
				require.True(t, err == nil || errors.Is(err, fs.ErrExist) || strings.Contains(err.Error(), "not a directory"), "%v", err)
			}
		}
		b.save()
		before := b.tree()
		b.move()
		require.Equal(t, before, b.tree())
		require.Zero(t, b.blobs.open)
	})
}
