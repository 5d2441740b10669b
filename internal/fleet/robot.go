package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"casare/internal/proc"
)

// stopPatience is how long a robot may take to hand over its jobs and end.
const stopPatience = 15 * time.Second

// Robot is one process of a fleet. Its methods may be called from several goroutines.
type Robot struct {
	Name string
	Data string // its folder
	HTTP string // host:port
	Mesh string // host:port, UDP

	cfg         Config
	join, token string

	mu      sync.Mutex
	process *proc.Process
}

func newRobot(ctx context.Context, cfg Config, i int) (*Robot, error) {
	httpPort, meshPort := cfg.HTTPPort+i, cfg.MeshPort+i
	var err error
	if cfg.HTTPPort == 0 {
		if httpPort, err = freePort(ctx, "tcp"); err != nil {
			return nil, err
		}
	}
	if cfg.MeshPort == 0 {
		if meshPort, err = freePort(ctx, "udp"); err != nil {
			return nil, err
		}
	}
	name := "robot-" + strconv.Itoa(i+1)
	return &Robot{
		Name: name,
		Data: filepath.Join(cfg.Dir, name),
		HTTP: net.JoinHostPort("127.0.0.1", strconv.Itoa(httpPort)),
		Mesh: net.JoinHostPort("127.0.0.1", strconv.Itoa(meshPort)),
		cfg:  cfg,
	}, nil
}

// NewJoining returns a robot of its own that joins a mesh on its first Start.
func NewJoining(ctx context.Context, cfg Config, name, join, token string) (*Robot, error) {
	r, err := newRobot(ctx, cfg, 0)
	if err != nil {
		return nil, err
	}
	r.Name, r.Data, r.join, r.token = name, filepath.Join(cfg.Dir, name), join, token
	return r, nil
}

// URL is where the robot serves its API.
func (r *Robot) URL() string { return "http://" + r.HTTP }

// LogFile is where what the robot prints is kept.
func (r *Robot) LogFile() string { return r.Data + ".log" }

// Running says whether the process is there.
func (r *Robot) Running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.alive()
}

func (r *Robot) alive() bool {
	if r.process == nil {
		return false
	}
	select {
	case <-r.process.Done():
		return false
	default:
		return true
	}
}

// Pid returns the process id, 0 when the robot is not running.
func (r *Robot) Pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.alive() {
		return 0
	}
	return r.process.Pid()
}

// Start starts the process and waits until it answers. A robot that has started before comes back with its state.
func (r *Robot) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.alive() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(r.Data), 0o700); err != nil {
		return fmt.Errorf("make the folder of %s: %w", r.Name, err)
	}
	args := append([]string{"up", "--data", r.Data, "--http", r.HTTP, "--mesh", r.Mesh, "--name", r.Name}, r.cfg.Args...)
	env := r.cfg.Env
	if r.join != "" {
		args = append(args, "--join", r.join)
		env = append([]string{"CASARE_TOKEN=" + r.token}, env...) // not an argument: arguments are visible to every user
	}
	process, err := proc.Start(r.cfg.Program, args, env, r.LogFile())
	if err != nil {
		return err
	}
	r.process = process
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := r.waitHealthy(ctx); err != nil {
		process.Kill()
		return fmt.Errorf("%s did not start: %w; its last words:\n%s", r.Name, err, proc.Tail(r.LogFile(), 2<<10))
	}
	return nil
}

func (r *Robot) waitHealthy(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if healthy(ctx, r.URL()) {
			return nil
		}
		select {
		case <-r.process.Done():
			return cmp.Or(r.process.Err(), errors.New("it ended"))
		case <-ctx.Done():
			return errors.New("it does not answer")
		case <-tick.C:
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// Kill ends the robot as a power cut would.
func (r *Robot) Kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.alive() {
		r.process.Kill()
	}
}

// Stop asks the robot to hand over and end.
func (r *Robot) Stop(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.alive() {
		return nil
	}
	if err := r.process.Stop(ctx, stopPatience); err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	return nil
}
