package file

import (
	"io/fs"
	"syscall"
	"time"
)

// created is when the file was made.
func created(info fs.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return time.Unix(0, s.CreationTime.Nanoseconds())
	}
	return info.ModTime()
}
