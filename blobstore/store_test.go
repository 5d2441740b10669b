package blobstore_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/blobstore"
)

func TestPut_IsDoneWhenAMajorityHasIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	a, b, c := w.start("a"), w.start("b"), w.start("c")
	for _, size := range []int{0, 1, 1000, 3 << 20} {
		text := content(size)
		w.put(a, text)
		require.True(t, a.holds(text) && (b.holds(text) || c.holds(text)))
		for _, r := range []*robot{a, b, c} {
			w.want(r, text)
		}
		require.Eventually(t, func() bool { return b.holds(text) && c.holds(text) }, patience, time.Millisecond)
	}
	text := content(5)
	hash, err := a.Put(t.Context(), bytes.NewReader(text), -1)
	require.NoError(t, err)
	require.Equal(t, casare.BlobHash(text), hash)
	again, err := b.PutBytes(t.Context(), text)
	require.NoError(t, err)
	require.Equal(t, casare.BlobRef{Hash: hash, Size: 5}, again)
	for _, r := range []*robot{a, b, c} {
		w.clean(r)
	}
}

func TestPut_WithOneCoordinatorDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	a, b, c := w.start("a"), w.start("b"), w.start("c")
	w.isolate("c", true)
	text := content(100_000)
	w.put(a, text)
	require.True(t, a.holds(text) && b.holds(text))
	require.False(t, c.holds(text))
	w.isolate("c", false)
	require.Eventually(t, func() bool { return c.holds(text) }, patience, time.Millisecond, "it does not fetch what it missed")
}

func TestPut_WithTwoOfThreeDownIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	a := w.start("a", func(c *blobstore.Config) { c.PutWait = 300 * time.Millisecond })
	w.start("b")
	w.isolate("b", true)
	text := content(100_000)
	_, err := a.Put(t.Context(), bytes.NewReader(text), int64(len(text)))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err), "%v", err)
	require.False(t, a.holds(text))
	w.clean(a)

	// One that was there before is not taken back.
	w.isolate("b", false)
	w.put(a, text)
	w.isolate("b", true)
	_, err = a.Put(t.Context(), bytes.NewReader(text), int64(len(text)))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err))
	require.True(t, a.holds(text))
}

func TestDraft_IsTheContentAsItWasAndMayBePutUntilItSucceeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	a := w.start("a", func(c *blobstore.Config) { c.PutWait = 100 * time.Millisecond })
	text := content(200_000)
	d, err := a.For("j", 1).Stage(bytes.NewReader(text), -1)
	require.NoError(t, err)
	defer d.Discard()
	require.Equal(t, casare.BlobRef{Hash: casare.BlobHash(text), Size: int64(len(text))}, d.Ref())
	for range 2 {
		require.Equal(t, casare.CodeUnavailable, casare.CodeOf(d.Put(t.Context())))
		require.False(t, a.holds(text))
	}
	b := w.start("b")
	require.Eventually(t, func() bool { return d.Put(t.Context()) == nil }, patience, time.Millisecond)
	require.True(t, a.holds(text) && b.holds(text))
	require.NoError(t, d.Put(t.Context()))
	d.Discard()
	d.Discard()
	w.clean(a)
	other, err := a.For("j", 1).Stage(bytes.NewReader(content(10)), 10)
	require.NoError(t, err)
	other.Discard()
	w.clean(a)
}

func TestPut_GoesByTheVotersAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	a, d := w.start("a"), w.start("d")
	w.member("d", false)
	text := content(1000)
	done := make(chan error, 1)
	go func() { // awaited below
		_, err := a.PutBytes(t.Context(), text)
		done <- err
	}()
	require.Eventually(t, func() bool { return a.holds(text) }, patience, time.Millisecond)
	require.False(t, d.holds(text), "a copy does not vote")
	w.leave("b")
	w.leave("c")
	w.member("d", true) // somebody else leads, and has replaced the two that are gone
	require.NoError(t, <-done)
	require.True(t, d.holds(text))
}

func TestPut_RefusesWhatIsNotWhatWasSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	a := w.start("a")
	for name, p := range map[string]struct {
		r    io.Reader
		size int64
		code casare.Code
	}{
		"less":      {strings.NewReader("abc"), 4, casare.CodeInvalid},
		"more":      {strings.NewReader("abc"), 2, casare.CodeInvalid},
		"too large": {strings.NewReader("abc"), casare.MaxBlob + 1, casare.CodeTooLarge},
		"endless":   {endless{}, -1, casare.CodeTooLarge},
		"broken":    {io.MultiReader(strings.NewReader("abc"), broken{}), 4, casare.CodeInternal},
	} {
		_, err := a.Put(t.Context(), p.r, p.size)
		require.Equal(t, p.code, casare.CodeOf(err), name)
	}
	w.clean(a)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestPut_AFullFolderNamesTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b", "c")
	small := func(c *blobstore.Config) { c.MaxBytes = casare.MaxBlob }
	a, b := w.start("a"), w.start("b", small)
	full := content(casare.MaxBlob - 10)
	w.put(b, full[:len(full)-1])
	text := content(100)
	_, err := b.PutBytes(t.Context(), text)
	require.Equal(t, casare.CodeStorageFull, casare.CodeOf(err))
	require.ErrorContains(t, err, "blobs.max_bytes")
	// The other way round: a has room, b has not, c is not there.
	_, err = a.PutBytes(t.Context(), text)
	require.Error(t, err)
	require.ErrorContains(t, err, "blobs.max_bytes")
	w.clean(a)
	w.clean(b)
	w.start("c")
	w.put(a, text) // two of three suffice
}

