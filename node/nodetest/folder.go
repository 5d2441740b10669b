package nodetest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing" //nolint:depguard // a package of test helpers

	"casare/internal/files"
	"casare/value"
)

// mark stands in a recorded case for the absolute path of the folder it runs in.
const mark = "{{$tmp}}"

// Access gives a test access to files below one folder, its workspace, with the limits of a robot that says nothing.
func Access(tb testing.TB, folder string) *files.Files {
	tb.Helper()
	access, err := files.Open(files.Access{Workspace: folder, Config: files.Default()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(access.Close)
	return access
}

// Place returns a recorded case with the folder's path in place of {{$tmp}}, also in keys.
func Place(c *value.Dict, folder string) *value.Dict {
	out, _ := place(c, filepath.ToSlash(folder)).(*value.Dict)
	return out
}

func place(v value.Value, folder string) value.Value {
	switch x := v.(type) {
	case string:
		return strings.ReplaceAll(x, mark, folder)
	case value.List:
		list := make(value.List, len(x))
		for i, item := range x {
			list[i] = place(item, folder)
		}
		return list
	case *value.Dict:
		b := value.NewDict()
		for k, item := range x.All() {
			b.Set(place(k, folder), place(item, folder))
		}
		return b.Dict()
	default:
		return v
	}
}

// furnish makes the folders and files that a case finds.
func furnish(tb testing.TB, folder string, c *value.Dict) {
	tb.Helper()
	given, _ := c.Get("dirs")
	dirs, _ := given.(value.List)
	for _, name := range dirs {
		must(tb, os.MkdirAll(filepath.Join(folder, value.Str(name)), 0o750))
	}
	for name, content := range dict(c, "files").All() {
		path := filepath.Join(folder, value.Str(name))
		must(tb, os.MkdirAll(filepath.Dir(path), 0o750))
		must(tb, os.WriteFile(path, contents(content), 0o600))
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// contents are the bytes of a file in a case: a text, or {"$bytes": base64}.
func contents(v value.Value) []byte {
	switch x := special(v).(type) {
	case string:
		return []byte(x)
	case value.Bytes:
		return []byte(x)
	default:
		return nil
	}
}

// left lists what is not in the folder as a case expects it afterwards.
func left(folder string, after *value.Dict) []string {
	var bad []string
	for name, want := range after.All() {
		if reason := leftFile(filepath.Join(folder, value.Str(name)), want); reason != "" {
			bad = append(bad, fmt.Sprintf("file %v %s", name, reason))
		}
	}
	return bad
}

func leftFile(path string, want value.Value) string {
	info, err := os.Stat(path)
	if want == nil {
		if !errors.Is(err, os.ErrNotExist) {
			return "is there"
		}
		return ""
	}
	if err != nil {
		return "is missing: " + err.Error()
	}
	if info.IsDir() {
		list, err := os.ReadDir(path)
		names := make(value.List, len(list))
		for i, e := range list {
			names[i] = e.Name()
		}
		d, _ := want.(*value.Dict)
		if expected, ok := d.Get("$dir"); err != nil || !ok || !Equal(ordered(expected), ordered(names)) {
			return fmt.Sprintf("is a folder with %s, not %s (%v)", value.Repr(names), value.Repr(want), err)
		}
		return ""
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	text, isText := want.(string)
	switch {
	case isText && Match(text, string(got)), bytes.Equal(contents(want), got),
		isText && filepath.Ext(path) == ".xml" && sameXML(text, string(got)):
		return ""
	}
	return fmt.Sprintf("holds %q, not %s", got, value.Repr(want))
}

// sameXML compares documents without regard to white space between elements.
func sameXML(a, b string) bool {
	x, errX := tokens(a)
	y, errY := tokens(b)
	return errX == nil && errY == nil && x == y
}

func tokens(text string) (string, error) {
	var out strings.Builder
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch x := t.(type) {
		case xml.CharData:
			out.WriteString(strings.TrimSpace(string(x)))
		case xml.ProcInst:
		default:
			fmt.Fprintf(&out, "%T%v", x, x)
		}
	}
}
