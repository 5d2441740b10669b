package file

import (
	"archive/zip"
	"context"
	"io"
	"path/filepath"
	"strings"

	"casare/node"
	"casare/value"
)

func init() { node.Register("ZipFilesNode", func() node.Node { return new(pack) }) }

// The ways to pack, by Python's names.
const (
	stored   = "ZIP_STORED"
	deflated = "ZIP_DEFLATED"
)

type pack struct {
	path, source, base, compression string
	files                           node.Value
	dangerous                       bool
	action                          bool // part of StructuredDataSuperNode

	written    node.Opt[string]
	attachment node.Opt[value.List]
	count      node.Opt[int64]
	success    bool
}

// Spec describes the type.
func (n *pack) Spec(s *node.Spec) {
	s.Describe("Zip Files", "Packs files into a ZIP archive: those of a list, of a folder with all below it, or those that a pattern matches.")
	s.Category("file")
	n.fields(s)
	s.Example(node.Example{
		Name: "a folder", Files: map[string]string{"src/a.txt": "1", "src/d/b.txt": "2"},
		Given: node.Values{"zip_path": "o.zip", "source_path": "src"}, Wanted: node.Values{"zip_path": "<any>/o.zip", "file_count": 2},
	})
	s.Example(node.Example{
		Name: "a pattern", Files: map[string]string{"src/a.txt": "1", "src/d/b.txt": "2", "src/c.csv": ""},
		Given: node.Values{"zip_path": "o.zip", "source_path": "src/**/*.txt", "compression": stored}, Wanted: node.Values{"file_count": 2},
	})
	s.Example(node.Example{
		Name: "a list", Files: map[string]string{"a.txt": "1"}, Given: node.Values{"zip_path": "o.zip"},
		Wired: node.Values{"files": []any{"a.txt", "none.txt"}}, Wanted: node.Values{"file_count": 1},
	})
	s.Example(node.Example{Name: "nothing", Given: node.Values{"zip_path": "o.zip"}, Fails: "No files to zip"})
}

func (n *pack) fields(s *node.Spec) {
	s.String(node.In, &n.path, "zip_path").Must("zip_path is required").Widget("file").Shown(node.Essential).
		Says("The archive to make; a relative path lies in the job's workspace.")
	s.String(node.In, &n.source, "source_path").Or("").Widget("file").Shown(node.Essential).
		Says("A folder, a file, or a pattern such as in/*.txt or in/**/*.pdf; not looked at when files are given.")
	s.Any(node.In, &n.files, "files").Port(node.KindList).Says("The files to pack; those that are not there are left out.")
	base := s.String(roleOf(n.action), &n.base, "base_dir").Or("").Widget("directory")
	base.Says("The folder that names in the archive begin below; that of source_path if left out.")
	s.Choice(node.Param, &n.compression, "compression", stored, deflated).Or(deflated).Says("Whether to make the content smaller.")
	dangerousField(s, &n.dangerous)
	node.Maybe(s, node.Out, &n.written, "zip_path").Says("The archive.")
	if !n.action {
		attachmentField(s, &n.attachment)
	}
	node.Maybe(s, node.Out, &n.count, "file_count").Says("How many files are in it.")
	successField(s, &n.success)
	s.Effect(node.Idempotent)
}

// roleOf is the role of a field that only stand-alone types have a port for.
func roleOf(action bool) node.Role {
	if action {
		return node.Param
	}
	return node.In
}

// Run packs.
func (n *pack) Run(ctx context.Context, r *node.Run) error {
	if !n.action && n.compression != stored && n.compression != deflated {
		return node.Fail(node.TypeInput, "compression must be 'ZIP_STORED' or 'ZIP_DEFLATED'")
	}
	p, err := locate(r, n.path, n.dangerous)
	if err != nil {
		return err
	}
	list, base, err := n.members(ctx, r)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if n.action {
			return node.Fail("", "No files to zip. Provide 'source_path' or connect 'files' input.")
		}
		return node.Fail("", "No files to zip. Provide either 'source_path' (folder or glob pattern) or connect a 'files' list input.")
	}
	if limit := r.Files().Limits().ArchiveEntries; int64(len(list)) > limit {
		return node.OverLimit("files.max_archive_entries", "%d files are more than the %d that an archive may have", len(list), limit)
	}
	if err := makeParents(r, p.abs); err != nil {
		return err
	}
	out, err := r.Files().Create(p.abs)
	if err != nil {
		return failed(err, p.abs)
	}
	defer out.Discard()
	archive := zip.NewWriter(out)
	count := int64(0)
	for _, abs := range list {
		if abs == p.abs {
			continue // an archive does not hold itself
		}
		added, err := n.add(ctx, r, archive, abs, base)
		if err != nil {
			return failed(err, abs)
		}
		if added {
			count++
		}
	}
	if err := archive.Close(); err != nil {
		return failed(err, p.abs)
	}
	if err := out.Commit(); err != nil {
		return failed(err, p.abs)
	}
	n.written, n.count, n.success, n.attachment = node.Some(p.abs), node.Some(count), true, node.Some(value.List{p.abs})
	return nil
}

