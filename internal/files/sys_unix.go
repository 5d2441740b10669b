//go:build unix

package files

import (
	"io/fs"
	"syscall"
)

// nonblock keeps an open from waiting for the other end of a pipe.
const nonblock = syscall.O_NONBLOCK

// plain returns a path without what only the system's own interfaces need.
func plain(path string) string { return path }

// names says how many names a file has.
func names(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink) //nolint:unconvert,nolintlint // its type differs by system
	}
	return 1
}
