package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/internal/files"
	"casare/node"
)

// bundle is an access to a workspace, with a folder beside it that nothing may reach.
type bundle struct {
	*files.Files

	work, outside string
}

const secret = "outside"

func setup(t *testing.T, change ...func(*files.Access)) bundle {
	t.Helper()
	base := t.TempDir()
	b := bundle{work: filepath.Join(base, "work"), outside: filepath.Join(base, "outside")}
	require.NoError(t, os.Mkdir(b.work, 0o700))
	require.NoError(t, os.Mkdir(b.outside, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(b.outside, "secret"), []byte(secret), 0o600))
	access := files.Access{Workspace: b.work, Config: files.Default()}
	for _, c := range change {
		c(&access)
	}
	var err error
	b.Files, err = files.Open(access)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

func limited(set func(c *files.Config)) func(*files.Access) {
	return func(a *files.Access) { set(&a.Config) }
}

func TestFiles_RelativeNamesLieInTheWorkspace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.MkdirAll("a/b"))
	require.NoError(t, b.WriteFile("a/b/c.txt", []byte("x")))
	data, err := os.ReadFile(filepath.Join(b.work, "a", "b", "c.txt"))
	require.NoError(t, err)
	require.Equal(t, "x", string(data))
	abs, err := b.Path("a/./b/../b/c.txt")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(b.work, "a", "b", "c.txt"), abs)
	got, err := b.ReadFile(abs)
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
}

// everything tries each method that touches the disk, with a name that is not to be reached.
func everything(b bundle, name string) map[string]error {
	tried := map[string]error{}
	_, tried["path"] = b.Path(name)
	_, tried["real"] = b.Real(name, false)
	_, tried["real write"] = b.Real(name, true)
	_, tried["stat"] = b.Stat(name)
	_, tried["open"] = b.Open(name)
	_, tried["read"] = b.ReadFile(name)
	_, tried["list"] = b.ReadDir(name)
	_, tried["create"] = b.Create(name)
	tried["write"] = b.WriteFile(name, []byte("x"))
	tried["append"] = b.AppendFile(name, []byte("x"))
	tried["mkdir"] = b.Mkdir(name)
	tried["mkdir all"] = b.MkdirAll(filepath.Join(name, "deeper"))
	tried["remove"] = b.Remove(name)
	tried["rename from"] = b.Rename(name, "here")
	tried["rename to"] = b.Rename("own", name)
	return tried
}

func TestFiles_NothingLeadsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.WriteFile("own", []byte("own")))
	inside := func(name string) string { return filepath.Join(b.work, name) }
	require.NoError(t, os.Symlink(b.outside, inside("abslink")))
	require.NoError(t, os.Symlink("../outside", inside("rellink")))
	require.NoError(t, os.Symlink("../outside/secret", inside("filelink")))
	require.NoError(t, os.Symlink("../outside/new", inside("newlink")))
	require.NoError(t, os.Mkdir(inside("d"), 0o700))
	require.NoError(t, os.Symlink("../../outside", inside("d/up")))
	require.NoError(t, os.Symlink("d/up", inside("chain")))
	for _, name := range []string{
		"../outside/secret", "a/../../outside/secret", filepath.Join(b.outside, "secret"), filepath.Join(b.outside, "not-yet"),
		"abslink/secret", "abslink/new", "rellink/secret", "rellink/new", "d/up/secret", "chain/secret", "chain/new",
		b.work + "-sibling", filepath.Dir(b.work),
	} {
		for what, err := range everything(b, name) {
			if what == "path" && !strings.HasPrefix(name, "..") && !strings.Contains(name, "/../") && !filepath.IsAbs(name) {
				continue // a path alone opens nothing, and links may change
			}
			require.Error(t, err, "%s of %s", what, name)
		}
	}
	for _, link := range []string{"filelink", "newlink"} {
		for what, err := range everything(b, link) {
			switch what {
			case "path", "mkdir all", "rename from", "rename to", "remove":
				continue // the link itself may be renamed, replaced and deleted
			}
			require.Error(t, err, "%s of %s", what, link)
		}
		_ = b.Remove("here")
		require.NoError(t, os.WriteFile(inside("own"), []byte("own"), 0o600))
	}
	list, err := os.ReadDir(b.outside)
	require.NoError(t, err)
	require.Len(t, list, 1)
	data, err := os.ReadFile(filepath.Join(b.outside, "secret"))
	require.NoError(t, err)
	require.Equal(t, secret, string(data))
}

func TestFiles_RefusalsNameTheKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.ReadFile(filepath.Join(b.outside, "secret"))
	require.ErrorContains(t, err, "files.roots")
	require.NoError(t, os.Symlink("../outside", filepath.Join(b.work, "link")))
	_, err = b.ReadFile("link/secret")
	require.ErrorContains(t, err, "files.roots")
	require.ErrorContains(t, err, "leads out of")
	_, err = b.ReadFile("a\x00b")
	require.ErrorContains(t, err, "null byte")
}

// While one goroutine swaps a folder and a link to outside, nobody ever reads what is outside or writes there.
func TestFiles_LinksSwappedInBetween(t *testing.T) {
	t.Parallel()
	b := setup(t)
	folder, link, name := filepath.Join(b.work, "real"), filepath.Join(b.work, "link"), filepath.Join(b.work, "d")
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secret"), []byte("inside"), 0o600))
	require.NoError(t, os.Symlink("../outside", link))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Rename(folder, name)
			_ = os.Rename(name, folder)
			_ = os.Rename(link, name)
			_ = os.Rename(name, link)
		}
	}()
	seen := 0
	for i := 0; i < 5000 || seen == 0 && i < 200_000; i++ {
		if data, err := b.ReadFile("d/secret"); err == nil {
			require.Equal(t, "inside", string(data))
			seen++
		}
		if i%10 == 0 {
			_ = b.WriteFile("d/written", []byte("x"))
			_ = b.AppendFile("d/appended", []byte("x"))
			_ = b.Mkdir("d/folder")
			_ = b.Remove("d/folder")
		}
	}
	close(stop)
	<-done
	require.Positive(t, seen)
	list, err := os.ReadDir(b.outside)
	require.NoError(t, err)
	require.Len(t, list, 1, "something was written outside")
}

func TestFiles_LinksWithinAreFollowed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.MkdirAll("a/b"))
	require.NoError(t, b.WriteFile("a/target", []byte("1")))
	require.NoError(t, os.Symlink("../target", filepath.Join(b.work, "a", "b", "link")))
	data, err := b.ReadFile("a/b/link")
	require.NoError(t, err)
	require.Equal(t, "1", string(data))
	require.NoError(t, b.WriteFile("a/b/link", []byte("2")), "as open() does, the file it leads to is written")
	info, err := os.Lstat(filepath.Join(b.work, "a", "b", "link"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&fs.ModeSymlink)
	data, err = os.ReadFile(filepath.Join(b.work, "a", "target"))
	require.NoError(t, err)
	require.Equal(t, "2", string(data))
	path, err := b.Real("a/b/link", false)
	require.NoError(t, err)
	require.Equal(t, "target", filepath.Base(path))
}

func TestFiles_HardLinks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	outer, inner := filepath.Join(b.outside, "secret"), filepath.Join(b.work, "inner")
	require.NoError(t, os.Link(outer, inner))
	_, err := b.ReadFile("inner")
	require.ErrorContains(t, err, "files.hard_links")
	require.ErrorContains(t, b.AppendFile("inner", []byte("x")), "files.hard_links")
	_, err = b.Real("inner", false)
	require.ErrorContains(t, err, "files.hard_links")
	require.NoError(t, b.WriteFile("inner", []byte("new")), "replacing leaves the other name alone")
	data, err := os.ReadFile(outer)
	require.NoError(t, err)
	require.Equal(t, secret, string(data))

	b = setup(t, limited(func(c *files.Config) { c.HardLinks = true }))
	require.NoError(t, os.Link(filepath.Join(b.outside, "secret"), filepath.Join(b.work, "inner")))
	data, err = b.ReadFile("inner")
	require.NoError(t, err)
	require.Equal(t, secret, string(data))
}

