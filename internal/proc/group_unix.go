//go:build unix

package proc

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the process and everything it started. An error means that it is gone already.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

func askToEnd(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }
