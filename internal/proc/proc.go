// Package proc starts robots as child processes, each in a process group of its own, and ends them: kindly, or as a power cut
// would.
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Process is a child process that Start has started.
type Process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
	mu   sync.Mutex
	err  error
}

// Start runs program with args and env added to the environment, in a process group of its own. What it prints is appended to
// the file at logPath.
func Start(program string, args, env []string, logPath string) (*Process, error) {
	log, err := os.OpenFile(filepath.Clean(logPath), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of child: %w", err)
	}
	cmd := exec.Command(program, args...) //nolint:noctx // the caller names our own program; it is ended by Kill or Stop, not by a context
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, errors.Join(err, log.Close()))
	}
	p := &Process{cmd: cmd, log: log, done: make(chan struct{})}
	go p.reap()
	return p, nil
}

// reap waits for the end of the process; Done tells of it.
func (p *Process) reap() {
	err := p.cmd.Wait()
	p.mu.Lock()
	p.err = errors.Join(err, p.log.Close())
	p.mu.Unlock()
	close(p.done)
}

// Pid returns the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended, once Done is closed: nil for exit code 0.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Kill ends the whole process group at once, without a chance to tidy up, and waits until the process is gone.
func (p *Process) Kill() {
	killGroup(p.cmd.Process)
	<-p.done
}

// Stop asks the process to end in good order and waits; after patience, or when ctx ends, it is killed. It says how the
// process ended.
func (p *Process) Stop(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	askToEnd(p.cmd.Process)
	select {
	case <-p.done:
		return p.Err()
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("process %d had to be killed: %w", p.Pid(), context.Cause(ctx))
	}
}

// Tail returns the last bytes of a log file, at most limit.
func Tail(path string, limit int64) string {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > limit {
		if _, err := f.Seek(-limit, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	return string(text)
}