func TestFiles_Limits(t *testing.T) {
	t.Parallel()
	b := setup(t, limited(func(c *files.Config) { c.MaxReadBytes, c.MaxEntries, c.MaxWrittenBytes = 5, 2, 12 }))
	require.NoError(t, b.WriteFile("five", []byte("12345")))
	_, err := b.ReadFile("five")
	require.NoError(t, err)
	require.NoError(t, b.AppendFile("five", []byte("6")))
	_, err = b.ReadFile("five")
	require.ErrorContains(t, err, "files.max_read_bytes")

	require.ErrorContains(t, b.WriteFile("more", []byte("1234567")), "files.max_written_bytes")
	require.NoFileExists(t, filepath.Join(b.work, "more"))
	require.ErrorContains(t, b.AppendFile("five", []byte("1234567")), "files.max_written_bytes")
	require.NoError(t, b.WriteFile("more", []byte("123456")), "what was refused does not count")

	_, err = b.ReadDir(".")
	require.NoError(t, err)
	require.NoError(t, b.Mkdir("third"))
	_, err = b.ReadDir(".")
	require.ErrorContains(t, err, "files.max_entries")
	list, err := os.ReadDir(b.work)
	require.NoError(t, err)
	require.Len(t, list, 3, "no temporary file stays")
}

// A file may tell no size, or another than it has.
func TestFiles_ReadsOfWhatHasNoEnd(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("needs /proc")
	}
	b := setup(t, func(a *files.Access) {
		a.Config.MaxReadBytes = 64
		a.Config.Roots = []files.Root{{Path: "/proc/self", ReadOnly: true}}
	})
	_, err := b.ReadFile("/proc/self/status")
	require.ErrorContains(t, err, "files.max_read_bytes")
}

func TestFiles_DraftsAppearWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := filepath.Join(b.work, "f")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.NoError(t, os.Chmod(path, 0o640))
	d, err := b.Create("f")
	require.NoError(t, err)
	_, err = d.Write([]byte("new"))
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	require.NoError(t, d.Commit())
	data, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "new", string(data))
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, fs.FileMode(0o640), info.Mode().Perm(), "permissions stay")
	}
	require.ErrorIs(t, d.Commit(), fs.ErrClosed)
	_, err = d.Write(nil)
	require.ErrorIs(t, err, fs.ErrClosed)

	d, err = b.Create("f")
	require.NoError(t, err)
	d.Discard()
	d.Discard()
	list, err := os.ReadDir(b.work)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestFiles_OrdinaryErrors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.Mkdir("d"))
	require.NoError(t, b.WriteFile("d/f", nil))
	_, err := b.ReadFile("none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, filepath.Join(b.work, "none"), "the absolute path is named")
	require.ErrorIs(t, b.WriteFile("none/f", nil), fs.ErrNotExist)
	require.ErrorIs(t, b.Mkdir("d"), fs.ErrExist)
	require.NoError(t, b.MkdirAll("d"))
	require.Error(t, b.MkdirAll("d/f"))
	require.Error(t, b.WriteFile("d", nil))
	require.Error(t, b.AppendFile("d", nil))
	require.Error(t, b.Remove("d"), "not empty")
	require.ErrorIs(t, b.Rename("none", "x"), fs.ErrNotExist)
	require.ErrorContains(t, b.Remove("."), "cannot be deleted")
	require.ErrorContains(t, b.Rename(".", "x"), "cannot be deleted")
	require.NoError(t, b.Rename("d/f", "g"))
	require.NoError(t, b.Remove("d"))
	_, err = b.Stat("g")
	require.NoError(t, err)
}

