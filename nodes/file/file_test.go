package file_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/internal/files"
	"casare/node"
	"casare/node/nodetest"
	_ "casare/nodes/file"
	"casare/value"
)

// bench is a folder to run steps in.
type bench struct {
	t      *testing.T
	folder string
	access *files.Files
}

func setup(t *testing.T, change ...func(*files.Config)) *bench {
	t.Helper()
	b := &bench{t: t, folder: t.TempDir()}
	config := files.Default()
	for _, c := range change {
		c(&config)
	}
	var err error
	b.access, err = files.Open(files.Access{Workspace: b.folder, Config: config})
	require.NoError(t, err)
	t.Cleanup(b.access.Close)
	return b
}

// run runs one step of a type.
func (b *bench) run(typ string, config node.Values) nodetest.Result {
	b.t.Helper()
	return nodetest.Run(b.t.Context(), node.Default, nodetest.Case{Type: typ, Config: config.Dict(), Files: b.access})
}

// ok runs a step that succeeds.
func (b *bench) ok(typ string, config node.Values) *nodetest.Result {
	b.t.Helper()
	r := b.run(typ, config)
	require.NoError(b.t, r.Err)
	return &r
}

// fails runs a step that fails and returns the error's text.
func (b *bench) fails(typ string, config node.Values) string {
	b.t.Helper()
	r := b.run(typ, config)
	require.Error(b.t, r.Err)
	require.NotEqual(b.t, true, r.Output("success"))
	return r.Err.Error()
}

func (b *bench) path(name string) string { return filepath.Join(b.folder, filepath.FromSlash(name)) }

func (b *bench) put(name, text string) {
	b.t.Helper()
	require.NoError(b.t, os.MkdirAll(filepath.Dir(b.path(name)), 0o700))
	require.NoError(b.t, os.WriteFile(b.path(name), []byte(text), 0o600))
}

func (b *bench) text(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(b.path(name))
	require.NoError(b.t, err)
	return string(data)
}

func recorded(t *testing.T, name string, to any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, to))
}

func TestCSV_AsPython(t *testing.T) {
	t.Parallel()
	var cases struct {
		Read []struct {
			Text, Delimiter, Quotechar, Escapechar string
			Doublequote                            *bool
			Strict                                 bool
			Rows                                   value.List
			Error                                  string
		}
		Write []struct {
			Row             value.List
			Delimiter, Text string
		}
	}
	recorded(t, "csv.json", &cases)
	b := setup(t)
	for _, c := range cases.Read {
		config := node.Values{"file_path": "in.csv", "has_header": false, "strict": c.Strict, "escapechar": c.Escapechar}
		if c.Delimiter != "" {
			config["delimiter"], config["quotechar"] = c.Delimiter, c.Quotechar
		}
		if c.Doublequote != nil {
			config["doublequote"] = *c.Doublequote
		}
		b.put("in.csv", c.Text)
		r := b.run("ReadCSVNode", config)
		if c.Error != "" {
			require.ErrorContains(t, r.Err, c.Error, "%+v", c)
			continue
		}
		require.NoError(t, r.Err, "%+v", c)
		require.True(t, value.Equal(c.Rows, r.Output("data")), "%+v: %s", c, value.Repr(r.Output("data")))
	}
	for _, c := range cases.Write {
		b.ok("WriteCSVNode", node.Values{"file_path": "out.csv", "data": value.List{c.Row}, "delimiter": c.Delimiter})
		require.Equal(t, c.Text, b.text("out.csv"), "%+v", c)
	}
	require.Greater(t, len(cases.Read), 1000)
}

