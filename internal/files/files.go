package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"casare/node"
)

// The names of the roots that no configuration names.
const (
	RootWorkspace = "workspace"
	RootTemp      = "temp"
)

// Access says what one job may reach.
type Access struct {
	Workspace   string   // absolute; must be there
	Temp        string   // the temporary folder; "" for none
	Config      Config   // with Default under it
	Denied      []string // absolute folders that are refused although they lie in a root; the workspace may lie in one
	AnyVariable bool     // paths may use every environment variable
}

// Files is a job's access. Open makes one; Close when the job is over.
type Files struct {
	access Access
	denied []string
	roots  []*root // the workspace first

	mu      sync.Mutex
	written int64
	changes []node.Change
	seen    map[string]bool // roots and paths in changes
}

// Files reports what was written to the engine as well.
var _ node.Files = (*Files)(nil)

// root is a folder that is opened when it is first used.
type root struct {
	site

	open   sync.Once
	handle *os.Root
	err    error
}

// site is where a root is.
type site struct {
	Root
	name      string
	real      string // the path without links; names may use either
	workspace bool
	prepare   func() error // makes the folder; nil: it is there
}

// ground is what the accesses of many jobs have in common.
type ground struct {
	access Access
	sites  []site
	denied []string
}

// survey finds the folders of an access, but for the workspace.
func survey(a Access) ground {
	g := ground{access: a}
	if a.Temp != "" {
		g.sites = append(g.sites, newSite(RootTemp, Root{Path: a.Temp}))
	}
	for _, r := range a.Config.Roots {
		g.sites = append(g.sites, newSite(r.Path, r))
	}
	for _, path := range a.Denied {
		g.denied = append(g.denied, realPath(path))
	}
	return g
}

func newSite(name string, r Root) site {
	r.Path = filepath.Clean(plain(r.Path))
	return site{Root: r, name: name, real: realPath(r.Path)}
}

// realPath is the path without links; of what is not there, that of the folder above.
func realPath(path string) string {
	if found, err := filepath.EvalSymlinks(path); err == nil {
		return found
	}
	path = filepath.Clean(path)
	if above := filepath.Dir(path); above != path {
		return filepath.Join(realPath(above), filepath.Base(path))
	}
	return path
}

// Open returns the access. The roots are opened when they are first used.
func Open(a Access) (*Files, error) {
	if !filepath.IsAbs(a.Workspace) {
		return nil, fmt.Errorf("the workspace %q is no absolute path", a.Workspace)
	}
	g := survey(a)
	return g.open(newSite(RootWorkspace, Root{Path: a.Workspace})), nil
}

// open returns the access of one job.
func (g *ground) open(workspace site) *Files {
	workspace.workspace = true
	f := &Files{access: g.access, denied: g.denied, seen: map[string]bool{}, roots: make([]*root, 0, len(g.sites)+1)}
	f.roots = append(f.roots, &root{site: workspace})
	for _, s := range g.sites {
		f.roots = append(f.roots, &root{site: s})
	}
	return f
}

// Close gives the open folders back.
func (f *Files) Close() {
	for _, r := range f.roots {
		r.open.Do(func() { r.err = os.ErrClosed })
		if r.handle != nil {
			_ = r.handle.Close()
		}
	}
}

// Workspace implements node.Files.
func (f *Files) Workspace() string { return f.roots[0].Path }

// Limits implements node.Files.
func (f *Files) Limits() node.FileLimits { return f.access.Config.limits() }

// Path implements node.Files.
func (f *Files) Path(name string) (string, error) {
	p, err := f.place(name, false)
	return p.abs, err
}

// place is where a name leads to: a path below a root.
type place struct {
	root *root
	rel  string // below the root, "." for the root itself
	abs  string
}

// place finds the root of a name and opens it.
func (f *Files) place(name string, write bool) (place, error) {
	if strings.ContainsRune(name, 0) {
		return place{}, node.Fail("", "the path %q holds a null byte", name)
	}
	abs := plain(name)
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(f.Workspace(), abs)
	}
	abs = filepath.Clean(abs)
	p := f.innermost(abs)
	if p.root == nil || !filepath.IsLocal(p.rel) {
		return place{}, f.outside(abs)
	}
	if err := p.root.start(); err != nil {
		return place{}, err
	}
	p, err := f.settle(p)
	if err != nil {
		return place{}, err
	}
	if write && p.root.ReadOnly {
		return place{}, node.Fail("", "%s may not be changed: read_only is set for %s in files.roots in the robot's configuration", abs, p.root.Path)
	}
	return p, nil
}

