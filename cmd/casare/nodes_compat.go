package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"casare/executor/engine"
	"casare/node"
	"casare/workflow"
)

// The verdicts of casare nodes compat.
const (
	verdictRuns    = "runs"
	verdictDiffers = "runs with differences"
	verdictCannot  = "cannot run here"
)

// compatReport is what is known of one document before it runs.
type compatReport struct {
	File        string                `json:"file"`
	Verdict     string                `json:"verdict"`
	Problems    []workflow.Problem    `json:"problems"`    // errors and warnings
	Differences []workflow.Difference `json:"differences"` // from CasareRPA
}

func nodesCompat() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "compat FILE...",
		Short: "Tell of documents of CasareRPA whether they run here, and what will be different",
		Long: `Tell of documents of CasareRPA whether they run here, and what will be different from what CasareRPA did with them.

Exit code 0: every document runs; 1: one or more cannot run here; 2: a file cannot be read.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("at least one FILE is needed")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			reports := make([]compatReport, 0, len(args))
			failed := 0
			for _, file := range args {
				raw, err := readDocument(file)
				if err != nil {
					return err
				}
				r := compatOf(file, raw)
				if r.Verdict == verdictCannot {
					failed++
				}
				reports = append(reports, r)
			}
			out := cmd.OutOrStdout()
			if output == "json" {
				if err := printJSON(out, reports); err != nil {
					return err
				}
			} else {
				for i := range reports {
					printCompat(out, &reports[i])
				}
			}
			if failed > 0 {
				return &exitError{code: exitFailure, err: fmt.Errorf("%d of %d cannot run here", failed, len(reports)), quiet: output == "json"}
			}
			return nil
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

func compatOf(file string, raw []byte) compatReport {
	r := compatReport{File: file, Verdict: verdictRuns, Problems: []workflow.Problem{}, Differences: []workflow.Difference{}}
	doc, problems := workflow.Read(raw)
	if doc != nil {
		// Also of a document that could not be read whole: the owner wants to know everything at once.
		_, more := engine.Compile(doc, node.Default)
		problems = append(problems, more...)
		r.Differences = append(r.Differences, doc.Differences(raw, node.Default)...)
	}
	r.Problems = append(r.Problems, problems...)
	switch {
	case len(workflow.Errors(problems)) > 0:
		r.Verdict = verdictCannot
	case len(r.Differences) > 0:
		r.Verdict = verdictDiffers
	}
	return r
}

func printCompat(w io.Writer, r *compatReport) {
	fmt.Fprintf(w, "%s: %s\n", r.File, r.Verdict)
	for _, p := range r.Problems {
		kind := "error  "
		if p.Warning {
			kind = "warning"
		}
		fmt.Fprintf(w, "  %s %s\n", kind, p)
	}
	for _, d := range r.Differences {
		where := ""
		if d.Step != "" {
			where = "step " + d.Step + ": "
		}
		fmt.Fprintf(w, "  differs %s: %s%s\n", d.Rule, where, d.Message)
	}
}
