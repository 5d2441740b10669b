package raftstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

const (
	killVariable   = "CASARE_RAFTSTORE_KILL_AT"
	dirVariable    = "CASARE_RAFTSTORE_DIR"
	sourceVariable = "CASARE_RAFTSTORE_SOURCE"
)

// wrapped hides a reader as raft does.
type wrapped struct{ io.ReadCloser }

func (w wrapped) WrappedReadCloser() io.ReadCloser { return w.ReadCloser }

// installAndDie is the life of a child process: it opens a follower's folder, installs the snapshot of the source folder the way
// raft does, and kills itself at the named step.
func installAndDie() {
	at := os.Getenv(killVariable)
	err := install(os.Getenv(dirVariable), os.Getenv(sourceVariable), func(op string) error {
		if op != at {
			return nil
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		if err := self.Kill(); err != nil {
			return err
		}
		select {}
	})
	panic(fmt.Sprint("it did not die at ", at, ": ", err))
}

func childStore(dir, id string, f faults) (*Store, error) {
	return Open(Config{
		Dir: dir, RobotID: id, MeshID: meshID, Network: planeNetwork{}, Logger: slog.New(slog.DiscardHandler),
		Fatal: func(error) {}, faults: f,
	})
}

func install(dir, source string, f faults) error {
	from, err := childStore(source, "r1", nil)
	if err != nil {
		return err
	}
	meta, sent, err := from.snapshots.Open(liveID)
	if err != nil {
		return err
	}
	to, err := childStore(dir, "r2", f)
	if err != nil {
		return err
	}
	k, err := to.snapshots.Create(meta.Version, meta.Index, meta.Term, meta.Configuration, meta.ConfigurationIndex, nil)
	if err != nil {
		return err
	}
	n, err := io.Copy(k, sent)
	if err != nil {
		return err
	}
	if n != meta.Size {
		return fmt.Errorf("copied %d of %d bytes", n, meta.Size)
	}
	if err := k.Close(); err != nil {
		return err
	}
	_, received, err := to.snapshots.Open(k.ID())
	if err != nil {
		return err
	}
	if err := to.fsm.Restore(wrapped{received}); err != nil {
		return err
	}
	to.Stop()
	from.Stop()
	return errors.Join(sent.Close())
}

// facts are what must survive a kill.
type facts struct {
	Hash    string
	Index   uint64
	Members []Member
}

func factsOf(t *testing.T, dir, id string) facts {
	t.Helper()
	s, err := childStore(dir, id, nil)
	require.NoError(t, err)
	defer s.Stop()
	hash, err := s.Hash(t.Context())
	require.NoError(t, err)
	meta, err := s.state.meta()
	require.NoError(t, err)
	return facts{Hash: hash, Index: meta.Index, Members: meta.members()}
}

// fillState applies a log of jobs under a configuration to a folder, and its end to the log store, as raft would have.
func fillState(t *testing.T, dir, id string, jobs int, members ...raft.Server) {
	t.Helper()
	s, err := childStore(dir, id, nil)
	require.NoError(t, err)
	defer s.Stop()
	logs := []*raft.Log{
		{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(raft.Configuration{Servers: members})},
		{Index: 2, Term: 1, Data: entryOf(t, system("init-mesh", initMesh("r1")))},
	}
	for i := range jobs {
		logs = append(logs, &raft.Log{Index: uint64(i + 3), Term: 1, Data: entryOf(t, submit(fmt.Sprint("j", i)))})
	}
	for _, l := range logs {
		require.NotNil(t, s.fsm.ApplyBatch([]*raft.Log{l}))
	}
	require.NoError(t, s.log.StoreLogs(logs))
	require.NoError(t, s.log.SetUint64([]byte("CurrentTerm"), 1))
}

func TestInstall_AKillAtAnyStepLeavesTheOldStateOrTheNew(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	old := raft.Server{ID: "r1", Address: "r1"}
	second, third := raft.Server{ID: "r2", Address: "r2"}, raft.Server{ID: "r3", Address: "r3"}
	source := filepath.Join(t.TempDir(), "leader")
	fillState(t, source, "r1", 200, old, second, third)
	after := factsOf(t, source, "r1")
	steps := map[string]bool{ // says whether the new state is there
		opSnapshotCreate: false, opSnapshotClose: false, opRestoreVerify: false, opRestoreSync: false, opRestoreClose: false,
		opRestoreRename: false, opRestoreSyncDir: true, opRestoreReopen: true, opRestoreFinished: true,
	}
	for step, installed := range steps {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir, from := filepath.Join(t.TempDir(), "follower"), filepath.Join(t.TempDir(), "leader")
			fillState(t, dir, "r2", 20, old, second)
			require.NoError(t, os.CopyFS(from, os.DirFS(source)))
			before := factsOf(t, dir, "r2")
			child := exec.CommandContext(t.Context(), exe)
			child.Env = append(os.Environ(), killVariable+"="+step, dirVariable+"="+dir, sourceVariable+"="+from)
			out, err := child.CombinedOutput()
			require.Error(t, err)
			require.NotContains(t, string(out), "it did not die")

			want := before
			if installed {
				want = after
			}
			require.Equal(t, want, factsOf(t, dir, "r2"))

			// raft starts from it, knows the voters, and would append the next entry.
			r := startRobot(t, newNetwork(), dir, "r2")
			require.Equal(t, want.Members, r.Configuration())
			require.Equal(t, want.Index, r.raft.Load().AppliedIndex())
			require.Equal(t, want.Index, r.raft.Load().LastIndex())
			left, err := filepath.Glob(filepath.Join(dir, "snapshot", "*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestRestore_RefusesWhatIsNotTheAnnouncedState(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	other := newMachine(t).init()
	other.ok(submit("j1"))
	send := func(index uint64, spoil func(b []byte) []byte) error {
		_, sent, err := other.store.snapshots.Open(liveID)
		require.NoError(t, err)
		b, err := io.ReadAll(sent)
		require.NoError(t, err)
		require.NoError(t, sent.Close())
		k, err := m.store.snapshots.Create(1, index, 1, raft.Configuration{}, 0, nil)
		require.NoError(t, err)
		_, err = k.Write(spoil(b))
		require.NoError(t, err)
		require.NoError(t, k.Close())
		_, received, err := m.store.snapshots.Open(k.ID())
		require.NoError(t, err)
		return m.Restore(wrapped{received})
	}
	same := func(b []byte) []byte { return b }
	hash := must(m.store.Hash(t.Context()))
	require.ErrorContains(t, send(other.index+1, same), "it holds index")
	require.Error(t, send(other.index, func(b []byte) []byte { return b[:len(b)/2] }))
	require.Error(t, send(other.index, func([]byte) []byte { return []byte("nothing") }))
	require.Equal(t, hash, must(m.store.Hash(t.Context())), "the live state is untouched")
	require.NoError(t, send(other.index, same))
	require.Equal(t, must(other.store.Hash(t.Context())), must(m.store.Hash(t.Context())))
	require.Equal(t, other.index, m.store.Index())
	require.Error(t, m.Restore(io.NopCloser(nil)))
	require.NoError(t, m.store.WaitIndex(context.Background(), other.index))
}

func TestSnapshots_ALocalOneIsANoteInMeta(t *testing.T) {
	t.Parallel()
	m := newMachine(t).init()
	snap, err := m.Snapshot()
	require.NoError(t, err)
	servers := raft.Configuration{Servers: []raft.Server{{ID: "a", Address: "a"}}}
	take := func(index, configuration uint64) {
		k, err := m.store.snapshots.Create(1, index, 3, servers, configuration, nil)
		require.NoError(t, err)
		require.NoError(t, snap.Persist(k))
		require.Equal(t, liveID, k.ID())
	}
	take(9, 8) // raft has seen a no-op that the state has not
	meta, err := m.state.meta()
	require.NoError(t, err)
	require.EqualValues(t, 9, meta.Index)
	require.EqualValues(t, 3, meta.Term)
	require.EqualValues(t, 8, meta.ConfigurationIndex)
	take(4, 2)
	again, err := m.state.meta()
	require.NoError(t, err)
	require.Equal(t, meta, again)
	// Nobody may wait for an entry that reaches no state.
	require.Equal(t, m.index, meta.Reached)
	dir := m.store.cfg.Dir
	m.store.Stop()
	reopened, err := childStore(dir, "r1", nil)
	require.NoError(t, err)
	defer reopened.Stop()
	require.Equal(t, m.index, reopened.Index())
}
