package file

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"casare/node"
)

// found is a file or folder that a pattern matches.
type found struct {
	abs    string
	isFile bool // links followed
	isDir  bool
}

// globber looks for what matches a pattern, as Python's pathlib does: * and ? and [a-z] within one name, hidden ones too, and ** for a
// folder and all below it, links to folders not followed.
type globber struct {
	run     *node.Run
	matches map[string]found
	seen    int64           // entries looked at
	counted map[string]bool // folders whose entries are among them
	visible bool            // * leaves out names that begin with a dot, as Python's glob module does

	part     string // the part of the pattern that compiled belongs to
	compiled *regexp.Regexp
}

// glob returns the matches below a folder, sorted by path.
func glob(ctx context.Context, r *node.Run, folder, pattern string, recursive bool) ([]found, error) {
	parts, err := patternParts(pattern)
	if err != nil {
		return nil, err
	}
	if recursive {
		parts = append([]string{"**"}, parts...)
	}
	if len(parts) == 0 {
		return nil, node.Fail("", "Unacceptable pattern: '%s'", pattern)
	}
	return (&globber{run: r}).find(ctx, folder, parts)
}

func (g *globber) find(ctx context.Context, folder string, parts []string) ([]found, error) {
	g.matches, g.counted = map[string]found{}, map[string]bool{}
	if err := g.walk(ctx, found{abs: folder, isDir: true}, parts); err != nil {
		return nil, err
	}
	list := make([]found, 0, len(g.matches))
	for _, m := range g.matches {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b found) int { return strings.Compare(a.abs, b.abs) })
	return list, nil
}

// patternParts checks a pattern and takes it apart.
func patternParts(pattern string) ([]string, error) {
	slashed := filepath.ToSlash(pattern)
	switch {
	case strings.Contains(pattern, ".."):
		return nil, node.Fail("", "Pattern cannot contain path traversal sequences (..)")
	case strings.HasPrefix(slashed, "/") || filepath.VolumeName(pattern) != "":
		return nil, node.Fail("", "Non-relative patterns are unsupported")
	}
	var parts []string
	for part := range strings.SplitSeq(slashed, "/") {
		if part == "" || part == "." {
			continue
		}
		if part != "**" && strings.Contains(part, "**") {
			return nil, node.Fail("", "Invalid pattern: '**' can only be an entire path component")
		}
		parts = append(parts, part)
	}
	if len(parts) > 0 && strings.HasSuffix(slashed, "/") {
		parts = append(parts, "") // folders only
	}
	return parts, nil
}

// walk follows the pattern from one place.
func (g *globber) walk(ctx context.Context, at found, parts []string) error {
	if len(parts) == 0 || parts[0] == "" {
		g.matches[at.abs] = at
		return nil
	}
	if !at.isDir {
		return nil
	}
	part, rest := parts[0], parts[1:]
	if part == "**" {
		if err := g.walk(ctx, at, rest); err != nil {
			return err
		}
	} else if !strings.ContainsAny(part, "*?[") {
		next, err := g.look(filepath.Join(at.abs, part))
		if err != nil || next == nil || len(rest) > 0 && !next.isDir {
			return err
		}
		return g.walk(ctx, *next, rest)
	}
	return g.entries(ctx, at, part, rest)
}

// entries goes through a folder: with ** into each folder in it, else to what matches.
func (g *globber) entries(ctx context.Context, at found, part string, rest []string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	list, err := g.run.Files().ReadDir(at.abs)
	if errors.Is(err, fs.ErrPermission) {
		return nil // Python goes on too
	}
	if err != nil {
		return failed(err, at.abs)
	}
	limit := g.run.Files().Limits().Entries
	if !g.counted[at.abs] {
		g.counted[at.abs] = true
		g.seen += int64(len(list))
	}
	if g.seen > limit {
		return node.OverLimit("files.max_entries", "the pattern has led to more than %d files and folders", limit)
	}
	for _, e := range list {
		abs := filepath.Join(at.abs, e.Name())
		if part == "**" {
			if e.IsDir() {
				if err := g.walk(ctx, found{abs: abs, isDir: true}, append([]string{"**"}, rest...)); err != nil {
					return err
				}
			}
			continue
		}
		if !g.fits(part, e.Name()) || g.visible && strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(part, ".") {
			continue
		}
		next := g.entry(abs, e)
		if len(rest) > 0 && !next.isDir {
			continue
		}
		if err := g.walk(ctx, next, rest); err != nil {
			return err
		}
	}
	return nil
}

// entry says what an entry of a folder is. A link that leads nowhere, or where the job may not look, is neither file nor folder.
func (g *globber) entry(abs string, e fs.DirEntry) found {
	if e.Type()&fs.ModeSymlink == 0 {
		return found{abs: abs, isFile: e.Type().IsRegular(), isDir: e.IsDir()}
	}
	info, err := g.run.Files().Stat(abs)
	if err != nil {
		return found{abs: abs}
	}
	return found{abs: abs, isFile: info.Mode().IsRegular(), isDir: info.IsDir()}
}

// look finds a path; nil when nothing is there.
func (g *globber) look(abs string) (*found, error) {
	info, err := g.run.Files().Stat(abs)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil //nolint:nilnil // nothing there is an answer
	}
	if err != nil {
		return nil, failed(err, abs)
	}
	return &found{abs: abs, isFile: info.Mode().IsRegular(), isDir: info.IsDir()}, nil
}

// fits compares a name with one part of a pattern, as Python's fnmatch does.
func (g *globber) fits(part, name string) bool {
	if part == "*" {
		return true
	}
	if g.part != part {
		g.part, g.compiled = part, nil
		if expression, err := regexp.Compile(translate(part)); err == nil {
			g.compiled = expression // else a set such as [z-a], which nothing is in
		}
	}
	return g.compiled != nil && g.compiled.MatchString(name)
}

// translate writes one part of a pattern as a regular expression.
func translate(pattern string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	if runtime.GOOS == "windows" {
		b.WriteString("(?i)")
	}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		i++
		switch c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			set, next := bracket(pattern, i)
			b.WriteString(set)
			i = next
		default:
			end := i
			for end < len(pattern) && !strings.ContainsRune("*?[", rune(pattern[end])) {
				end++
			}
			b.WriteString(regexp.QuoteMeta(pattern[i-1 : end]))
			i = end
		}
	}
	b.WriteString(`\z`)
	return b.String()
}

// bracket writes the set that begins behind a [ at i; a [ without its ] stands for itself.
func bracket(pattern string, i int) (set string, next int) {
	end := i
	if end < len(pattern) && pattern[end] == '!' {
		end++
	}
	if end < len(pattern) && pattern[end] == ']' {
		end++
	}
	for end < len(pattern) && pattern[end] != ']' {
		end++
	}
	if end >= len(pattern) {
		return `\[`, i
	}
	inner := pattern[i:end]
	var b strings.Builder
	b.WriteByte('[')
	if rest, not := strings.CutPrefix(inner, "!"); not {
		inner = rest
		b.WriteByte('^')
	}
	for _, r := range inner {
		if strings.ContainsRune(`\[]^&~|`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte(']')
	return b.String(), end + 1
}
