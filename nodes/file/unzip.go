package file

import (
	"archive/zip"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	slashpath "path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"casare/node"
	"casare/value"
	"casare/value/charset"
)

func init() { node.Register("UnzipFilesNode", func() node.Node { return new(unpack) }) }

type unpack struct {
	path, target string
	dangerous    bool

	extracted node.Opt[string]
	files     node.Opt[value.List]
	count     node.Opt[int64]
	success   bool
}

// Spec describes the type.
func (n *unpack) Spec(s *node.Spec) {
	s.Describe("Unzip Files", "Unpacks a ZIP archive into a folder, over files that are there. An archive that would leave the folder, "+
		"or grows beyond the robot's limits, is refused.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "no archive", Files: map[string]string{"bad.zip": "notzip"}, Given: node.Values{"zip_path": "bad.zip", "extract_to": "out"},
		Fails: "File is not a zip file",
	})
	s.Example(node.Example{
		Name: "an empty archive", Files: map[string]string{"empty.zip": "PK\x05\x06" + strings.Repeat("\x00", 18)},
		Given: node.Values{"zip_path": "empty.zip", "extract_to": "out"}, Wanted: node.Values{"files": []any{}, "file_count": 0, "success": true},
	})
}

func (n *unpack) fields(s *node.Spec) {
	s.String(node.In, &n.path, "zip_path").Must("zip_path is required").Widget("file").Shown(node.Essential).
		Says("The archive; a relative path lies in the job's workspace.")
	s.String(node.In, &n.target, "extract_to").Must("extract_to is required").Widget("directory").Shown(node.Essential).
		Says("The folder to unpack to; it is made if need be.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.extracted, "extract_to").Says("The folder.")
	node.Maybe(s, node.Out, &n.files, "files").Says("The absolute paths of what was unpacked, folders included.")
	node.Maybe(s, node.Out, &n.count, "file_count").Says("How many there are.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
}

// Run unpacks.
func (n *unpack) Run(ctx context.Context, r *node.Run) error {
	from, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	to, err := locate(r, n.target, n.dangerous)
	if err != nil {
		return err
	}
	if _, err := existing(r, from, "ZIP file"); err != nil {
		return err
	}
	in, err := r.Files().Open(from.abs)
	if err != nil {
		return failed(err, from.abs)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return failed(err, from.abs)
	}
	e := &extraction{run: r, limits: r.Files().Limits(), target: to.abs, packed: info.Size()}
	archive, err := e.open(in)
	if err != nil {
		return err
	}
	if err := r.Files().MkdirAll(to.abs); err != nil {
		return failed(err, to.abs)
	}
	list := value.List{}
	for _, f := range archive.File {
		abs, err := e.entry(ctx, f)
		if err != nil {
			return failed(err, abs)
		}
		list = append(list, abs)
	}
	n.extracted, n.files, n.count, n.success = node.Some(to.abs), node.Some(list), node.Some(int64(len(list))), true
	return nil
}

// extraction is one archive being unpacked.
type extraction struct {
	run    *node.Run
	limits node.FileLimits
	target string
	packed int64 // size of the archive
	done   int64 // bytes unpacked
}

// smallEnough is what any archive may unpack to, whatever the ratio.
const smallEnough = 10 << 20

// bytesPerEntry is what the directory of an archive may take for each entry that is allowed: reading it needs memory.
const bytesPerEntry = 1 << 10

var errDirectory = errors.New("the directory of the archive is too large")

// budget lets only so many bytes be read, until it is lifted.
type budget struct {
	in     io.ReaderAt
	left   int64
	lifted bool
}

// ReadAt implements io.ReaderAt.
func (b *budget) ReadAt(p []byte, at int64) (int, error) {
	if !b.lifted {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, errDirectory
		}
	}
	return b.in.ReadAt(p, at)
}

// open reads the archive's directory.
func (e *extraction) open(in io.ReaderAt) (*zip.Reader, error) {
	b := &budget{in: in, left: 1<<20 + e.limits.ArchiveEntries*bytesPerEntry}
	archive, err := zip.NewReader(b, e.packed)
	b.lifted = true
	switch {
	case errors.Is(err, errDirectory) || err == nil && int64(len(archive.File)) > e.limits.ArchiveEntries:
		return nil, node.OverLimit("files.max_archive_entries", "the archive has more than %d files", e.limits.ArchiveEntries)
	case errors.Is(err, zip.ErrInsecurePath): // entry says which
	case err != nil:
		return nil, node.Fail("", "File is not a zip file: %w", err)
	}
	archive.RegisterDecompressor(12, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	return archive, nil
}

// entry unpacks one entry. Links are written as files that hold where they lead, never made.
func (e *extraction) entry(ctx context.Context, f *zip.File) (string, error) {
	name := nameOf(f)
	local := filepath.FromSlash(slashpath.Clean(name))
	if slashpath.IsAbs(name) || !filepath.IsLocal(local) {
		return e.target, node.Fail("", "Zip Slip attack detected! Entry '%s' would extract outside the target directory. This is a security vulnerability.", name)
	}
	abs := filepath.Join(e.target, local)
	if strings.HasSuffix(name, "/") {
		return abs, e.run.Files().MkdirAll(abs)
	}
	if f.Flags&1 != 0 {
		return abs, node.Fail("", "File '%s' is encrypted, password required for extraction", name)
	}
	if err := makeParents(e.run, abs); err != nil {
		return abs, err
	}
	return abs, e.content(ctx, f, abs)
}

func (e *extraction) content(ctx context.Context, f *zip.File, abs string) error {
	in, err := f.Open()
	if err != nil {
		return node.Fail("", "unpack '%s': %w", nameOf(f), err)
	}
	defer in.Close()
	out, err := e.run.Files().Create(abs)
	if err != nil {
		return err
	}
	defer out.Discard()
	if _, err := io.Copy(&counting{e, out}, &stoppable{ctx, in}); err != nil {
		if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) {
			return node.Fail("", "Bad CRC-32 for file '%s': %w", nameOf(f), err)
		}
		return err
	}
	return out.Commit()
}

// counting keeps the limits of what is unpacked.
type counting struct {
	e   *extraction
	out io.Writer
}

// Write implements io.Writer.
func (c *counting) Write(p []byte) (int, error) {
	e := c.e
	e.done += int64(len(p))
	if e.done > e.limits.ArchiveBytes {
		return 0, node.OverLimit("files.max_archive_bytes", "the archive unpacks to more than %d bytes", e.limits.ArchiveBytes)
	}
	if e.done > smallEnough && e.done/e.limits.ArchiveRatio > e.packed {
		return 0, node.OverLimit("files.max_archive_ratio", "the archive, of %d bytes, unpacks to more than %d times its size",
			e.packed, e.limits.ArchiveRatio)
	}
	return c.out.Write(p)
}

// nameOf is the name of an entry as Python reads it: UTF-8 if the archive says so, else code page 437; but what is UTF-8 all the
// same was written by a program that forgot to say so.
func nameOf(f *zip.File) string {
	name := f.Name
	if f.Flags&0x800 == 0 && !utf8.ValidString(name) {
		if codec, err := charset.Lookup("cp437"); err == nil {
			if text, err := codec.Decode([]byte(name), "replace"); err == nil {
				name = text
			}
		}
	}
	if i := strings.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	if filepath.Separator == '\\' {
		name = filepath.ToSlash(name)
	}
	return name
}