func TestCSV_Rows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("in.csv", "a,b\n1\n1,2,3\n")
	r := b.ok("ReadCSVNode", node.Values{"file_path": "in.csv"})
	require.Equal(t, "[{'a': '1', 'b': None}, {'a': '1', 'b': '2', 'None': ['3']}]", value.Repr(r.Output("data")))
	require.Contains(t, b.fails("ReadCSVNode", node.Values{"file_path": "in.csv", "delimiter": "ab"}), `"delimiter" must be a 1-character string`)
	b.put("in.csv", "\ufeffa\tb\n1\t2")
	r = b.ok("ReadCSVNode", node.Values{"file_path": "in.csv", "delimiter": `\t`, "encoding": "utf-8-sig"})
	require.Equal(t, "[{'a': '1', 'b': '2'}]", value.Repr(r.Output("data")))

	rows := []any{map[string]any{"a": 1}, map[string]any{"b": 2, "a": nil}}
	b.ok("WriteCSVNode", node.Values{"file_path": "o.csv", "data": rows})
	require.Equal(t, "a,b\r\n1,\r\n,2\r\n", b.text("o.csv"))
	b.ok("WriteCSVNode", node.Values{"file_path": "o.csv", "data": rows, "headers": "b", "write_header": false})
	require.Equal(t, "\"\"\r\n2\r\n", b.text("o.csv"))
	b.ok("WriteCSVNode", node.Values{"file_path": "o.csv", "data": `[["x", 1.0]]`, "encoding": "utf-16"})
	require.Equal(t, "\xff\xfex\x00,\x001\x00.\x000\x00\r\x00\n\x00", b.text("o.csv"))
	b.ok("WriteCSVNode", node.Values{"file_path": "o.csv"})
	require.Empty(t, b.text("o.csv"))
	require.Contains(t, b.fails("WriteCSVNode", node.Values{"file_path": "o.csv", "data": []any{[]any{1}, 5}}), "row 2: iterable expected, not int")
}

func TestList_AsPython(t *testing.T) {
	t.Parallel()
	var cases struct {
		Tree  []string
		Cases []struct {
			Pattern   string
			Recursive bool
			Matches   []string
			Error     string
		}
	}
	recorded(t, "glob.json", &cases)
	b := setup(t)
	for _, name := range cases.Tree {
		b.put(name, "")
	}
	for _, c := range cases.Cases {
		r := b.run("ListDirectoryNode", node.Values{"dir_path": ".", "pattern": c.Pattern, "recursive": c.Recursive})
		if c.Error != "" {
			require.Error(t, r.Err, "%+v", c)
			continue
		}
		require.NoError(t, r.Err, "%+v", c)
		list, _ := r.Output("items").(value.List)
		got := []string{}
		for _, item := range list {
			rel, err := filepath.Rel(b.folder, value.Str(item))
			require.NoError(t, err)
			got = append(got, filepath.ToSlash(rel))
		}
		slices.Sort(got)
		require.Equal(t, append([]string{}, c.Matches...), got, "%+v", c)
	}
}

func TestList_LinksAndLimits(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *files.Config) { c.MaxEntries = 4 })
	b.put("d/a.txt", "")
	require.NoError(t, os.Symlink("..", b.path("d/loop")))
	require.NoError(t, os.Symlink("/etc/passwd", b.path("d/out")))
	r := b.ok("ListFilesNode", node.Values{"directory_path": "d", "recursive": true})
	require.Equal(t, value.List{b.path("d/a.txt")}, r.Output("files"), "a link that leads out is no file, one to a folder is not followed")
	b.put("d/b.txt", "")
	b.put("d/c.txt", "")
	require.Contains(t, b.fails("ListFilesNode", node.Values{"directory_path": "d"}), "files.max_entries")
	require.Contains(t, b.fails("ListFilesNode", node.Values{"directory_path": ".", "pattern": "../*"}), "Pattern cannot contain path traversal")
	require.Contains(t, b.fails("ListFilesNode", node.Values{"directory_path": "d/a.txt"}), "Not a directory")
}

func TestPaths_AreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("a.txt", "x")
	for name, want := range map[string]string{
		"../a.txt": "Path traversal detected in '../a.txt'", "a..txt": "Path traversal", "a\x00.txt": "Null byte", "sub/CON.txt": "Windows device 'CON'",
		"nul": "Windows device 'NUL'", "/etc/passwd": "files.roots", "COM1.log": "COM1",
	} {
		for _, typ := range []string{"ReadFileNode", "GetFileSizeNode", "GetFileInfoNode", "DeleteFileNode", "ReadCSVNode", "ReadJSONFileNode"} {
			require.Contains(t, b.fails(typ, node.Values{"file_path": name}), want, typ)
		}
		require.Contains(t, b.fails("FileExistsNode", node.Values{"path": name}), want)
		require.Contains(t, b.fails("WriteFileNode", node.Values{"file_path": name, "content": ""}), want)
		require.Contains(t, b.fails("CopyFileNode", node.Values{"source_path": "a.txt", "dest_path": name}), want)
		require.Contains(t, b.fails("UnzipFilesNode", node.Values{"zip_path": "a.txt", "extract_to": name}), want)
		require.Contains(t, b.fails("ZipFilesNode", node.Values{"zip_path": "o.zip", "files": []any{name}}), want)
	}
	b.ok("ReadFileNode", node.Values{"file_path": "sub/../a.txt", "allow_dangerous_paths": true})
	require.Contains(t, b.fails("ReadFileNode", node.Values{"file_path": "../../etc/passwd", "allow_dangerous_paths": true}), "files.roots")
	for _, typ := range []string{"LogToFileNode", "FileWatcherNode", "QRCodeNode"} {
		config := node.Values{"log_file_path": "../x", "log_message": "m", "watch_path": "../x", "data": "d", "output_path": "../x"}
		require.Contains(t, b.fails(typ, config), "files.roots", typ)
	}
}

