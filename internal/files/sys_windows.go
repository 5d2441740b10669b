//go:build windows

package files

import (
	"io/fs"
	"strings"
)

// nonblock: pipes have no names among files here.
const nonblock = 0

// plain takes the prefix for long paths off: \\?\C:\x is C:\x, \\?\UNC\server\share is \\server\share.
func plain(path string) string {
	if rest, ok := strings.CutPrefix(path, `\\?\UNC\`); ok {
		return `\\` + rest
	}
	if rest, ok := strings.CutPrefix(path, `\\?\`); ok {
		return rest
	}
	return path
}

// names says how many names a file has. The system tells only who opens the file, and making a further name needs write access there.
func names(fs.FileInfo) uint64 { return 1 }
