package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"casare"
	"casare/node"
	"casare/workflow"
)

// documentFolders are where CasareRPA keeps documents that others refer to, beside the one that does.
var documentFolders = []string{"", "subflows", "workflows", filepath.Join("workflows", "subflows")}

// besideDocuments finds the documents that a document on this machine refers to: where the path says, beside the document that refers, beside
// the first one, in the folders that CasareRPA uses there, and in the working folder. An id means the file of that name.
type besideDocuments struct {
	folder string // of the first document
	read   func(path string) ([]byte, error)
}

var _ node.Documents = (*besideDocuments)(nil)

// Document implements node.Documents.
func (d *besideDocuments) Document(_ context.Context, r workflow.Reference) ([]byte, error) {
	for _, path := range d.places(r) {
		raw, err := d.read(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, casare.Errorf(casare.CodeForbidden, "the %s %s: %w", r.Kind, r.Name(), err).On(r.Field)
		default:
			return raw, nil
		}
	}
	return nil, casare.Errorf(casare.CodeNotFound, "the %s %s is not there", r.Kind, r.Name()).On(r.Field)
}

// places lists where a document may lie, the likeliest first.
func (d *besideDocuments) places(r workflow.Reference) []string {
	names := d.paths(r)
	for _, file := range []string{r.File(), r.ID, r.ID + ".json"} {
		// A name only: a document must not lead out of the folders by its id.
		if file == "" || file == ".json" || file != filepath.Base(file) {
			continue
		}
		for _, folder := range documentFolders {
			names = append(names, filepath.Join(d.folder, folder, file))
		}
	}
	return slices.Compact(names)
}

// paths lists where the path of a reference may lead.
func (d *besideDocuments) paths(r workflow.Reference) []string {
	if r.Path == "" {
		return nil
	}
	given := filepath.FromSlash(strings.ReplaceAll(r.Path, `\`, "/"))
	if filepath.IsAbs(given) {
		return []string{given}
	}
	var names []string
	if r.From != "" {
		// From begins where the first document lies, unless a document with an absolute path is between.
		where := filepath.FromSlash(r.Where())
		if !filepath.IsAbs(where) {
			names = append(names, filepath.Join(d.folder, where))
		}
		names = append(names, where)
	}
	return append(names, filepath.Join(d.folder, given), given)
}

// readBounded reads a document's file.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	raw, err := io.ReadAll(io.LimitReader(f, casare.MaxDocument+1))
	if err == nil && len(raw) > casare.MaxDocument {
		err = casare.Errorf(casare.CodeTooLarge, "%s is larger than the %d KiB a workflow document may have", path, casare.MaxDocument>>10)
	}
	return raw, err
}

// closure collects the documents that one refers to, and those that they do, as a submit brings them along. What is not on this
// machine is left to the mesh, which may have stored it.
func (d *besideDocuments) closure(ctx context.Context, raw []byte) (map[string]json.RawMessage, error) {
	found := map[string]json.RawMessage{}
	if err := d.collect(ctx, raw, "", found); err != nil {
		return nil, err
	}
	return found, nil
}

func (d *besideDocuments) collect(ctx context.Context, raw []byte, from string, found map[string]json.RawMessage) error {
	doc, _ := workflow.Read(raw)
	if doc == nil {
		return nil // the mesh says what is wrong with it
	}
	for _, r := range doc.References() {
		r.From = from
		name := r.Key()
		if _, known := found[name]; r.Template || known || name == "" {
			continue
		}
		inner, err := d.Document(ctx, r)
		if casare.CodeOf(err) == casare.CodeNotFound {
			continue
		}
		if err != nil {
			return err
		}
		if len(found) == casare.MaxPinned {
			return usageError("the document refers to more than %d others", casare.MaxPinned)
		}
		found[name] = inner
		if err := d.collect(ctx, inner, r.Where(), found); err != nil {
			return err
		}
	}
	return nil
}