func TestWrite_Kinds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		content any
		want    string
	}{
		{"é\r\n", "é\r\n"},
		{5, "5"},
		{0, ""},
		{false, ""},
		{[]any{1, "a"}, "[1, 'a']"},
		{value.Bytes("\xff"), `b'\xff'`},
		{value.NewSecret("hush"), "***"},
	} {
		b.ok("WriteFileNode", node.Values{"file_path": "o", "content": c.content})
		require.Equal(t, c.want, b.text("o"))
	}
	b.ok("WriteFileNode", node.Values{"file_path": "o", "content": value.Bytes("\xff\x00"), "binary_mode": true})
	require.Equal(t, "\xff\x00", b.text("o"))
	r := b.ok("WriteFileNode", node.Values{"file_path": "o", "content": "x", "binary_mode": true, "append_mode": true})
	require.Equal(t, "\xff\x00x", b.text("o"))
	require.Equal(t, int64(3), r.Output("bytes_written"))
	require.Contains(t, b.fails("WriteFileNode", node.Values{"file_path": "o", "content": 5, "binary_mode": true}), "a bytes-like object is required, not 'int'")
	require.Contains(t, b.fails("WriteFileNode", node.Values{"file_path": "o"}), "content")
	require.Contains(t, b.fails("WriteFileNode", node.Values{"file_path": "o", "content": "€", "encoding": "latin-1"}), "'latin-1' codec can't encode")
	require.Equal(t, "\xff\x00x", b.text("o"), "the file is as it was")
	b.ok("WriteFileNode", node.Values{"file_path": "o", "content": "a€", "encoding": "ascii", "errors": "xmlcharrefreplace"})
	require.Equal(t, "a&#8364;", b.text("o"))
	require.Contains(t, b.fails("WriteFileNode", node.Values{"file_path": "o", "content": "a", "encoding": "nope"}), "unknown encoding: nope")
	require.Contains(t, b.fails("WriteFileNode", node.Values{"file_path": "no/o", "content": "a", "create_dirs": false}), "[Errno 2] No such file or directory")
	for range 2 {
		b.ok("AppendFileNode", node.Values{"file_path": "u16", "content": "a", "encoding": "utf-16"})
	}
	require.Equal(t, "\xff\xfea\x00a\x00", b.text("u16"), "one mark")
}

func TestRead_Kinds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("bad", "a\xffb")
	require.Contains(t, b.fails("ReadFileNode", node.Values{"file_path": "bad"}), "'utf-8' codec can't decode byte 0xff in position 1")
	r := b.ok("ReadFileNode", node.Values{"file_path": "bad", "errors": "backslashreplace"})
	require.Equal(t, `a\xffb`, r.Output("content"))
	r = b.ok("FileSystemSuperNode", node.Values{"action": "Read File", "file_path": "bad"})
	require.Equal(t, "a\uFFFDb", r.Output("content"))
	require.Contains(t, b.fails("ReadFileNode", node.Values{"file_path": "."}), "[Errno 21] Is a directory")
	require.Contains(t, b.fails("FileSystemSuperNode", node.Values{"action": "Read File", "file_path": "bad", "max_size": 1}), "File size (3) exceeds limit (1)")
	require.Contains(t, b.fails("FileSystemSuperNode", node.Values{"action": "parse"}), "Unknown action: parse")
}

