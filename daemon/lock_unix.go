//go:build unix

package daemon

import (
	"errors"
	"os"
	"syscall"
)

// lockFile holds a file for this process until it is closed or the process ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// syncIsRefused says that the system does not sync folders.
func syncIsRefused(error) bool { return false }
