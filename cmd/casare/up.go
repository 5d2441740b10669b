package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"casare/configs"
	"casare/daemon"
)

type upFlags struct {
	options daemon.Options
	labels  []string
	file    string
}

func upCommand() *cobra.Command {
	f := &upFlags{}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run a robot: create a mesh, join one, or come back to it",
		Long: `Run a robot.

The first start without --join creates a mesh and writes DIR/admin.key and DIR/join.token; with --join and --token it joins the
mesh of the robot at that address. The flags of the first start are kept in DIR/robot.yaml: later starts need only --data, and
flags given then win over the file.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags, c := cmd.Flags(), &f.options.Config
	flags.StringVar(&f.options.Data, "data", "", "folder of everything this robot keeps (required)")
	flags.StringVar(&c.HTTP, "http", "", "host:port of the API (default 127.0.0.1:8000)")
	flags.StringVar(&c.Mesh, "mesh", "", "host:port (UDP) of the mesh (default 0.0.0.0:7946)")
	flags.StringVar(&c.Advertise, "advertise", "", "host other robots reach this one at (default: found out)")
	flags.StringVar(&c.Name, "name", "", "name shown to people (default: the host's)")
	flags.StringVar(&f.options.Join, "join", "", "host:port (mesh) of any robot of the mesh to join")
	flags.StringVar(&f.options.Token, "token", "", "join token, or CASARE_TOKEN")
	flags.IntVar(&c.Slots, "slots", 0, "jobs at a time (default: the number of processors)")
	flags.StringArrayVar(&f.labels, "label", nil, "k=v, a fact for people and placement; may be repeated")
	flags.StringVar(&c.Environment, "environment", "", `run jobs of this environment (default "default")`)
	flags.StringVar(&c.LogLevel, "log-level", "", "debug, info, warn or error (default info)")
	flags.StringVar(&f.file, "config", "", "YAML file with the same settings; flags win over it")
	return cmd
}

func (f *upFlags) run(ctx context.Context, out io.Writer) error {
	if f.options.Data == "" {
		return usageError("--data is required: the folder of everything this robot keeps")
	}
	if f.options.Token == "" {
		f.options.Token = os.Getenv("CASARE_TOKEN")
	}
	for _, label := range f.labels {
		key, value, found := strings.Cut(label, "=")
		if !found {
			return usageError("--label %q is not of the form k=v", label)
		}
		if f.options.Config.Labels == nil {
			f.options.Config.Labels = map[string]string{}
		}
		f.options.Config.Labels[key] = value
	}
	if f.file != "" {
		base, err := configs.Load(f.file)
		if err != nil {
			return &exitError{code: exitUsage, err: fmt.Errorf("--config %s: %w", f.file, err)}
		}
		f.options.Config = base.Over(f.options.Config)
	}
	fatal := make(chan error, 1)
	f.options.Version = version
	f.options.Log = os.Stderr
	f.options.Fatal = func(err error) {
		select {
		case fatal <- err:
		default: // the first one ends the process
		}
	}
	d, err := daemon.Open(ctx, f.options)
	if err != nil {
		return err
	}
	f.announce(out, d)
	if err := d.Start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "robot %s (%s) serves http://%s, mesh %s\n", d.Name(), d.ID(), d.HTTPAddr(), d.MeshAddr())
	select {
	case err := <-fatal:
		slog.New(slog.NewTextHandler(os.Stderr, nil)).ErrorContext(ctx, "stopped: what must be kept could not be written", slog.Any("error", err))
		return &exitError{code: exitStorage, err: err} // nothing is acknowledged any more; a clean stop would wait for the disk
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "stopping: running jobs are handed over")
	d.Stop() //nolint:contextcheck // the context has ended: that is why the robot stops
	return nil
}

// announce says what a first start has made.
func (f *upFlags) announce(out io.Writer, d *daemon.Daemon) {
	first := d.First()
	if first == nil {
		return
	}
	if first.Joined {
		fmt.Fprintf(out, "joined mesh %s as %s\n", first.MeshID, first.Role)
		return
	}
	fmt.Fprintf(out, "created mesh %s\n", first.MeshID)
	fmt.Fprintf(out, "  API key:    %s\n", filepath.Join(f.options.Data, daemon.AdminKeyFile))
	fmt.Fprintf(out, "  join token: %s (role %s, %d uses, until %s)\n",
		filepath.Join(f.options.Data, daemon.JoinTokenFile), first.Role, first.TokenUses, first.TokenExpires.Std().Local().Format("2006-01-02 15:04 MST"))
	fmt.Fprintf(out, "  the next machine: casare up --data DIR --join %s --token \"$(cat join.token)\"\n", d.MeshAddr())
}
