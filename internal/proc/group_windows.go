package proc

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup ends the process. An error means that it is gone already.
func killGroup(p *os.Process) { _ = p.Kill() }

// askToEnd sends Ctrl-Break, the only signal a process group of its own receives on Windows.
func askToEnd(p *os.Process) {
	breakEvent := syscall.NewLazyDLL("kernel32.dll").NewProc("GenerateConsoleCtrlEvent")
	_, _, _ = breakEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(p.Pid))
}
