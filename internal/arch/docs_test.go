package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var fileName = regexp.MustCompile("`([a-z_/0-9]+\\.go)`(?:[^`\n]{0,3}`([A-Za-z.]+)`)?")

// The walk through the code names files, and after each perhaps a function in it; both must be there.
func TestArchitecture_NamesFilesAndFunctionsThatExist(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	require.NoError(t, err)
	found := fileName.FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(found), 30)
	for _, m := range found {
		source, err := os.ReadFile(filepath.Join(root, m[1]))
		require.NoError(t, err, "docs/architecture.md names %s", m[1])
		name := m[2]
		if name == "" {
			continue
		}
		if i := regexp.MustCompile(`\.`).FindStringIndex(name); i != nil {
			name = name[i[1]:]
		}
		defined := regexp.MustCompile(`(?m)^(func (\([^)]*\) )?` + name + `[\[(]|type ` + name + ` )`)
		require.Regexp(t, defined, string(source), "docs/architecture.md says that %s has %s", m[1], name)
	}
}
