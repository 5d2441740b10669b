package all_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
)

var update = flag.Bool("update", false, "write testdata/effects.txt anew")

// What a type does to the world decides whether a step may run again after a crash, so that a change of it is seen and meant.
func TestEffects_OfEveryType(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, e := range node.Default.Catalogue() {
		b.WriteString(e.Type + " " + strings.Join(e.Effect, " ") + "\n")
	}
	file := filepath.Join("testdata", "effects.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "if that is meant: go test ./nodes/all -run Effects -update")
}
