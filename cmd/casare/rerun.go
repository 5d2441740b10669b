package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"casare/client"
	"casare/value"
)

func jobsCheckpoints(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "checkpoints ID",
		Short: "List the points of a job that it can be run again from",
		Args:  oneID,
		RunE: aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Checkpoints, error) {
			var all client.Checkpoints
			for { // they come in pages
				page, err := c.Checkpoints(ctx, id, all.Next)
				if err != nil || len(page.Checkpoints) == 0 {
					return all, err
				}
				all.Checkpoints = append(all.Checkpoints, page.Checkpoints...)
				all.Total, all.Next = page.Total, page.Next
			}
		}, func(w io.Writer, all client.Checkpoints) error {
			rows := [][]string{{"CHECKPOINT", "TAKEN", "PROGRESS", "BEHIND STEP", "WHY", "HAD BEGUN"}}
			for _, c := range all.Checkpoints {
				rows = append(rows, []string{
					c.Checkpoint, clockTime(c.Time), strconv.Itoa(c.Progress) + "%", dash(c.Step), dash(c.Moment), dash(strings.Join(c.Open, ", ")),
				})
			}
			return table(w, rows)
		}),
	}
}

func jobsRerun(connect *connectFlags) *cobra.Command {
	var r client.Rerun
	var variables variableFlags
	cmd := &cobra.Command{
		Use:   "rerun ID",
		Short: "Run a job again from one of its checkpoints, with other variables",
		Long: `Make a new job that begins where another one stood: at its last checkpoint, or at the one that --checkpoint names (see "casare jobs
checkpoints"). Variables given override those of the checkpoint. A checkpoint behind which a step has run that may run only once is refused
without --repeat-once.`,
		Args: oneID,
		PreRunE: func(*cobra.Command, []string) error {
			given, err := variables.dict()
			if err != nil || given.Len() == 0 {
				return err
			}
			if r.Variables, err = value.JSON(given); err != nil {
				return usageError("variables: %w", err)
			}
			return nil
		},
		RunE: aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Submitted, error) {
			return c.Rerun(ctx, id, r)
		}, func(w io.Writer, s client.Submitted) error {
			_, err := fmt.Fprintf(w, "job %s is %s\n", s.JobID, s.Status)
			return err
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Checkpoint, "checkpoint", "", "where to begin (ATTEMPT.SEQ, default the last)")
	flags.BoolVar(&r.RepeatOnce, "repeat-once", false, "run steps again that may run only once")
	flags.StringVar(&r.RobotID, "robot", "", "run on this robot (id) and no other")
	variables.register(cmd)
	return cmd
}
