package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"casare/node"
	"casare/workflow"
)

func nodesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "nodes",
		Short: "What workflows are made of: list, show and try node types, look at documents",
		Long:  "What workflows are made of. Every command works on this machine alone, with no mesh.",
	}
	cmd.AddCommand(nodesList(), nodesShow(), nodesExec(), nodesCompat())
	return cmd
}

// outputFlag registers -o, which may only be "json".
func outputFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVarP(to, "output", "o", "", `"json" prints for programs`)
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if *to != "" && *to != "json" {
			return usageError("-o %q: only json is known", *to)
		}
		return nil
	}
}

func nodesList() *cobra.Command {
	var output, category string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the node types this program runs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var entries []node.Entry
			for _, e := range node.Default.Catalogue() {
				if category == "" || e.Category == category {
					entries = append(entries, e)
				}
			}
			if len(entries) == 0 {
				return usageError("--category %s: no node type is in it", category)
			}
			if output == "json" {
				return printJSON(cmd.OutOrStdout(), entries)
			}
			rows := [][]string{{"TYPE", "CATEGORY", "EFFECT", "WHAT IT DOES"}}
			for _, e := range entries {
				sentence, _, _ := strings.Cut(e.Doc, ". ")
				rows = append(rows, []string{e.Type, e.Category, strings.Join(e.Effect, "/"), strings.TrimSuffix(sentence, ".")})
			}
			return table(cmd.OutOrStdout(), rows)
		},
	}
	cmd.Flags().StringVar(&category, "category", "", "only the types of this category")
	outputFlag(cmd, &output)
	return cmd
}

func nodesShow() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "show TYPE",
		Short: "Show a node type: its ports, its properties, its examples",
		Args:  oneType,
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := entryOf(args[0])
			if err != nil {
				return err
			}
			if output == "json" {
				return printJSON(cmd.OutOrStdout(), e)
			}
			return showType(cmd.OutOrStdout(), &e)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

func oneType(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError("one TYPE is needed, not %d (casare nodes list names them)", len(args))
	}
	return nil
}

// entryOf finds a type by its name, an alias, or its name without the ending Node.
func entryOf(name string) (node.Entry, error) {
	for _, try := range []string{name, name + "Node"} {
		if e, ok := node.Default.Entry(try); ok {
			return e, nil
		}
	}
	doc := &workflow.Document{Name: "t", Steps: []*workflow.Step{{ID: "n", Type: name}}}
	for _, p := range workflow.Errors(doc.Check(node.Default)) {
		if p.Code == workflow.CodeUnknownType || p.Code == workflow.CodeUnsupportedType {
			return node.Entry{}, usageError("%s", strings.Replace(p.Message, "The step n is", name+" is", 1))
		}
	}
	return node.Entry{}, usageError("%s is no node type", name)
}

func showType(w io.Writer, e *node.Entry) error {
	fmt.Fprintf(w, "%s: %s\n%s\n\n", e.Type, e.Title, e.Doc)
	rows := [][]string{{"category", e.Category}, {"effect", strings.Join(e.Effect, ", ")}}
	if len(e.Aliases) > 0 {
		rows = append(rows, []string{"other names", strings.Join(e.Aliases, ", ")})
	}
	var ways []string
	for _, b := range e.Branches {
		ways = append(ways, branchText(&b))
	}
	if len(ways) > 0 {
		rows = append(rows, []string{"leaves by", strings.Join(ways, ", ")})
	}
	if err := table(w, rows); err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		roles []string
	}{
		{"Inputs and properties (wire, then property, then default)", []string{"in"}},
		{"Inputs by wire only", []string{"wire"}},
		{"Properties", []string{"param"}},
		{"Outputs", []string{"out"}},
	} {
		if err := showFields(w, part.title, e.Fields, part.roles[0]); err != nil {
			return err
		}
	}
	for _, x := range e.Examples {
		fmt.Fprintf(w, "\nExample: %s\n  config  %s\n", x.Name, x.Config)
		if string(x.Inputs) != "{}" {
			fmt.Fprintf(w, "  inputs  %s\n", x.Inputs)
		}
		if x.Fails != "" {
			fmt.Fprintf(w, "  fails   %s\n", x.Fails)
			continue
		}
		fmt.Fprintf(w, "  outputs %s\n", x.Outputs)
	}
	return nil
}

func branchText(b *node.BranchEntry) string {
	text := b.Name
	if text == "" {
		text = b.Format
	}
	if b.Body != "" {
		text += " (opens a " + b.Body + ")"
	}
	return text + whenText(b.When)
}

func whenText(when []node.ConditionEntry) string {
	var text strings.Builder
	for _, c := range when {
		values := make([]string, len(c.In))
		for i, v := range c.In {
			values[i] = strings.Trim(string(v), `"`)
		}
		fmt.Fprintf(&text, " if %s is %s", c.Param, strings.Join(values, " or "))
	}
	return text.String()
}

func showFields(w io.Writer, title string, fields []node.FieldEntry, role string) error {
	rows := [][]string{}
	for _, f := range fields {
		if f.Role != role {
			continue
		}
		name, notes := f.Name, []string{f.Help}
		if f.Variadic != nil {
			name += fmt.Sprintf("1…%d", f.Variadic.Max)
		}
		if f.Required {
			notes = append(notes, "Required.")
		}
		if len(f.Choices) > 0 {
			choices := make([]string, len(f.Choices))
			for i, c := range f.Choices {
				choices[i] = string(c)
			}
			notes = append(notes, "One of "+strings.Join(choices, ", ")+".")
		}
		if when := whenText(f.When); when != "" {
			notes = append(notes, "Only"+when+".")
		}
		rows = append(rows, []string{"  " + name, string(f.Kind), string(f.Default), strings.Join(notes, " ")})
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s\n", title)
	return table(w, rows)
}