func TestCopyAndMove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("a", "1")
	b.put("d/keep", "")
	past := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, os.Chtimes(b.path("a"), past, past))
	require.NoError(t, os.Chmod(b.path("a"), 0o640))
	b.ok("CopyFileNode", node.Values{"source_path": "a", "dest_path": "b"})
	info, err := os.Stat(b.path("b"))
	require.NoError(t, err)
	require.True(t, info.ModTime().Equal(past))
	require.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
	b.ok("CopyFileNode", node.Values{"source_path": "a", "dest_path": "d", "overwrite": true})
	require.Equal(t, "1", b.text("d/a"))
	require.Contains(t, b.fails("CopyFileNode", node.Values{"source_path": "a", "dest_path": "a", "overwrite": true}), "are the same file")
	require.Contains(t, b.fails("CopyFileNode", node.Values{"source_path": "d", "dest_path": "e"}), "Is a directory")
	super := node.Values{"action": "Copy File", "source_path": "a", "dest_path": "b"}
	require.Contains(t, b.fails("FileSystemSuperNode", super), "Destination exists: b")

	b.ok("MoveFileNode", node.Values{"source_path": "d", "dest_path": "e"})
	require.Equal(t, "1", b.text("e/a"))
	b.ok("MoveFileNode", node.Values{"source_path": "a", "dest_path": "a", "overwrite": true})
	require.Equal(t, "1", b.text("a"), "nothing is lost")
	require.Contains(t, b.fails("MoveFileNode", node.Values{"source_path": "e", "dest_path": "e/f"}), "into itself")
	require.Contains(t, b.fails("MoveFileNode", node.Values{"source_path": "a", "dest_path": "e", "overwrite": true}), "Is a directory")
	require.Contains(t, b.fails("DeleteFileNode", node.Values{"file_path": "e"}), "Is a directory")
}

// archive makes a ZIP file by hand.
func archive(t *testing.T, entries ...*zip.FileHeader) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, h := range entries {
		content := []byte(h.Comment)
		h.Comment = ""
		h.CRC32, h.UncompressedSize64, h.CompressedSize64 = crc32.ChecksumIEEE(content), uint64(len(content)), uint64(len(content))
		raw, err := w.CreateRaw(h)
		require.NoError(t, err)
		_, err = raw.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.String()
}

// entry is a file in an archive; the comment is its content.
func entry(name, content string) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Comment: content}
}

func TestUnzip_LeavesNothingOutside(t *testing.T) {
	t.Parallel()
	b := setup(t)
	unzip := node.Values{"zip_path": "a.zip", "extract_to": "out"}
	for _, name := range []string{"../evil", "../out-sibling/evil", "/tmp/casare-evil", "a/../../evil", "..", "a/../.."} {
		b.put("a.zip", archive(t, entry(name, "x")))
		require.Contains(t, b.fails("UnzipFilesNode", unzip), "Zip Slip attack detected! Entry '"+name+"'", name)
	}
	list, err := os.ReadDir(b.folder)
	require.NoError(t, err)
	require.Len(t, list, 2, "the archive and the folder")

	link := entry("link", "../..")
	link.SetMode(fs.ModeSymlink | 0o777)
	b.put("a.zip", archive(t, link, entry("link/evil", "x")))
	b.fails("UnzipFilesNode", unzip)
	info, err := os.Lstat(b.path("out/link"))
	require.NoError(t, err)
	require.True(t, info.Mode().IsRegular(), "no link is made")

	require.NoError(t, os.Symlink("/tmp", b.path("out/there")))
	b.put("a.zip", archive(t, entry("there/casare-evil", "x")))
	require.Contains(t, b.fails("UnzipFilesNode", unzip), "files.roots")
	require.NoFileExists(t, "/tmp/casare-evil")
}

func TestUnzip_Limits(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *files.Config) {
		c.MaxArchiveEntries, c.MaxArchiveBytes, c.MaxArchiveRatio = 3, 30<<20, 10
	})
	unzip := node.Values{"zip_path": "a.zip", "extract_to": "out"}
	b.put("a.zip", archive(t, entry("a", ""), entry("b", ""), entry("c", ""), entry("d", "")))
	require.Contains(t, b.fails("UnzipFilesNode", unzip), "files.max_archive_entries")
	require.NoDirExists(t, b.path("out"))

	// An archive that is nothing but a directory would take memory just by being opened.
	var many []*zip.FileHeader
	for i := range 20_000 {
		many = append(many, entry(strings.Repeat("x", 100)+strconv.Itoa(i), ""))
	}
	b.put("a.zip", archive(t, many...))
	require.Contains(t, b.fails("UnzipFilesNode", unzip), "files.max_archive_entries")

	b.put("zeros", strings.Repeat("\x00", 40<<20))
	b.ok("ZipFilesNode", node.Values{"zip_path": "a.zip", "source_path": "zeros"})
	require.Contains(t, b.fails("UnzipFilesNode", unzip), "files.max_archive_ratio")
	require.NoFileExists(t, b.path("out/zeros"))
	b.ok("ZipFilesNode", node.Values{"zip_path": "a.zip", "source_path": "zeros", "compression": "ZIP_STORED"})
	require.Contains(t, b.fails("UnzipFilesNode", unzip), "files.max_archive_bytes")
	b.put("more", "")
	b.put("most", "")
	require.Contains(t, b.fails("ZipFilesNode", node.Values{"zip_path": "b.zip", "source_path": "."}), "files.max_archive_entries")
}

