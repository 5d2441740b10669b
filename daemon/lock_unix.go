//go:build unix

package daemon

import (
	"os"
	"syscall"
)

// lockFile holds a file for this process until it is closed or the process ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in the robot's own folder
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// syncIsRefused says that the system does not sync folders.
func syncIsRefused(error) bool { return false }