func TestFiles_Roots(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	root := func(name string) string {
		path := filepath.Join(base, name)
		require.NoError(t, os.MkdirAll(path, 0o700))
		return path
	}
	ro, shared, temp := root("ro"), root("shared"), root("temp")
	require.NoError(t, os.WriteFile(filepath.Join(ro, "f"), []byte("1"), 0o600))
	b := setup(t, func(a *files.Access) {
		a.Temp = temp
		a.Config.Roots = []files.Root{{Path: ro, ReadOnly: true}, {Path: shared, Shared: true}, {Path: filepath.Join(base, "gone")}}
	})
	_, err := b.ReadFile(filepath.Join(ro, "f"))
	require.NoError(t, err)
	for what, err := range map[string]error{
		"write": b.WriteFile(filepath.Join(ro, "g"), nil), "append": b.AppendFile(filepath.Join(ro, "f"), nil),
		"remove": b.Remove(filepath.Join(ro, "f")), "mkdir": b.Mkdir(filepath.Join(ro, "d")), "mkdir all": b.MkdirAll(filepath.Join(ro, "d/e")),
		"move out": b.Rename(filepath.Join(ro, "f"), "f"), "move in": b.Rename("f", filepath.Join(ro, "g")),
	} {
		require.ErrorContains(t, err, "read_only", what)
	}
	require.NoError(t, b.MkdirAll(ro), "it is there")
	_, err = b.ReadFile(filepath.Join(base, "gone", "f"))
	require.ErrorContains(t, err, "files.roots")

	require.NoError(t, b.WriteFile(filepath.Join(shared, "s"), []byte("1")))
	require.NoError(t, b.WriteFile("w", []byte("1")))
	require.NoError(t, b.WriteFile("w", []byte("2")))
	require.NoError(t, b.Rename("w", filepath.Join(temp, "t")))
	require.Equal(t, []node.Change{
		{Root: shared, Path: filepath.Join(shared, "s"), Shared: true},
		{Root: files.RootWorkspace, Path: filepath.Join(b.work, "w"), Workspace: true},
		{Root: files.RootTemp, Path: filepath.Join(temp, "t")},
	}, b.Changes())
	require.Empty(t, b.Changes())
}

func TestFiles_FoldersMoveBetweenRoots(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	b := setup(t, func(a *files.Access) { a.Config.Roots = []files.Root{{Path: other}} })
	require.NoError(t, b.MkdirAll("d/e"))
	require.NoError(t, b.WriteFile("d/e/f", []byte("1")))
	require.NoError(t, b.Rename("d", filepath.Join(other, "d")))
	data, err := b.ReadFile(filepath.Join(other, "d", "e", "f"))
	require.NoError(t, err)
	require.Equal(t, "1", string(data))
	_, err = b.Stat("d")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Of roots within one another the innermost counts, also behind a link in the outer one.
func TestFiles_RootsWithinRoots(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	inner := filepath.Join(outer, "inner")
	require.NoError(t, os.Mkdir(inner, 0o700))
	require.NoError(t, os.Symlink("inner", filepath.Join(outer, "link")))
	b := setup(t, func(a *files.Access) {
		a.Temp = outer
		a.Config.Roots = []files.Root{{Path: inner, ReadOnly: true}}
	})
	require.ErrorContains(t, b.WriteFile(filepath.Join(inner, "f"), nil), "read_only")
	require.ErrorContains(t, b.WriteFile(filepath.Join(outer, "link", "f"), nil), "read_only")
	require.NoError(t, b.WriteFile(filepath.Join(outer, "f"), nil))
}

// The robot's own folder is closed, though it lies in a root, and also behind links; the workspace in it is open.
func TestFiles_TheRobotsOwnFolder(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	data := filepath.Join(temp, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(data, "robot"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "robot", "key"), []byte(secret), 0o600))
	require.NoError(t, os.Symlink("data/robot", filepath.Join(temp, "link")))
	work, err := files.OpenWork(filepath.Join(data, "work"), files.Access{Temp: temp, Config: files.Default(), Denied: []string{data}})
	require.NoError(t, err)
	t.Cleanup(work.Close)
	access, err := work.Create("job-1")
	require.NoError(t, err)
	t.Cleanup(access.Close)
	require.NoError(t, access.WriteFile("own", []byte("x")))
	_, err = access.ReadFile(filepath.Join(access.Workspace(), "own"))
	require.NoError(t, err)
	for _, name := range []string{"data/robot/key", "link/key", "data/new", "data/work/job-2/f", "data"} {
		_, err := access.ReadFile(filepath.Join(temp, name))
		require.ErrorContains(t, err, "belongs to the robot itself", name)
		require.Error(t, access.WriteFile(filepath.Join(temp, name), nil))
	}
	require.NoError(t, access.WriteFile(filepath.Join(temp, "other"), nil))
}

