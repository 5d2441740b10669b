package file

import (
	"io/fs"
	"syscall"
	"time"
)

// created is what Python calls st_ctime: here the time of the last change, of content or of name and rights.
func created(info fs.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(int64(s.Ctim.Sec), int64(s.Ctim.Nsec)) //nolint:unconvert // 32 bits on some machines
	}
	return info.ModTime()
}
