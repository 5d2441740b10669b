// Command casare is the whole product: a robot of the mesh, and the tools to talk to one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "dev"

// Exit codes of the command line.
const (
	exitFailure     = 1  // the command, or the workflow it ran, failed
	exitUsage       = 2  // bad flags or a bad document
	exitUnreachable = 3  // no robot answered
	exitStorage     = 74 // the disk no longer takes what must be kept (EX_IOERR)
)

// exitError carries the exit code of an error. With quiet set, everything has been said already.
type exitError struct {
	code  int
	err   error
	quiet bool
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	os.Exit(exitCode(err))
}

// exitCode prints err, unless that was done, and returns the code the process ends with.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	coded := &exitError{code: exitFailure, err: err}
	errors.As(err, &coded)
	if !coded.quiet {
		fmt.Fprintln(os.Stderr, "casare: "+err.Error())
	}
	return coded.code
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "casare",
		Short:         "A mesh of automation robots with no server in the middle",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError("%w (see casare %s --help)", err, c.Name())
	})
	cmd.AddCommand(
		upCommand(), devCommand(), runCommand(), submitCommand(), jobsCommand(), robotsCommand(), nodesCommand(), secretsCommand(), tokenCommand(),
		versionCommand(),
	)
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run:   func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version) },
	}
}
