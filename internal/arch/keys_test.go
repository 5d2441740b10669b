package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two fields under one key: the encoder leaves both out and says nothing.
func TestKeys_NoTwoFieldsOfAStructHaveTheSameNumber(t *testing.T) {
	t.Parallel()
	structs := 0
	root := filepath.Join("..", "..")
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			seen := map[string]bool{}
			for _, field := range s.Fields.List {
				if key := keyOf(t, field); key != "" {
					require.False(t, seen[key], "%s: two fields have the key %s", set.Position(field.Pos()), key)
					seen[key] = true
				}
			}
			structs += min(len(seen), 1)
			return true
		})
		return nil
	}))
	require.Greater(t, structs, 50)
}

// keyOf is the number under which a field is encoded; "" for none.
func keyOf(t *testing.T, field *ast.Field) string {
	t.Helper()
	if field.Tag == nil {
		return ""
	}
	tag, err := strconv.Unquote(field.Tag.Value)
	require.NoError(t, err)
	key, options, _ := strings.Cut(reflect.StructTag(tag).Get("cbor"), ",")
	if !strings.Contains(options, "keyasint") {
		return ""
	}
	return key
}
