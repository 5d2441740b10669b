// Package fleet runs a mesh of real robot processes on loopback: what `casare dev` shows, and what the whole-binary tests kill,
// restart and measure.
package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"casare/client"
)

// startTimeout bounds the wait for one robot to answer.
const startTimeout = 20 * time.Second

// Config says which robots to run.
type Config struct {
	Program  string   // the casare binary
	Dir      string   // one folder a robot is made in it; robots that are there already come back
	Robots   int      // how many; 0 means 3
	HTTPPort int      // of the first robot, the others follow; 0 finds free ports
	MeshPort int      // the same, UDP
	Args     []string // more flags of `casare up`
	Env      []string // more environment, k=v
}

// Fleet is a set of robot processes that belong to one mesh.
type Fleet struct {
	cfg    Config
	robots []*Robot
	key    string
}

// Start brings the robots up: the first makes the mesh, the others join it. With an error, everything that was started has been
// ended.
func Start(ctx context.Context, cfg Config) (*Fleet, error) {
	cfg.Robots = cmp.Or(cfg.Robots, 3)
	f := &Fleet{cfg: cfg}
	for i := range cfg.Robots {
		r, err := newRobot(ctx, cfg, i)
		if err != nil {
			return nil, err
		}
		f.robots = append(f.robots, r)
	}
	if err := f.up(ctx); err != nil {
		f.Kill()
		return nil, err
	}
	return f, nil
}

func (f *Fleet) up(ctx context.Context) error {
	first := f.robots[0]
	if err := first.Start(ctx); err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(first.Data, "admin.key"))
	if err != nil {
		return fmt.Errorf("read the API key: %w", err)
	}
	token, err := os.ReadFile(filepath.Join(first.Data, "join.token"))
	if err != nil {
		return fmt.Errorf("read the join token: %w", err)
	}
	f.key = strings.TrimSpace(string(key))
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range f.robots[1:] {
		r.join, r.token = first.Mesh, strings.TrimSpace(string(token))
		group.Go(func() error { return r.Start(ctx) })
	}
	return group.Wait()
}

// Key is the API key of the mesh.
func (f *Fleet) Key() string { return f.key }

// Robots returns the robots in the order of their numbers.
func (f *Fleet) Robots() []*Robot { return f.robots }

// Client talks to the mesh through these robots, the first that answers first; through all of them if none is named.
func (f *Fleet) Client(robots ...*Robot) *client.Client {
	if len(robots) == 0 {
		robots = f.robots
	}
	urls := make([]string, 0, len(robots))
	for _, r := range robots {
		urls = append(urls, r.URL())
	}
	return client.New(f.key, urls...)
}

// Attach talks to the robot of a folder that somebody else has started, with the folder's own key. Without a key every call is
// refused.
func Attach(data, address string) *client.Client {
	key, err := os.ReadFile(filepath.Join(data, "admin.key"))
	if err != nil {
		key = nil // not made yet: what the calls answer says so
	}
	return client.NewWith(client.Config{URLs: []string{"http://" + address}, Key: strings.TrimSpace(string(key)), Patience: 2 * time.Second})
}

// Leader returns the robot that leads, asking until one does or ctx ends.
func (f *Fleet) Leader(ctx context.Context) (*Robot, error) {
	var leader *Robot
	err := f.until(ctx, func(ctx context.Context) error {
		info, err := f.Client().Mesh(ctx)
		if err != nil {
			return err
		}
		if info.LeaderID == "" {
			return errors.New("nobody leads")
		}
		for _, m := range info.Members {
			if m.RobotID == info.LeaderID {
				leader = f.byName(m.Name)
			}
		}
		if leader == nil || !leader.Running() {
			return errors.New("the leader is not among the running robots")
		}
		return nil
	})
	return leader, err
}

// Others returns the running robots that are not r.
func (f *Fleet) Others(r *Robot) []*Robot {
	var others []*Robot
	for _, o := range f.robots {
		if o != r && o.Running() {
			others = append(others, o)
		}
	}
	return others
}

func (f *Fleet) byName(name string) *Robot {
	for _, r := range f.robots {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// WaitCoordinators waits until the mesh has n living coordinators and every running robot has caught up with its leader: the mesh
// may then lose one.
func (f *Fleet) WaitCoordinators(ctx context.Context, n int) error {
	return f.until(ctx, func(ctx context.Context) error {
		info, err := f.Client().Mesh(ctx)
		if err != nil {
			return err
		}
		found := 0
		for _, m := range info.Members {
			if m.Coordinator && m.State == "alive" {
				found++
			}
		}
		if found < n || info.LeaderID == "" {
			return fmt.Errorf("%d of %d coordinators, leader %q", found, n, info.LeaderID)
		}
		return f.caughtUp(ctx, info)
	})
}

// caughtUp says which robot does not follow the leader of info yet.
func (f *Fleet) caughtUp(ctx context.Context, info client.Mesh) error {
	for _, r := range f.robots {
		if !r.Running() {
			continue
		}
		seen, err := f.Client(r).Mesh(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		if seen.LeaderID != info.LeaderID || seen.Index < info.Index {
			return fmt.Errorf("%s is at entry %d of %d and follows %q", r.Name, seen.Index, info.Index, seen.LeaderID)
		}
	}
	return nil
}

// until repeats try every 50 ms until it succeeds or ctx ends; then the error is what the last try said.
func (f *Fleet) until(ctx context.Context, try func(ctx context.Context) error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	last := errors.New("not tried")
	for {
		attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := try(attempt)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}

// Stop ends every robot in good order, all at once; it says what went wrong.
func (f *Fleet) Stop(ctx context.Context) error {
	errs := make([]error, len(f.robots))
	var group errgroup.Group
	for i, r := range f.robots {
		group.Go(func() error {
			errs[i] = r.Stop(ctx)
			return nil
		})
	}
	_ = group.Wait() // the functions return nil; their errors are in errs
	return errors.Join(errs...)
}

// Kill ends every robot at once.
func (f *Fleet) Kill() {
	for _, r := range f.robots {
		r.Kill()
	}
}

// Ports that the system does not give to outgoing connections: a robot that is down for a moment finds its own free again.
const (
	firstPort = 20000
	portCount = 12000
	portTries = 100
)

// freePort finds a port of 127.0.0.1 that is free for this network ("tcp" or "udp") at the moment.
func freePort(ctx context.Context, network string) (int, error) {
	var last error
	for range portTries {
		port := firstPort + rand.IntN(portCount) //nolint:gosec // any port will do
		if last = tryPort(ctx, network, port); last == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: %w", last)
}

func tryPort(ctx context.Context, network string, port int) error {
	var listen net.ListenConfig
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if network == "udp" {
		conn, err := listen.ListenPacket(ctx, network, address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	l, err := listen.Listen(ctx, network, address)
	if err != nil {
		return err
	}
	return l.Close()
}
