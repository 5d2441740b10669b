// Package arch holds the rules of the house that a linter cannot say: which package may import which, and what the replicated
// state machine must not touch.
package arch_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "casare"

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// packages lists our own packages with what they import, test files left out.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Standard", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	require.NoError(t, err)
	found := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		found[p.ImportPath] = p
	}
	return found
}

func under(path, folder string) bool {
	return path == module+"/"+folder || strings.HasPrefix(path, module+"/"+folder+"/")
}

func TestLayers_SubsystemsMeetOnlyInDaemon(t *testing.T) {
	t.Parallel()
	subsystems := []string{"mesh", "raftstore", "blobstore", "scheduler", "executor", "api"}
	for path, p := range packages(t) {
		for _, from := range subsystems {
			if !under(path, from) {
				continue
			}
			for _, imported := range p.Imports {
				for _, to := range subsystems {
					require.False(t, to != from && under(imported, to), "%s imports %s", path, imported)
				}
			}
		}
	}
}

// Each folder names what of ours it may import besides itself and the root package.
func TestLayers_LowerPackagesImportOnlyWhatIsBelowThem(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		"value":           {},
		"session":         {},
		"runlog":          {},
		"client":          {},
		"workflow":        {"value"},
		"node":            {"value", "workflow"},
		"node/nodetest":   {"value", "workflow", "node", "internal/files"},
		"nodes":           {"value", "workflow", "node"},
		"executor/engine": {"value", "workflow", "node"},
		"mesh":            {"internal/service"},
		"raftstore":       {"internal/service"},
		"blobstore":       {"internal/service"},
		"scheduler":       {"internal/service", "session"},
		"executor":        {"internal/seal", "internal/service", "session", "runlog", "value", "workflow", "node"},
		"api":             {"internal/service", "runlog", "node", "workflow", "value"},
		"configs":         {"internal/files"},
		"internal":        {},
		"internal/files":  {"node"},
		"internal/fleet":  {"client", "internal/proc"},
	}
	for path, p := range packages(t) {
		folder := longest(allowed, strings.TrimPrefix(path, module+"/"))
		if folder == "" || under(path, "internal/meshtest") {
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module+"/") || under(imported, folder) {
				continue
			}
			ok := slices.ContainsFunc(allowed[folder], func(f string) bool { return under(imported, f) })
			require.True(t, ok, "%s imports %s", path, imported)
		}
	}
}

func longest(folders map[string][]string, path string) string {
	best := ""
	for f := range folders {
		if (path == f || strings.HasPrefix(path, f+"/")) && len(f) > len(best) {
			best = f
		}
	}
	return best
}

func TestLayers_TheRootPackageImportsOnlyTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, imported := range packages(t)[module].Imports {
		first, _, _ := strings.Cut(imported, "/")
		require.NotContains(t, first, ".", "the root package imports %s", imported)
		require.NotEqual(t, module, first, "the root package imports %s", imported)
	}
}

func TestLayers_EveryNodeCategoryIsLinked(t *testing.T) {
	t.Parallel()
	all := packages(t)
	linked := all[module+"/nodes/all"].Imports
	for path := range all {
		if under(path, "nodes") && path != module+"/nodes/all" && path != module+"/nodes" && !strings.Contains(path, "/internal") {
			require.Contains(t, linked, path, "nodes/all does not link %s", path)
		}
	}
}

// The state machine must be a pure function of state and entry: no clock, no randomness, no environment in what applies
// commands (the root package and raftstore's apply files).
func TestApply_ReadsNoClockAndNoRandomness(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	require.NoError(t, err)
	apply, err := filepath.Glob(filepath.Join(root, "raftstore", "*.go"))
	require.NoError(t, err)
	checked := 0
	for _, file := range append(files, apply...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		require.NoError(t, err)
		applies := filepath.Dir(file) == root || declaresApply(parsed)
		if !applies {
			continue
		}
		checked++
		ast.Inspect(parsed, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := x.Name + "." + sel.Sel.Name
			forbidden := name == "time.Now" || name == "time.Since" || x.Name == "rand" || x.Name == "os"
			require.False(t, forbidden, "%s uses %s", file, name)
			return true
		})
	}
	require.Greater(t, checked, 8, "the files that apply commands were not found")
}

// declaresApply says whether a file of raftstore holds an apply function: one whose name starts with "apply".
func declaresApply(f *ast.File) bool {
	return slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && strings.HasPrefix(fn.Name.Name, "apply")
	})
}
