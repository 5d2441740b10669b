package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"casare"
	"casare/client"
)

func jobsCommand() *cobra.Command {
	connect := &connectFlags{}
	cmd := &cobra.Command{Use: "jobs", Short: "List, show and cancel jobs, and read their logs"}
	connect.register(cmd)
	cmd.AddCommand(jobsList(connect), jobsGet(connect), jobsCancel(connect), jobsResolve(connect), jobsCheckpoints(connect), jobsRerun(connect), jobsLogs(connect), jobsPause(connect), jobsResume(connect), jobsDebug(connect))
	return cmd
}

// oneID is the argument rule of commands about one thing.
func oneID(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError("one ID is needed, not %d", len(args))
	}
	return nil
}

func jobsList(connect *connectFlags) *cobra.Command {
	var filter client.JobFilter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List jobs, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect.client()
			if err != nil {
				return err
			}
			defer c.Close()
			jobs, err := c.Jobs(cmd.Context(), filter)
			if err != nil {
				return answered(err)
			}
			if connect.output == "json" {
				return printJSON(cmd.OutOrStdout(), jobs)
			}
			rows := [][]string{{"ID", "WORKFLOW", "STATE", "PROGRESS", "ROBOT", "CREATED", "TOOK"}}
			for _, j := range jobs.Jobs {
				rows = append(rows, []string{
					j.ID, dash(j.WorkflowName), string(j.State), strconv.Itoa(j.Progress) + "%",
					dash(j.RobotName), clockTime(j.CreatedAt), took(j),
				})
			}
			if err := table(cmd.OutOrStdout(), rows); err != nil {
				return err
			}
			if jobs.Total > len(jobs.Jobs) {
				fmt.Fprintf(cmd.OutOrStdout(), "%d of %d jobs; --limit and --offset show more\n", len(jobs.Jobs), jobs.Total)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&filter.Status, "status", "", "only jobs in this state")
	flags.StringVar(&filter.WorkflowID, "workflow", "", "only jobs of this workflow (id)")
	flags.StringVar(&filter.RobotID, "robot", "", "only jobs of this robot (id)")
	flags.IntVar(&filter.Limit, "limit", 50, "how many, at most 500")
	flags.IntVar(&filter.Offset, "offset", 0, "how many of the newest to leave out")
	return cmd
}

func jobsGet(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "get ID",
		Short: "Show a job with its result",
		Args:  oneID,
		RunE:  aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Job, error) { return c.Job(ctx, id) }, printJob),
	}
}

func jobsCancel(connect *connectFlags) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a job",
		Args:  oneID,
		RunE: aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Cancelled, error) {
			return c.Cancel(ctx, id, reason)
		}, func(w io.Writer, cancelled client.Cancelled) error {
			_, err := fmt.Fprintln(w, cancelled.Message)
			return err
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "kept with the job")
	return cmd
}

func jobsLogs(connect *connectFlags) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:   "logs ID",
		Short: "Print a job's log",
		Args:  oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect.client()
			if err != nil {
				return err
			}
			defer c.Close()
			out := cmd.OutOrStdout()
			all := client.Log{Lines: []casare.LogLine{}}
			if follow {
				return answered(c.Watch(cmd.Context(), args[0], "", func(u client.Update) error {
					if u.Line == nil {
						return nil
					}
					if connect.output == "json" {
						return printJSON(out, u.Line)
					}
					_, err := fmt.Fprintf(out, "%s %-8s %s\n", clockTime(u.Line.Time), u.Line.Level, u.Line.Message)
					return err
				}))
			}
			for since := ""; ; { // a long log comes in pages
				log, err := c.Logs(cmd.Context(), args[0], since)
				if err != nil {
					return answered(err)
				}
				if connect.output == "json" {
					all.Lines, all.Next = append(all.Lines, log.Lines...), log.Next
				}
				if len(log.Lines) == 0 {
					break
				}
				for _, l := range log.Lines {
					if connect.output != "json" {
						fmt.Fprintf(out, "%s %-8s %s\n", clockTime(l.Time), l.Level, l.Message)
					}
				}
				since = log.Next
			}
			if connect.output == "json" {
				return printJSON(out, all)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the job has ended")
	return cmd
}

// printJob shows a job to a person.
func printJob(w io.Writer, j client.Job) error {
	rows := [][]string{
		{"job", j.ID},
		{"workflow", dash(j.WorkflowName)},
		{"state", fmt.Sprintf("%s (%d%%)", j.State, j.Progress)},
		{"robot", dash(j.RobotName)},
		{"attempt", strconv.Itoa(j.Attempt)},
		{"created", clockTime(j.CreatedAt)},
		{"started", clockTime(j.StartedAt)},
		{"completed", clockTime(j.CompletedAt)},
		{"took", took(j)},
	}
	if j.Paused {
		rows = append(rows, []string{"stopped", "before step " + j.PausedAt})
	}
	if j.CurrentNode != "" && !j.State.Terminal() {
		rows = append(rows, []string{"step", j.CurrentNode})
	}
	if j.Reason != "" {
		rows = append(rows, []string{"reason", j.Reason})
	}
	if j.Error != nil {
		where := ""
		if j.Error.NodeID != "" {
			where = "step " + j.Error.NodeID + ": "
		}
		rows = append(rows, []string{"error", where + j.Error.ErrorType + ": " + j.Error.Message})
	}
	if len(j.Result) > 0 && string(j.Result) != "null" {
		rows = append(rows, []string{"result", string(j.Result)})
	}
	return table(w, rows)
}

func took(j client.Job) string {
	if j.DurationMS == nil {
		return "-"
	}
	return (time.Duration(*j.DurationMS) * time.Millisecond).String()
}
