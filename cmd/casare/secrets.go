package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"casare"
)

func secretsCommand() *cobra.Command {
	connect := &connectFlags{}
	cmd := &cobra.Command{
		Use:   "secrets",
		Short: "Set, list and delete the secrets of the mesh",
		Long:  "Set, list and delete the secrets of the mesh. A workflow uses one as {{$secret:NAME}}; nobody can read it back.",
	}
	connect.register(cmd)
	cmd.AddCommand(secretsSet(connect), secretsList(connect), secretsDelete(connect))
	return cmd
}

func secretsSet(connect *connectFlags) *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Set a secret to what comes on standard input, without a last line break",
		Example: `  casare secrets set mail-password < password.txt
  printf %s "$PASSWORD" | casare secrets set mail-password`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := casare.CheckSecretName(args[0]); err != nil {
				return usageError("%w", err)
			}
			text, err := readSecret(cmd.InOrStdin())
			if err != nil {
				return err
			}
			c, err := connect.client()
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := c.SetSecret(cmd.Context(), args[0], text, description)
			if err != nil {
				return answered(err)
			}
			if connect.output == "json" {
				return printJSON(cmd.OutOrStdout(), s)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is set (version %d)\n", s.Name, s.Version)
			return err
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "what it is for")
	return cmd
}

func oneName(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError("one NAME is needed, not %d", len(args))
	}
	return nil
}

// readSecret reads a secret's text: never from a flag, which every process of the machine could read.
func readSecret(in io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(bufio.NewReader(in), casare.MaxSecret+2))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	switch {
	case text == "":
		return "", usageError("nothing came on standard input")
	case len(text) > casare.MaxSecret:
		return "", usageError("a secret has at most %d bytes", casare.MaxSecret)
	}
	return text, nil
}

func secretsList(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the names of the secrets",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect.client()
			if err != nil {
				return err
			}
			defer c.Close()
			secrets, err := c.Secrets(cmd.Context())
			if err != nil {
				return answered(err)
			}
			if connect.output == "json" {
				return printJSON(cmd.OutOrStdout(), secrets)
			}
			rows := [][]string{{"NAME", "VERSION", "CHANGED", "DESCRIPTION"}}
			for _, s := range secrets {
				rows = append(rows, []string{s.Name, strconv.Itoa(s.Version), clockTime(s.UpdatedAt), dash(s.Description)})
			}
			return table(cmd.OutOrStdout(), rows)
		},
	}
}

func secretsDelete(connect *connectFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Forget a secret",
		Args:  oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect.client()
			if err != nil {
				return err
			}
			defer c.Close()
			if err := c.DeleteSecret(cmd.Context(), args[0]); err != nil {
				return answered(err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is deleted\n", args[0])
			return err
		},
	}
}
