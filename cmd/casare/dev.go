package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"casare"
	"casare/client"
	"casare/internal/fleet"
)

const (
	coordinatorsWait = 15 * time.Second
	devJobWait       = 5 * time.Minute
	devStopWait      = 20 * time.Second
	killAfterSteps   = 2
)

type devFlags struct {
	robots     int
	file       string
	killLeader bool
	once       bool
	data       string
	httpPort   int
	meshPort   int
}

func devCommand() *cobra.Command {
	f := &devFlags{}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a whole mesh on this machine, to try it out",
		Long: `Run a whole mesh on this machine, to try it out.

With --run it submits a workflow and prints each step as it happens; with --kill-leader it kills the leading robot after the
second step and starts it again. It then serves until Ctrl-C; with --once it ends with the job, with exit code 0 only if the job
completed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.robots, "robots", 3, "how many robots")
	flags.StringVar(&f.file, "run", "", "workflow to run")
	flags.BoolVar(&f.killLeader, "kill-leader", false, "kill the leader after the second step, and start it again")
	flags.BoolVar(&f.once, "once", false, "end with the job")
	flags.StringVar(&f.data, "data", "", "folder to keep the robots in (default: a temporary one, removed at the end)")
	flags.IntVar(&f.httpPort, "http-port", 8000, "HTTP port of the first robot, the others follow; 0 finds free ones")
	flags.IntVar(&f.meshPort, "mesh-port", 7946, "mesh port (UDP) of the first robot, the others follow; 0 finds free ones")
	return cmd
}

func (f *devFlags) run(ctx context.Context, out io.Writer) error {
	if f.robots < 1 || f.robots > 9 {
		return usageError("--robots must be 1 to 9, not %d", f.robots)
	}
	if f.once && f.file == "" {
		return usageError("--once needs --run: there is no job to end with")
	}
	var document []byte
	if f.file != "" {
		var err error
		if document, err = readDocument(f.file); err != nil {
			return err
		}
	}
	// When whoever reads the output goes away, the robots are stopped too.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGPIPE)
	defer stop()
	if err := f.checkPorts(ctx); err != nil {
		return err
	}
	dir, remove, err := f.folder()
	if err != nil {
		return err
	}
	defer remove()
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	began := time.Now()
	fmt.Fprintf(out, "starting %d %s in %s\n", f.robots, plural(f.robots, "robot"), dir)
	mesh, err := fleet.Start(ctx, fleet.Config{Program: program, Dir: dir, Robots: f.robots, HTTPPort: f.httpPort, MeshPort: f.meshPort})
	if err != nil {
		return err
	}
	err = f.session(ctx, devSession{out: out, mesh: mesh, document: document, began: began})
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), devStopWait)
	defer cancel()
	if stopErr := mesh.Stop(ending); stopErr != nil {
		fmt.Fprintln(out, "stopping:", stopErr)
		err = errors.Join(err, stopErr)
	} else {
		fmt.Fprintln(out, "all robots stopped")
	}
	return err
}

// folder returns where the robots live, and what to do with it at the end.
func (f *devFlags) folder() (dir string, remove func(), err error) {
	if f.data != "" {
		dir, err := filepath.Abs(f.data)
		return dir, func() {}, err
	}
	dir, err = os.MkdirTemp("", "casare-dev-")
	if err != nil {
		return "", nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil // what is left over is in the system's temporary folder
}

// checkPorts says which port is taken before anything is started.
func (f *devFlags) checkPorts(ctx context.Context) error {
	var listen net.ListenConfig
	for i := range f.robots {
		if f.httpPort == 0 || f.meshPort == 0 {
			continue // found as each robot starts
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(f.httpPort+i))
		l, err := listen.Listen(ctx, "tcp", address)
		if err != nil {
			return usageError("HTTP port %d of robot %d cannot be used, choose others with --http-port (make run RUN=\"--http-port 18000\"): %w", f.httpPort+i, i+1, err)
		}
		if err := l.Close(); err != nil {
			return fmt.Errorf("try port %d: %w", f.httpPort+i, err)
		}
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(f.meshPort+i))
		p, err := listen.ListenPacket(ctx, "udp", address)
		if err != nil {
			return usageError("mesh port %d (UDP) of robot %d cannot be used, choose others with --mesh-port (make run RUN=\"--mesh-port 17946\"): %w", f.meshPort+i, i+1, err)
		}
		if err := p.Close(); err != nil {
			return fmt.Errorf("try port %d: %w", f.meshPort+i, err)
		}
	}
	return nil
}

// devSession is one run of the mesh, from its start to its stop.
type devSession struct {
	out      io.Writer
	mesh     *fleet.Fleet
	document []byte
	began    time.Time
}

func (f *devFlags) session(ctx context.Context, s devSession) error {
	wait, cancel := context.WithTimeout(ctx, coordinatorsWait)
	defer cancel()
	if err := s.mesh.WaitCoordinators(wait, wantedCoordinators(f.robots)); err != nil {
		return fmt.Errorf("the coordinators did not come up: %w", err)
	}
	info, err := s.mesh.Client().Mesh(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "ready after %s: %s\n", time.Since(s.began).Round(100*time.Millisecond), info.Summary)
	if f.file != "" {
		if err := f.runJob(ctx, s); err != nil {
			if ctx.Err() != nil {
				return nil // Ctrl-C while the job ran is no failure
			}
			return err
		}
	}
	if f.once {
		return nil
	}
	first := s.mesh.Robots()[0]
	fmt.Fprintf(s.out, "API:  %s  (any robot answers; documentation at %s/docs)\n", first.URL(), first.URL())
	fmt.Fprintf(s.out, "key:  %s\n", filepath.Join(first.Data, "admin.key"))
	fmt.Fprintf(s.out, "try:  %s jobs list --url %s --data %s\nCtrl-C stops all robots\n", os.Args[0], first.URL(), first.Data)
	<-ctx.Done()
	return nil
}

// wantedCoordinators is how many of so many robots become coordinators.
func wantedCoordinators(robots int) int {
	switch {
	case robots >= 7:
		return 5
	case robots >= 3:
		return 3
	default:
		return 1
	}
}

// runJob submits the workflow to a robot that does not lead, if there is one, and shows it until it has ended.
func (f *devFlags) runJob(ctx context.Context, s devSession) error {
	ctx, cancel := context.WithTimeout(ctx, devJobWait)
	defer cancel()
	leader, err := s.mesh.Leader(ctx)
	if err != nil {
		return err
	}
	entry := leader
	if others := s.mesh.Others(leader); len(others) > 0 {
		entry = others[0]
	}
	submitted, err := s.mesh.Client(entry).Submit(ctx, client.Submit{
		WorkflowName: strings.TrimSuffix(filepath.Base(f.file), filepath.Ext(f.file)),
		Workflow:     json.RawMessage(s.document),
	})
	if err != nil {
		return answered(err)
	}
	fmt.Fprintf(s.out, "submitted %s to %s as job %s; %s leads\n", filepath.Base(f.file), entry.Name, submitted.JobID, leader.Name)
	show := &devWatch{devSession: s, kill: f.killLeader, names: map[string]string{}}
	// The robots that do not lead are watched first, so that the kill does not take the view away.
	watch := s.mesh.Client(append(s.mesh.Others(leader), leader)...)
	if err := watch.Watch(ctx, submitted.JobID, "", func(u client.Update) error { return show.update(ctx, u) }); err != nil {
		return answered(err)
	}
	job, err := s.mesh.Client().Job(ctx, submitted.JobID)
	if err != nil {
		return answered(err)
	}
	if show.revived != nil {
		if err := <-show.revived; err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, "result: %s\n", string(job.Result))
	fmt.Fprintf(s.out, "job %s is %s after %s, %d %s\n", job.ID, strings.ToUpper(string(job.State)), took(job), job.Attempt, plural(job.Attempt, "attempt"))
	if job.State != casare.JobCompleted {
		return &exitError{code: exitFailure, err: fmt.Errorf("job %s is %s", job.ID, job.State)}
	}
	return nil
}

// devWatch prints what happens to a job and kills the leader in the middle of it.
type devWatch struct {
	devSession
	kill    bool
	steps   int
	names   map[string]string // of robots, by id
	state   casare.JobState
	robot   string
	revived chan error // set once the leader was killed; tells how its return went
	mu      sync.Mutex // held to print: the return of the leader is told by another goroutine
}

func (w *devWatch) update(ctx context.Context, u client.Update) error {
	switch {
	case u.Job != nil:
		if u.Job.RobotName != "" {
			w.names[u.Job.RobotID] = u.Job.RobotName
		}
		if u.Job.State != w.state || u.Job.RobotID != w.robot {
			w.state, w.robot = u.Job.State, u.Job.RobotID
			w.say("job %s%s", u.Job.State, w.on())
		}
	case u.Line != nil:
		w.say("  log   %s", u.Line.Message)
	case u.Step != nil:
		return w.step(ctx, u.Step)
	}
	return nil
}

func (w *devWatch) on() string {
	if w.robot == "" {
		return ""
	}
	return " on " + dash(w.names[w.robot])
}

func (w *devWatch) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(w.out, "%6.2fs  %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

func (w *devWatch) step(ctx context.Context, e *casare.StepEvent) error {
	switch e.State {
	case casare.StepStarted:
		return nil
	case casare.StepFailed:
		w.say("  step  %s (%s) failed: %s", e.Step, e.Type, e.Message)
		return nil
	case casare.StepSkipped:
		w.say("  step  %s (%s) is disabled", e.Step, e.Type)
		return nil
	case casare.StepCompleted:
		w.say("  step  %s (%s) done, %d%%", e.Step, e.Type, e.Progress)
	}
	w.steps++
	if !w.kill || w.steps < killAfterSteps || w.revived != nil || len(w.mesh.Robots()) < 2 {
		return nil
	}
	leader, err := w.mesh.Leader(ctx)
	if err != nil {
		return err
	}
	leader.Kill()
	w.say("killed %s, the leader", leader.Name)
	w.revived = make(chan error, 1)
	go func() { // its end is awaited through revived
		began := time.Now()
		next, err := w.mesh.Leader(ctx)
		if err == nil {
			w.say("%s leads after %s", next.Name, time.Since(began).Round(10*time.Millisecond))
			err = leader.Start(ctx)
		}
		if err == nil {
			w.say("%s is back", leader.Name)
		}
		w.revived <- err
	}()
	return nil
}