// innermost finds the root with the longest path that holds abs.
func (f *Files) innermost(abs string) place {
	found, longest := place{}, -1
	for _, r := range f.roots {
		for _, path := range []string{r.Path, r.real} {
			rel, ok := below(path, abs)
			if ok && len(path) > longest {
				found, longest = place{root: r, rel: rel, abs: abs}, len(path)
			}
		}
	}
	return found
}

// below says where path lies in folder.
func below(folder, path string) (rel string, ok bool) {
	rel, err := filepath.Rel(folder, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return rel, true
}

func (f *Files) outside(abs string) error {
	list := make([]string, len(f.roots))
	for i, r := range f.roots {
		list[i] = r.Path
	}
	return node.Fail("", "%s lies outside the folders that workflows may use here (%s): add its folder to files.roots in the robot's configuration",
		abs, strings.Join(list, ", "))
}

// start opens the root's folder, once.
func (r *root) start() error {
	r.open.Do(func() {
		if r.prepare != nil {
			r.err = r.prepare()
		}
		if r.err == nil {
			r.handle, r.err = os.OpenRoot(r.Path)
		}
	})
	if r.err != nil {
		return node.Fail("", "the folder %s, a root of the robot's configuration (files.roots), cannot be used: %w", r.Path, cause(r.err))
	}
	return nil
}

// settle looks where the links of a name lead, if its root holds a folder that has rules of its own: another root, which then is the one
// that counts, or a folder of the robot itself, which is refused.
func (f *Files) settle(p place) (place, error) {
	if !f.mixed(p.root) {
		return p, nil
	}
	rel, err := resolve(p.root.handle, p.rel)
	if err != nil {
		return p, f.explain(p, err)
	}
	to := filepath.Join(p.root.real, rel)
	inner := f.innermost(to)
	for _, folder := range f.denied {
		if _, hit := below(folder, to); hit && (inner.root == nil || !inner.root.workspace) {
			return p, node.Fail("", "%s belongs to the robot itself, in its data folder, and workflows may not use it", p.abs)
		}
	}
	if inner.root == nil || inner.root == p.root {
		return p, nil
	}
	inner.abs = p.abs
	return inner, inner.root.start()
}

// mixed says whether a root holds, or lies in, a folder that has rules of its own.
func (f *Files) mixed(r *root) bool {
	for _, folder := range f.denied {
		_, holds := below(r.real, folder)
		_, inside := below(folder, r.real)
		if holds || inside && !r.workspace {
			return true
		}
	}
	for _, other := range f.roots {
		if _, holds := below(r.real, other.real); holds && other != r {
			return true
		}
	}
	return false
}

// errEscapes says that a link leads out of a root.
var errEscapes = errors.New("a link leads out of the folder")

// maxLinks is how many links a path may go through.
const maxLinks = 64

// resolve follows the links of a path below a root. What is not there is taken as it is written. The answer may be old when it is used;
// only os.Root keeps the promise that nothing leads out.
func resolve(h *os.Root, rel string) (string, error) {
	done, todo := ".", strings.Split(filepath.Clean(rel), string(filepath.Separator))
	for links := 0; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		if next == "" || next == "." {
			continue
		}
		path := filepath.Join(done, next)
		if !filepath.IsLocal(path) {
			return "", errEscapes
		}
		info, err := h.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			done = path
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("more than %d links", maxLinks)
		}
		target, err := h.Readlink(path)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) || filepath.VolumeName(target) != "" {
			return "", errEscapes
		}
		todo = append(strings.Split(filepath.Clean(target), string(filepath.Separator)), todo...)
	}
	return done, nil
}

// explain turns an error of an access into one that names the absolute path, or says which link is not followed.
func (f *Files) explain(p place, err error) error {
	if err == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*node.Error](err); ok {
		return refusal
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) {
		if _, found := resolve(p.root.handle, p.rel); errors.Is(found, errEscapes) || errors.Is(err, errEscapes) {
			return node.Fail("", "%s is a link, or lies behind one, that leads out of %s; such links are not followed: "+
				"name the place itself, and add its folder to files.roots in the robot's configuration", p.abs, p.root.Path)
		}
	}
	return &fs.PathError{Op: "access", Path: p.abs, Err: cause(err)}
}

// cause takes off what the library says about its own call.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e.Err
	}
	return err
}
