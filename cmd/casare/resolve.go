package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"casare"
	"casare/client"
)

func jobsResolve(connect *connectFlags) *cobra.Command {
	var r client.Resolve
	var retry, skip, fail bool
	var outputs string
	cmd := &cobra.Command{
		Use:   "resolve ID --retry | --skip | --fail",
		Short: "Decide how a job goes on that needs attention",
		Long: `A job needs attention when a step that may run only once had begun and nobody knows whether it finished, or when it could not
go on by itself; "casare jobs get ID" says why. --retry runs the step (or goes on), --skip takes it as done, --fail ends the job.`,
		Args: oneID,
		PreRunE: func(*cobra.Command, []string) error {
			switch {
			case retry && !skip && !fail:
				r.Action = casare.ResolveRetry
			case skip && !retry && !fail:
				r.Action = casare.ResolveSkip
			case fail && !retry && !skip:
				r.Action = casare.ResolveFail
			default:
				return usageError("one of --retry, --skip and --fail is needed")
			}
			if outputs != "" {
				if !json.Valid([]byte(outputs)) {
					return usageError("--outputs is no JSON")
				}
				r.Outputs = json.RawMessage(outputs)
			}
			return nil
		},
		RunE: aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Resolved, error) {
			return c.Resolve(ctx, id, r)
		}, func(w io.Writer, done client.Resolved) error {
			text := done.Message
			if done.Reason != "" {
				text += ": " + done.Reason
			}
			_, err := fmt.Fprintln(w, text)
			return err
		}),
	}
	flags := cmd.Flags()
	flags.BoolVar(&retry, "retry", false, "run the step, or go on where the job stands")
	flags.BoolVar(&skip, "skip", false, "take the step as done")
	flags.BoolVar(&fail, "fail", false, "the job has failed")
	flags.StringVar(&r.Step, "step", "", "which step, where more than one can be meant")
	flags.StringVar(&outputs, "outputs", "", "with --skip: a JSON object, what the step would have left")
	flags.StringVar(&r.Message, "message", "", "kept with the job")
	return cmd
}
