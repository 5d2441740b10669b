package files_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/internal/files"
)

func openWork(t *testing.T) (work *files.Work, folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "work")
	work, err := files.OpenWork(folder, files.Access{Config: files.Default()})
	require.NoError(t, err)
	t.Cleanup(work.Close)
	return work, folder
}

func TestWork_AWorkspaceIsMadeWhenItIsUsed(t *testing.T) {
	t.Parallel()
	work, folder := openWork(t)
	a, err := work.Create("job_1")
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(folder, "job_1"))
	require.NoError(t, work.Remove("job_1"), "there is none")
	require.NoError(t, a.WriteFile("f", []byte("1")))
	a.Close()

	again, err := work.Create("job_1")
	require.NoError(t, err)
	data, err := again.ReadFile("f")
	require.NoError(t, err)
	require.Equal(t, "1", string(data))
	again.Close()
	require.NoError(t, work.Remove("job_1"))
	require.NoDirExists(t, filepath.Join(folder, "job_1"))
}

func TestWork_JobsDoNotSeeOneAnother(t *testing.T) {
	t.Parallel()
	work, folder := openWork(t)
	a, err := work.Create("a")
	require.NoError(t, err)
	t.Cleanup(a.Close)
	b, err := work.Create("b")
	require.NoError(t, err)
	t.Cleanup(b.Close)
	require.NoError(t, a.WriteFile("f", []byte("1")))
	_, err = b.ReadFile(filepath.Join(folder, "a", "f"))
	require.ErrorContains(t, err, "files.roots")
	_, err = b.ReadFile("../a/f")
	require.ErrorContains(t, err, "files.roots")
}

// No id that is none becomes part of a path.
func TestWork_IdsThatWouldLeaveTheFolder(t *testing.T) {
	t.Parallel()
	work, folder := openWork(t)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(folder), "precious"), nil, 0o600))
	for _, id := range []string{"", ".", "..", "../precious", "a/b", "a\x00", "/etc", "é", string(make([]byte, 65))} {
		_, err := work.Create(id)
		require.Error(t, err, id)
		require.Error(t, work.Remove(id), id)
	}
	require.FileExists(t, filepath.Join(filepath.Dir(folder), "precious"))
}

func TestWork_SweepTakesWhatNobodyUses(t *testing.T) {
	t.Parallel()
	work, folder := openWork(t)
	for _, id := range []string{"old", "new"} {
		a, err := work.Create(id)
		require.NoError(t, err)
		require.NoError(t, a.WriteFile("f", nil))
		a.Close()
	}
	past := time.Now().Add(-48 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(folder, "old"), past, past))
	require.NoError(t, work.Sweep(time.Now().Add(-24*time.Hour)))
	require.NoDirExists(t, filepath.Join(folder, "old"))
	require.DirExists(t, filepath.Join(folder, "new"))
}