func TestZip_RoundTrip(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put("src/a.txt", "1")
	b.put("src/d/ü.txt", "2")
	b.put("src/.hidden", "3")
	r := b.ok("ZipFilesNode", node.Values{"zip_path": "src/o.zip", "source_path": "src"})
	require.Equal(t, int64(3), r.Output("file_count"))
	r = b.ok("ZipFilesNode", node.Values{"zip_path": "src/o.zip", "source_path": "src"})
	require.Equal(t, int64(3), r.Output("file_count"), "an archive does not hold itself")
	r = b.ok("UnzipFilesNode", node.Values{"zip_path": "src/o.zip", "extract_to": "out"})
	require.Equal(t, value.List{b.path("out/.hidden"), b.path("out/a.txt"), b.path("out/d/ü.txt")}, r.Output("files"))
	require.Equal(t, "2", b.text("out/d/ü.txt"))
	r = b.ok("ZipFilesNode", node.Values{"zip_path": "p.zip", "source_path": "src/**/*.txt"})
	require.Equal(t, int64(2), r.Output("file_count"))
	r = b.ok("ZipFilesNode", node.Values{"zip_path": "p.zip", "source_path": "src/*", "base_dir": "."})
	require.Equal(t, int64(2), r.Output("file_count"), "as Python's glob, without hidden files")
	r = b.ok("UnzipFilesNode", node.Values{"zip_path": "p.zip", "extract_to": "out2"})
	require.Contains(t, r.Output("files"), value.Value(b.path("out2/src/a.txt")))
	require.Contains(t, b.fails("ZipFilesNode", node.Values{"zip_path": "p.zip", "source_path": "none"}), "source_path not found: none")

	b.put("cp437.zip", archive(t, &zip.FileHeader{Name: "\x81.txt", NonUTF8: true, Comment: "x"}))
	r = b.ok("UnzipFilesNode", node.Values{"zip_path": "cp437.zip", "extract_to": "out3"})
	require.Equal(t, value.List{b.path("out3/ü.txt")}, r.Output("files"))
	b.put("locked.zip", archive(t, &zip.FileHeader{Name: "a", Flags: 1, Comment: "x"}))
	require.Contains(t, b.fails("UnzipFilesNode", node.Values{"zip_path": "locked.zip", "extract_to": "out4"}), "encrypted")
}

func TestEffects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ    string
		config node.Values
		want   string
	}{
		{"ReadFileNode", nil, "read"},
		{"FileExistsNode", nil, "read"},
		{"ListFilesNode", nil, "read"},
		{"FileWatcherNode", nil, "read"},
		{"WriteFileNode", nil, "idempotent"},
		{"WriteFileNode", node.Values{"append_mode": true}, "once"},
		{"AppendFileNode", nil, "once"},
		{"MoveFileNode", nil, "once"},
		{"DeleteFileNode", nil, "once"},
		{"DeleteFileNode", node.Values{"ignore_missing": true}, "idempotent"},
		{"CopyFileNode", nil, "once"},
		{"CopyFileNode", node.Values{"overwrite": true}, "idempotent"},
		{"CreateDirectoryNode", nil, "idempotent"},
		{"CreateDirectoryNode", node.Values{"exist_ok": false}, "once"},
		{"ZipFilesNode", nil, "idempotent"},
		{"UnzipFilesNode", nil, "idempotent"},
		{"LogToFileNode", nil, "idempotent"},
		{"QRCodeNode", node.Values{"action": "read"}, "read"},
		{"FileSystemSuperNode", nil, "read"},
		{"FileSystemSuperNode", node.Values{"action": "Write File"}, "idempotent"},
		{"FileSystemSuperNode", node.Values{"action": "Append File"}, "once"},
		{"FileSystemSuperNode", node.Values{"action": "Delete File", "ignore_missing": true}, "idempotent"},
		{"FileSystemSuperNode", node.Values{"action": "{{x}}"}, "once"},
		{"StructuredDataSuperNode", node.Values{"action": "Unzip Files"}, "idempotent"},
		{"StructuredDataSuperNode", nil, "read"},
	} {
		require.Equal(t, c.want, effect(t, c.typ, c.config), "%s %v", c.typ, c.config)
	}
}