// members lists what is to be packed, and the folder that names begin below, "" for none.
func (n *pack) members(ctx context.Context, r *node.Run) (list []string, base string, err error) {
	if n.base != "" {
		p, err := locate(r, n.base, n.dangerous)
		if err != nil {
			return nil, "", err
		}
		base = p.abs
	}
	if value.Truth(n.files) {
		list, err = n.given(r)
		return list, base, err
	}
	if n.source == "" {
		return nil, base, nil
	}
	found, from, err := n.discover(ctx, r)
	if base == "" {
		base = from
	}
	return found, base, err
}

// given lists the files of the input.
func (n *pack) given(r *node.Run) ([]string, error) {
	names, ok := n.files.(value.List)
	if !ok {
		names = value.List{n.files}
	}
	list := make([]string, 0, len(names))
	for _, name := range names {
		p, err := locate(r, value.Str(name), n.dangerous)
		if err != nil {
			return nil, err
		}
		list = append(list, p.abs)
	}
	return list, nil
}

// discover finds what source_path means.
func (n *pack) discover(ctx context.Context, r *node.Run) (list []string, base string, err error) {
	prefix, pattern := splitPattern(n.source)
	p, err := locate(r, prefix, n.dangerous)
	if err != nil {
		return nil, "", err
	}
	info, err := look(r, p.abs)
	if err != nil {
		return nil, "", err
	}
	g := &globber{run: r}
	parts := []string{"**", "*"}
	switch {
	case pattern != "":
		g.visible = true
		if parts, err = patternParts(pattern); err != nil {
			return nil, "", err
		}
		if info == nil {
			return nil, p.abs, nil
		}
	case info == nil:
		return nil, "", node.Fail("", "source_path not found: %s", p.shown)
	case !info.IsDir():
		return []string{p.abs}, "", nil
	}
	matches, err := g.find(ctx, p.abs, parts)
	for _, m := range matches {
		if m.isFile {
			list = append(list, m.abs)
		}
	}
	return list, p.abs, err
}

// splitPattern divides a path before its first name with * or ?; without one there is no pattern.
func splitPattern(source string) (prefix, pattern string) {
	at := strings.IndexAny(source, "*?")
	if at < 0 {
		return source, ""
	}
	cut := strings.LastIndexFunc(source[:at], func(r rune) bool { return r == '/' || r == filepath.Separator }) + 1
	if cut == 0 {
		return ".", source
	}
	return source[:cut], source[cut:]
}

// add packs one file; one that is not there is left out, a folder is an entry without content.
func (n *pack) add(ctx context.Context, r *node.Run, archive *zip.Writer, abs, base string) (bool, error) {
	info, err := look(r, abs)
	if err != nil || info == nil {
		return false, err
	}
	name := filepath.Base(abs)
	if base != "" {
		if rel, err := filepath.Rel(base, abs); err == nil && filepath.IsLocal(rel) {
			name = filepath.ToSlash(rel)
		}
	}
	header, err := zip.FileInfoHeader(info)
	if err != nil {
		return false, err
	}
	header.Name, header.Method = name, zip.Deflate
	if n.compression == stored {
		header.Method = zip.Store
	}
	if info.IsDir() {
		header.Name, header.Method = name+"/", zip.Store
	}
	w, err := archive.CreateHeader(header)
	if err != nil || info.IsDir() {
		return err == nil, err
	}
	in, err := r.Files().Open(abs)
	if err != nil {
		return false, err
	}
	defer in.Close()
	_, err = io.Copy(w, &stoppable{ctx, in})
	return err == nil, err
}
