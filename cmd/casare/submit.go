package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"casare"
	"casare/client"
	"casare/value"
	"casare/workflow"
)

type submitFlags struct {
	connect     connectFlags
	variables   variableFlags
	robot       string
	priority    string
	environment string
	wait        bool
	to          string
	only        string
	all         bool
	breaks      []string
}

func submitCommand() *cobra.Command {
	f := &submitFlags{}
	cmd := &cobra.Command{
		Use:   "submit FILE",
		Short: "Queue a workflow in the mesh",
		Long: `Queue a workflow in the mesh. When the command returns, a majority of coordinators has written the job to disk.

With --wait it prints the job's log while it runs and ends with 0 if the job completed, else with 1.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0])
		},
	}
	f.connect.register(cmd)
	f.variables.register(cmd)
	cmd.Flags().StringVar(&f.robot, "robot", "", "run on this robot (id) and no other")
	cmd.Flags().StringVar(&f.priority, "priority", "", "0 (first) to 20 (last), or CRITICAL, HIGH, NORMAL, LOW (default NORMAL)")
	cmd.Flags().StringVar(&f.environment, "environment", "", "run on robots of this environment")
	cmd.Flags().StringVar(&f.to, "to", "", "run only what leads to this step, and not past it")
	cmd.Flags().StringVar(&f.only, "only", "", "run only this step")
	cmd.Flags().BoolVar(&f.all, "all", false, "begin at every StartNode")
	cmd.Flags().StringArrayVar(&f.breaks, "break", nil, "stop before this step, as with jobs debug (repeatable)")
	cmd.MarkFlagsMutuallyExclusive("to", "only", "all")
	cmd.Flags().BoolVar(&f.wait, "wait", false, "follow the job until it ends")
	return cmd
}

func (f *submitFlags) run(ctx context.Context, out, errOut io.Writer, file string) error {
	raw, err := readDocument(file)
	if err != nil {
		return err
	}
	// What can be seen to be wrong is said here; which node types there are, the mesh knows.
	if _, problems := workflow.Read(raw); len(workflow.Errors(problems)) > 0 {
		printProblems(errOut, problems)
		bad := len(workflow.Errors(problems))
		return usageError("%s: %d %s in the document", file, bad, plural(bad, "problem"))
	}
	variables, err := f.variables.dict()
	if err != nil {
		return err
	}
	if f.priority != "" {
		if _, err := casare.ParsePriority(f.priority); err != nil {
			return &exitError{code: exitUsage, err: err}
		}
	}
	c, err := f.connect.client()
	if err != nil {
		return err
	}
	defer c.Close()
	request := client.Submit{
		WorkflowName: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)),
		Workflow:     raw,
		Priority:     f.priority,
		Environment:  f.environment,
		RobotID:      f.robot,
		RunTo:        f.to,
		RunStep:      f.only,
		RunAll:       f.all,
	}
	for _, text := range f.breaks {
		b, err := parseBreakpoint(text)
		if err != nil {
			return err
		}
		if request.Debug == nil {
			request.Debug = &casare.DebugSpec{}
		}
		request.Debug.Breakpoints = append(request.Debug.Breakpoints, b)
	}
	if variables.Len() > 0 {
		if request.Variables, err = value.JSON(variables); err != nil {
			return usageError("variables: %w", err)
		}
	}
	beside := besideDocuments{folder: filepath.Dir(file), read: readBounded}
	if request.Documents, err = beside.closure(ctx, raw); err != nil {
		return err
	}
	submitted, err := c.Submit(ctx, request)
	if err != nil {
		return answered(err)
	}
	if !f.wait {
		if f.connect.output == "json" {
			return printJSON(out, submitted)
		}
		_, err := fmt.Fprintf(out, "job %s is %s\n", submitted.JobID, submitted.Status)
		return err
	}
	if f.connect.output != "json" {
		fmt.Fprintf(out, "job %s\n", submitted.JobID)
	}
	return f.follow(ctx, out, c, submitted.JobID)
}

// follow shows a job until it has ended.
func (f *submitFlags) follow(ctx context.Context, out io.Writer, c *client.Client, id string) error {
	err := c.Watch(ctx, id, "", func(u client.Update) error {
		if u.Line != nil && f.connect.output != "json" {
			fmt.Fprintf(out, "%-8s %s\n", u.Line.Level, u.Line.Message)
		}
		return nil
	})
	if err != nil {
		return answered(err)
	}
	job, err := c.Job(ctx, id)
	if err != nil {
		return answered(err)
	}
	if f.connect.output == "json" {
		err = printJSON(out, job)
	} else {
		err = printJob(out, job)
	}
	if err == nil && job.State != casare.JobCompleted {
		err = &exitError{code: exitFailure, err: fmt.Errorf("job %s is %s", id, job.State), quiet: true}
	}
	return err
}
