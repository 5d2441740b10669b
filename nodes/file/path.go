package file

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"casare/node"
)

// dangerousField declares the parameter that lets paths hold "..". The folders a job may use are the same with it.
func dangerousField(s *node.Spec, p *bool) {
	s.Bool(node.Param, p, "allow_dangerous_paths").Or(false).Shown(node.Advanced).
		Says("Accept paths with .. and names of Windows devices. The folders that workflows may use stay the same.")
}

// path is a name that a document gave.
type path struct {
	shown string // with environment variables filled in; error texts say it
	abs   string
}

// locate checks a name as CasareRPA did and finds what it stands for.
func locate(r *node.Run, name string, dangerous bool) (path, error) {
	shown, err := r.Files().Expand(name)
	if err != nil {
		return path{}, err
	}
	if !dangerous {
		if err := harmless(shown); err != nil {
			return path{}, err
		}
	}
	abs, err := r.Files().Path(shown)
	if err != nil {
		return path{}, err
	}
	return path{shown: shown, abs: abs}, nil
}

// harmless refuses what no honest path holds.
func harmless(name string) error {
	if strings.Contains(name, "..") {
		return node.Fail("", "Path traversal detected in '%s'. Paths containing '..' are not allowed.", name)
	}
	if strings.ContainsRune(name, 0) {
		return node.Fail("", "Null byte detected in path '%s'. This is a potential security exploit.", strings.ReplaceAll(name, "\x00", `\x00`))
	}
	if device := strings.ToUpper(stem(filepath.Base(name))); isDevice(device) {
		return node.Fail("", "Access to Windows device '%s' is not allowed.", device)
	}
	return nil
}

// isDevice says whether Windows takes a name for a device, in any folder.
func isDevice(name string) bool {
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL"}, name) {
		return true
	}
	return len(name) == 4 && (name[:3] == "COM" || name[:3] == "LPT") && name[3] >= '1' && name[3] <= '9'
}

// suffix is the extension with its dot, as Python's pathlib takes it: ".hidden" and "name." have none.
func suffix(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 && i < len(name)-1 {
		return name[i:]
	}
	return ""
}

// stem is the name without its extension.
func stem(name string) string { return strings.TrimSuffix(name, suffix(name)) }

// withSuffix replaces the extension of a path.
func withSuffix(abs, ext string) string {
	return filepath.Join(filepath.Dir(abs), stem(filepath.Base(abs))+ext)
}

// look describes what is at a path; nil when nothing is.
func look(r *node.Run, abs string) (fs.FileInfo, error) {
	info, err := r.Files().Stat(abs)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil //nolint:nilnil // nothing there is an answer
	}
	return info, failed(err, abs)
}

// existing describes what is at a path and fails with CasareRPA's words when nothing is.
func existing(r *node.Run, p path, what string) (fs.FileInfo, error) {
	info, err := look(r, p.abs)
	if err == nil && info == nil {
		err = node.Fail("", "%s not found: %s", what, p.shown)
	}
	return info, err
}

// makeParents makes the folders above a path.
func makeParents(r *node.Run, abs string) error {
	return failed(r.Files().MkdirAll(filepath.Dir(abs)), filepath.Dir(abs))
}

// numbered are the system's errors that documents may look for by Python's text.
var numbered = []struct {
	err  error
	text string
}{
	{fs.ErrNotExist, "[Errno 2] No such file or directory"},
	{syscall.EISDIR, "[Errno 21] Is a directory"},
	{syscall.ENOTDIR, "[Errno 20] Not a directory"},
	{syscall.ENOTEMPTY, "[Errno 39] Directory not empty"}, // also an ErrExist
	{fs.ErrExist, "[Errno 17] File exists"},
	{syscall.ENOSPC, "[Errno 28] No space left on device"},
	{fs.ErrPermission, "[Errno 13] Permission denied"},
}

// failed turns an error of the system into the step's, in Python's words.
func failed(err error, abs string) error {
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*node.Error](err); ok {
		return own
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok && e.Path != "" {
		abs = e.Path // it may have been the other of two
	}
	for _, n := range numbered {
		if errors.Is(err, n.err) {
			return &node.Error{Type: node.TypeExecution, Message: n.text + ": '" + abs + "'", Cause: err}
		}
	}
	return node.Fail("", "%s: %w", abs, err)
}
