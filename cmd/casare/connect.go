package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"casare"
	"casare/client"
	"casare/configs"
	"casare/daemon"
)

// defaultURL is where a robot serves that was told nothing.
const defaultURL = "http://127.0.0.1:8000"

// connectFlags say which mesh a command talks to.
type connectFlags struct {
	urls   []string
	key    string
	data   string
	output string
}

func (c *connectFlags) register(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringSliceVar(&c.urls, "url", nil, "URL of any robot, or CASARE_URL; several, with commas, are tried in turn (default "+defaultURL+")")
	flags.StringVar(&c.key, "key", "", "API key, or CASARE_API_KEY (default: the admin.key of a robot on this machine)")
	flags.StringVar(&c.data, "data", "", "data folder of a robot on this machine, or CASARE_DATA (default ~/casare)")
	flags.StringVarP(&c.output, "output", "o", "", `"json" prints what the API answered`)
}

// client finds URL and key: flags, then the environment, then the folder of a robot on this machine.
func (c *connectFlags) client() (*client.Client, error) {
	if c.output != "" && c.output != "json" {
		return nil, usageError("-o %q: only json is known", c.output)
	}
	folder := c.folder()
	urls, key := c.urls, c.key
	if text := os.Getenv("CASARE_URL"); len(urls) == 0 && text != "" {
		urls = strings.Split(text, ",")
	}
	if len(urls) == 0 {
		urls = []string{folderURL(folder)}
	}
	if key == "" {
		key = os.Getenv("CASARE_API_KEY")
	}
	if key == "" {
		text, err := os.ReadFile(filepath.Join(folder, daemon.AdminKeyFile))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, usageError("read the API key: %w", err)
		}
		key = strings.TrimSpace(string(text))
	}
	if key == "" {
		return nil, usageError("no API key: give --key or CASARE_API_KEY, or --data with a robot's folder (%s has no %s)", folder, daemon.AdminKeyFile)
	}
	return client.New(key, urls...), nil
}

// folder is where a robot of this machine may live.
func (c *connectFlags) folder() string {
	if c.data != "" {
		return c.data
	}
	if env := os.Getenv("CASARE_DATA"); env != "" {
		return env
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "casare"
	}
	return filepath.Join(home, "casare")
}

// folderURL is where the robot of a folder serves, as its settings say.
func folderURL(folder string) string {
	kept, err := configs.Load(filepath.Join(folder, daemon.ConfigFile))
	if err != nil || kept.HTTP == "" {
		return defaultURL
	}
	host, port, err := net.SplitHostPort(kept.HTTP)
	if err != nil {
		return defaultURL
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// answered turns an error of the API into one with an exit code.
func answered(err error) error {
	if err == nil {
		return nil
	}
	var e *casare.Error
	if !errors.As(err, &e) {
		return err
	}
	coded := &exitError{code: exitFailure, err: err}
	switch e.Code { //nolint:exhaustive // every other code is a plain failure
	case casare.CodeUnavailable, casare.CodeNotLeader:
		coded.code = exitUnreachable
	case casare.CodeInvalid, casare.CodeValidation, casare.CodeTooLarge:
		coded.code = exitUsage
		var lines []string
		for _, p := range e.Problems {
			lines = append(lines, "\n  "+strings.TrimPrefix(p.Field+": ", ": ")+p.Message)
		}
		coded.err = fmt.Errorf("%w%s", err, strings.Join(lines, ""))
	}
	return coded
}

// aboutOne is the body of a command about one thing: it asks for it by its ID and shows the answer, as JSON if that is wanted.
func aboutOne[T any](
	connect *connectFlags, ask func(ctx context.Context, c *client.Client, id string) (T, error), show func(w io.Writer, answer T) error,
) func(cmd *cobra.Command, args []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := connect.client()
		if err != nil {
			return err
		}
		defer c.Close()
		answer, err := ask(cmd.Context(), c, args[0])
		if err != nil {
			return answered(err)
		}
		if connect.output == "json" {
			return printJSON(cmd.OutOrStdout(), answer)
		}
		return show(cmd.OutOrStdout(), answer)
	}
}

// printJSON writes v as one indented object.
func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = fmt.Fprintln(w, string(text))
	return err
}

// table prints rows in columns; the first row is the head.
func table(w io.Writer, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		if _, err := fmt.Fprintln(t, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return t.Flush()
}

// clockTime shows a time to a person, "-" for never.
func clockTime(t casare.Time) string {
	if t == 0 {
		return "-"
	}
	return t.Std().Local().Format("2006-01-02 15:04:05")
}

// dash shows "-" for nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
