package files

import (
	"cmp"
	"path/filepath"

	"casare"
	"casare/node"
)

// Root is a folder that workflows may use.
type Root struct {
	Path     string `yaml:"path"`
	Shared   bool   `yaml:"shared,omitempty"`    // every robot that may take the job sees the same files there
	ReadOnly bool   `yaml:"read_only,omitempty"` // nothing in it may be changed
}

// Config is the section "files" of a robot's configuration. The zero value of a field means its default.
type Config struct {
	Roots       []Root   `yaml:"roots,omitempty"`       // beside the job's workspace and the temporary folder
	Environment []string `yaml:"environment,omitempty"` // environment variables that paths may use, beside those of a person's folders
	HardLinks   bool     `yaml:"hard_links,omitempty"`  // files with several names may be read and appended to

	MaxReadBytes      int64 `yaml:"max_read_bytes,omitempty"`
	MaxEntries        int64 `yaml:"max_entries,omitempty"`
	MaxWrittenBytes   int64 `yaml:"max_written_bytes,omitempty"`
	MaxArchiveEntries int64 `yaml:"max_archive_entries,omitempty"`
	MaxArchiveBytes   int64 `yaml:"max_archive_bytes,omitempty"`
	MaxArchiveRatio   int64 `yaml:"max_archive_ratio,omitempty"`
	MaxImagePixels    int64 `yaml:"max_image_pixels,omitempty"`
}

// maxRoots is how many roots a configuration may name: each access looks at all of them.
const maxRoots = 64

// Default returns the limits of a configuration that says nothing.
func Default() Config {
	return Config{
		MaxReadBytes:      64 << 20,
		MaxEntries:        100_000,
		MaxWrittenBytes:   4 << 30,
		MaxArchiveEntries: 10_000,
		MaxArchiveBytes:   1 << 30,
		MaxArchiveRatio:   200,
		MaxImagePixels:    64_000_000,
	}
}

// Over returns c with every field that over sets taken from over; lists are taken as a whole.
func (c Config) Over(over Config) Config {
	merged := Config{
		Roots:             c.Roots,
		Environment:       c.Environment,
		HardLinks:         c.HardLinks || over.HardLinks,
		MaxReadBytes:      cmp.Or(over.MaxReadBytes, c.MaxReadBytes),
		MaxEntries:        cmp.Or(over.MaxEntries, c.MaxEntries),
		MaxWrittenBytes:   cmp.Or(over.MaxWrittenBytes, c.MaxWrittenBytes),
		MaxArchiveEntries: cmp.Or(over.MaxArchiveEntries, c.MaxArchiveEntries),
		MaxArchiveBytes:   cmp.Or(over.MaxArchiveBytes, c.MaxArchiveBytes),
		MaxArchiveRatio:   cmp.Or(over.MaxArchiveRatio, c.MaxArchiveRatio),
		MaxImagePixels:    cmp.Or(over.MaxImagePixels, c.MaxImagePixels),
	}
	if over.Roots != nil {
		merged.Roots = over.Roots
	}
	if over.Environment != nil {
		merged.Environment = over.Environment
	}
	return merged
}

// Validate reports the first rule that c, with Default under it, breaks: a *casare.Error, CodeInvalid, on the field at fault. It does not
// look at the disk: a root that is missing is an error when a job uses it.
func (c Config) Validate() error {
	if len(c.Roots) > maxRoots {
		return casare.Errorf(casare.CodeInvalid, "files.roots: %d roots are more than the %d allowed", len(c.Roots), maxRoots).On("files.roots")
	}
	for _, r := range c.Roots {
		if !filepath.IsAbs(r.Path) {
			return casare.Errorf(casare.CodeInvalid, "files.roots: %q is no absolute path", r.Path).On("files.roots")
		}
	}
	for key, limit := range map[string]int64{
		"max_read_bytes": c.MaxReadBytes, "max_entries": c.MaxEntries, "max_written_bytes": c.MaxWrittenBytes,
		"max_archive_entries": c.MaxArchiveEntries, "max_archive_bytes": c.MaxArchiveBytes,
		"max_archive_ratio": c.MaxArchiveRatio, "max_image_pixels": c.MaxImagePixels,
	} {
		if limit < 1 {
			return casare.Errorf(casare.CodeInvalid, "files.%s must be at least 1, not %d", key, limit).On("files." + key)
		}
	}
	return nil
}

// limits are c's for node types.
func (c Config) limits() node.FileLimits {
	return node.FileLimits{
		ReadBytes: c.MaxReadBytes, Entries: c.MaxEntries, WrittenBytes: c.MaxWrittenBytes, ArchiveEntries: c.MaxArchiveEntries,
		ArchiveBytes: c.MaxArchiveBytes, ArchiveRatio: c.MaxArchiveRatio, ImagePixels: c.MaxImagePixels,
	}
}