func TestFiles_Expand(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	t.Setenv("CASARE_TEST_TOKEN", "hush")
	t.Setenv("CASARE_TEST_OPEN", "open")
	b := setup(t, limited(func(c *files.Config) { c.Environment = []string{"CASARE_TEST_OPEN"} }))
	for name, want := range map[string]string{
		"$HOME/x": "/home/ann/x", "${HOME}x": "/home/annx", "a$CASARE_TEST_OPEN": "aopen", "$NO_SUCH_VARIABLE/x": "$NO_SUCH_VARIABLE/x", "100$": "100$",
	} {
		got, err := b.Expand(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got)
	}
	_, err := b.Expand("$CASARE_TEST_TOKEN/x")
	require.ErrorContains(t, err, "files.environment")
	require.NotContains(t, err.Error(), "hush")
	caller, err := files.Caller(files.Config{})
	require.NoError(t, err)
	all, err := files.Open(caller)
	require.NoError(t, err)
	t.Cleanup(all.Close)
	got, err := all.Expand("$CASARE_TEST_TOKEN")
	require.NoError(t, err)
	require.Equal(t, "hush", got)
}

func TestFiles_ManyChangesBecomeOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 10_050 {
		_, err := b.Real("f"+strconv.Itoa(i), true)
		require.NoError(t, err)
	}
	changes := b.Changes()
	require.Len(t, changes, 10_001)
	require.Equal(t, b.work, changes[len(changes)-1].Path)
}

func TestConfig_ValidateNamesTheKey(t *testing.T) {
	t.Parallel()
	require.NoError(t, files.Default().Validate())
	for key, set := range map[string]func(c *files.Config){
		"files.roots":               func(c *files.Config) { c.Roots = []files.Root{{Path: "a"}} },
		"files.max_read_bytes":      func(c *files.Config) { c.MaxReadBytes = -1 },
		"files.max_entries":         func(c *files.Config) { c.MaxEntries = -1 },
		"files.max_written_bytes":   func(c *files.Config) { c.MaxWrittenBytes = -1 },
		"files.max_archive_entries": func(c *files.Config) { c.MaxArchiveEntries = -1 },
		"files.max_archive_bytes":   func(c *files.Config) { c.MaxArchiveBytes = -1 },
		"files.max_archive_ratio":   func(c *files.Config) { c.MaxArchiveRatio = -1 },
		"files.max_image_pixels":    func(c *files.Config) { c.MaxImagePixels = -1 },
	} {
		c := files.Default()
		set(&c)
		err, ok := errors.AsType[*casare.Error](c.Validate())
		require.True(t, ok, key)
		require.Equal(t, key, err.Field)
	}
	c := files.Default().Over(files.Config{MaxEntries: 7, Roots: []files.Root{{Path: "/a"}}, Environment: []string{"X"}, HardLinks: true})
	require.Equal(t, int64(7), c.MaxEntries)
	require.Equal(t, files.Default().MaxReadBytes, c.MaxReadBytes)
	require.Equal(t, []files.Root{{Path: "/a"}}, c.Roots)
	require.NoError(t, c.Validate())
}
