package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"casare"
	"casare/client"
)

func robotsCommand() *cobra.Command {
	connect := &connectFlags{}
	cmd := &cobra.Command{Use: "robots", Short: "List and show the robots of the mesh"}
	connect.register(cmd)
	cmd.AddCommand(robotsList(connect), robotsGet(connect))
	return cmd
}

func robotsList(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List robots, and say what the mesh can lose",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect.client()
			if err != nil {
				return err
			}
			defer c.Close()
			robots, err := c.Robots(cmd.Context())
			if err != nil {
				return answered(err)
			}
			out := cmd.OutOrStdout()
			if connect.output == "json" {
				return printJSON(out, robots)
			}
			mesh, err := c.Mesh(cmd.Context())
			if err != nil {
				return answered(err)
			}
			rows := [][]string{{"ID", "NAME", "STATUS", "PART", "JOBS", "CPU", "MEMORY", "ADDRESS"}}
			for _, r := range robots {
				rows = append(rows, []string{
					r.ID, r.Name, r.Status, part(mesh, r.ID), fmt.Sprintf("%d/%d", len(r.Running), r.Slots),
					fmt.Sprintf("%.0f%%", r.CPUPercent), fmt.Sprintf("%.0f MB", r.MemoryMB), dash(r.HTTP),
				})
			}
			if err := table(out, rows); err != nil {
				return err
			}
			_, err = fmt.Fprintln(out, mesh.Summary)
			return err
		},
	}
}

// part is what a robot does in the mesh besides running jobs.
func part(mesh client.Mesh, id string) string {
	for _, m := range mesh.Members {
		switch {
		case m.RobotID != id:
		case m.Leader:
			return "leader"
		case m.Coordinator:
			return "coordinator"
		}
	}
	return "-"
}

func robotsGet(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "get ID",
		Short: "Show a robot",
		Args:  oneID,
		RunE: aboutOne(connect, func(ctx context.Context, c *client.Client, id string) (client.Robot, error) {
			return c.Robot(ctx, id)
		}, func(w io.Writer, r client.Robot) error {
			return table(w, [][]string{
				{"robot", r.ID},
				{"name", r.Name},
				{"host", dash(r.Hostname)},
				{"status", r.Status},
				{"role", string(r.Role)},
				{"environment", dash(r.Environment)},
				{"capabilities", dash(strings.Join(r.Capabilities, ", "))},
				{"slots", strconv.Itoa(r.Slots)},
				{"running", dash(strings.Join(r.Running, ", "))},
				{"version", dash(r.Version)},
				{"address", dash(r.HTTP)},
				{"last heartbeat", clockTime(r.LastHeartbeat)},
			})
		}),
	}
}

func tokenCommand() *cobra.Command {
	connect := &connectFlags{}
	cmd := &cobra.Command{Use: "token", Short: "Make join tokens"}
	connect.register(cmd)
	cmd.AddCommand(tokenCreate(connect))
	return cmd
}

func tokenCreate(connect *connectFlags) *cobra.Command {
	var role string
	var ttl time.Duration
	var uses int
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a token that lets machines join the mesh",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			parsed, err := casare.ParseRole(role)
			if err != nil {
				return &exitError{code: exitUsage, err: err}
			}
			if ttl <= 0 || uses < 1 {
				return usageError("--ttl and --uses must be more than 0")
			}
			c, err := connect.client()
			if err != nil {
				return err
			}
			defer c.Close()
			token, err := c.CreateToken(cmd.Context(), parsed, ttl, uses)
			if err != nil {
				return answered(err)
			}
			if connect.output == "json" {
				return printJSON(cmd.OutOrStdout(), token)
			}
			fmt.Fprintln(cmd.OutOrStdout(), token.Text)
			fmt.Fprintf(cmd.ErrOrStderr(), "role %s, %d %s, until %s\n", token.Role, token.Uses, plural(token.Uses, "use"), clockTime(token.ExpiresAt))
			return nil
		},
	}
	cmd.Flags().StringVar(&role, "role", string(casare.RoleCoordinator), "coordinator, robot or edge")
	cmd.Flags().DurationVar(&ttl, "ttl", time.Hour, "how long it lasts")
	cmd.Flags().IntVar(&uses, "uses", 1, "how many machines may join with it")
	return cmd
}
