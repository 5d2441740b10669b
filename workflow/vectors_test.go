package workflow_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/workflow"
)

// allTypes knows every CasareRPA type, so that the vectors are checked for what their graphs mean alone.
type allTypes struct{}

func (allTypes) Known(typ string) (string, bool)                  { return workflow.KnownType(typ) }
func (allTypes) Ports(*workflow.Step) (p workflow.Ports, ok bool) { return p, false }

// vectors returns the folder of recorded documents, which is not part of the repository.
func vectors(t *testing.T) string {
	t.Helper()
	dir := cmp.Or(os.Getenv("CASARE_VECTORS"), filepath.Join("..", "..", "shared", "vectors"))
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no vectors: set CASARE_VECTORS")
	}
	return dir
}

// A recorded document loads if and only if the recording says so, and survives being saved.
func checkVector(t *testing.T, raw []byte, refused bool) {
	t.Helper()
	d, problems := workflow.Read(raw)
	require.NotNil(t, d)
	if refused {
		require.NotEmpty(t, workflow.Errors(append(problems, d.Check(allTypes{})...)))
		return
	}
	require.Empty(t, workflow.Errors(problems))
	require.Empty(t, workflow.Errors(d.Check(allTypes{})))
	out, err := d.JSON()
	require.NoError(t, err)
	again, problems := workflow.Read(out)
	require.Empty(t, problems)
	requireSame(t, d, again)
}

func TestEngineVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(vectors(t), "engine.json"))
	require.NoError(t, err)
	var cases []struct {
		Name     string          `json:"name"`
		Workflow json.RawMessage `json:"workflow"`
		Expect   struct {
			LoadError bool `json:"load_error"`
		} `json:"expect"`
	}
	require.NoError(t, json.Unmarshal(raw, &cases))
	require.NotEmpty(t, cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			checkVector(t, c.Workflow, c.Expect.LoadError)
		})
	}
}

func TestFileVectors(t *testing.T) {
	t.Parallel()
	dir := vectors(t)
	raw, err := os.ReadFile(filepath.Join(dir, "files.json"))
	require.NoError(t, err)
	var cases []struct {
		File string `json:"file"`
	}
	require.NoError(t, json.Unmarshal(raw, &cases))
	require.NotEmpty(t, cases)
	for _, c := range cases {
		t.Run(c.File, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, "files", c.File))
			require.NoError(t, err)
			checkVector(t, raw, false)
		})
	}
}

// The examples of this repository need nothing repaired.
func TestExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../examples/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			checkVector(t, raw, false)
		})
	}
}