func TestPut_ADiskThatFailsKeepsNothing(t *testing.T) {
	t.Parallel()
	for _, op := range []string{blobstore.OpWrite, blobstore.OpSync, blobstore.OpRename, blobstore.OpSyncDir} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "a", "b", "c")
			fail := func(c *blobstore.Config) {
				*c = c.Breaking(func(operation string) error {
					if operation == op {
						return errors.New("the disk is broken")
					}
					return nil
				})
			}
			a, b := w.start("a"), w.start("b", fail)
			text := content(1000)
			_, err := b.PutBytes(t.Context(), text)
			require.ErrorContains(t, err, "the disk is broken")
			w.clean(b)
			require.False(t, b.holds(text))
			// It is no part of a majority either.
			_, err = a.PutBytes(t.Context(), text)
			require.ErrorContains(t, err, "the disk is broken")
			w.clean(a)
			c := w.start("c")
			w.put(a, text)
			require.True(t, c.holds(text))
		})
	}
}

func TestGet_WhatTheDiskHasDamagedComesFromElsewhere(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"changed":   func(path string) error { return os.WriteFile(path, content(1000), 0o600) },
		"cut short": func(path string) error { return os.Truncate(path, 10) },
		"gone":      os.RemoveAll, // also what is gone already
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "a", "b", "c")
			a, b, c := w.start("a"), w.start("b"), w.start("c")
			text := content(1000)
			hash := w.put(a, text)
			require.Eventually(t, func() bool { return b.holds(text) && c.holds(text) }, patience, time.Millisecond)
			require.NoError(t, damage(a.file(hash)))
			w.want(a, text)
			require.True(t, a.holds(text))
			// Another one does not get the damage.
			require.NoError(t, damage(b.file(hash)))
			require.NoError(t, damage(a.file(hash)))
			w.want(a, text)
			// Putting heals too.
			require.NoError(t, damage(a.file(hash)))
			w.put(a, text)
			require.True(t, a.holds(text))
			// The only copy left is damaged: nobody gets it for the right one.
			for _, r := range []*robot{a, b, c} {
				require.NoError(t, damage(r.file(hash)))
			}
			_, err := a.GetBytes(t.Context(), hash, casare.MaxBlob)
			require.Equal(t, casare.CodeNotFound, casare.CodeOf(err), "%v", err)
		})
	}
}

func TestGet_ADiskThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	bad := make(chan struct{})
	a := w.start("a", func(c *blobstore.Config) {
		*c = c.Breaking(func(operation string) error {
			select {
			case <-bad:
			default:
				if operation == blobstore.OpRead {
					close(bad)
					return errors.New("input/output error")
				}
			}
			return nil
		})
	})
	b := w.start("b")
	text := content(1000)
	w.put(b, text)
	w.want(a, text)
	require.True(t, a.holds(text))
}

func TestGet_OfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	a := w.start("a", func(c *blobstore.Config) { c.GetWait = 200 * time.Millisecond })
	w.start("b")
	_, _, err := a.Get(t.Context(), "../../etc/passwd")
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	_, _, err = a.Get(t.Context(), casare.BlobHash([]byte("none")))
	require.Equal(t, casare.CodeNotFound, casare.CodeOf(err))
	w.isolate("b", true)
	_, _, err = a.Get(t.Context(), casare.BlobHash([]byte("none")))
	require.Equal(t, casare.CodeUnavailable, casare.CodeOf(err), "b may have it")
	w.isolate("b", false)
	text := content(100)
	w.put(a, text)
	_, err = a.GetBytes(t.Context(), casare.BlobHash(text), 99)
	require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
}

func TestStore_SurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	a := w.start("a")
	text := content(1000)
	w.put(a, text)
	w.restart(a, func() {
		require.NoError(t, os.WriteFile(a.dir+"/tmp/put-123", []byte("half"), 0o600))
		require.NoError(t, os.WriteFile(a.dir+"/note", []byte("of somebody"), 0o600))
	})
	w.want(a, text)
	w.clean(a)
	a.Stop()
	a.Stop()
	_, err := a.PutBytes(t.Context(), content(3))
	require.NoError(t, err, "the only voter needs nobody")
}

func TestConfig_SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := blobstore.Open(blobstore.Config{})
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	w := newWorld(t)
	_, err = blobstore.Open(blobstore.Config{Dir: t.TempDir(), RobotID: "a", Network: &end{}, State: view{w, "a"}, MaxBytes: 1})
	require.ErrorContains(t, err, "blobs.max_bytes")
}
