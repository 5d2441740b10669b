// Package configs holds a robot's configuration: what `casare up` takes as flags, what it keeps in robot.yaml, and the shipped
// examples.
package configs

import (
	"bytes"
	"cmp"
	_ "embed" // the shipped configuration files
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"go.yaml.in/yaml/v3"

	"casare"
	"casare/internal/files"
)

// Robot is the shipped robot.yaml: every key with its default, as Default returns them.
//
//go:embed robot.yaml
var Robot []byte

// Config is what a robot needs to know to start. The zero value of a field means its default.
type Config struct {
	Name        string            `yaml:"name,omitempty"`        // shown to people; default: the host's name
	HTTP        string            `yaml:"http,omitempty"`        // host:port of the API; default 127.0.0.1:8000
	Mesh        string            `yaml:"mesh,omitempty"`        // host:port (UDP) of the mesh; default 0.0.0.0:7946
	Advertise   string            `yaml:"advertise,omitempty"`   // host other robots reach this one at; default: found out
	Slots       int               `yaml:"slots,omitempty"`       // jobs at a time; default: the number of processors
	Environment string            `yaml:"environment,omitempty"` // default "default"
	Labels      map[string]string `yaml:"labels,omitempty"`      // facts for people and placement
	LogLevel    string            `yaml:"log_level,omitempty"`   // debug, info, warn or error; default info
	Blobs       Blobs             `yaml:"blobs,omitempty"`       // files of the mesh kept here
	Workspace   Workspace         `yaml:"workspace,omitempty"`   // the files of jobs
	Files       files.Config      `yaml:"files,omitempty"`       // what workflows may do with files
}

// Workspace is the section "workspace": how the files of a job go on with it when it goes on elsewhere.
type Workspace struct {
	MaxBytes int64         `yaml:"max_bytes,omitempty"` // of a job's files; a job with more stays on its robot; default 1 GiB
	MaxFiles int           `yaml:"max_files,omitempty"` // of a job; default 10,000
	PinWait  time.Duration `yaml:"pin_wait,omitempty"`  // how long a job waits for the robot that alone has its files; default 10m
}

func (w Workspace) over(over Workspace) Workspace {
	return Workspace{
		MaxBytes: cmp.Or(over.MaxBytes, w.MaxBytes), MaxFiles: cmp.Or(over.MaxFiles, w.MaxFiles), PinWait: cmp.Or(over.PinWait, w.PinWait),
	}
}

func (w Workspace) validate() error {
	const most = 20_000 // records of a checkpoint are as many again
	switch {
	case w.MaxBytes < 1:
		return casare.Errorf(casare.CodeInvalid, "workspace.max_bytes must be at least 1, not %d", w.MaxBytes).On("workspace.max_bytes")
	case w.MaxFiles < 1 || w.MaxFiles > most:
		return casare.Errorf(casare.CodeInvalid, "workspace.max_files must be 1 to %d, not %d", most, w.MaxFiles).On("workspace.max_files")
	case w.PinWait < time.Second || w.PinWait > 30*24*time.Hour:
		return casare.Errorf(casare.CodeInvalid, "workspace.pin_wait must be 1s to 720h, not %s", w.PinWait).On("workspace.pin_wait")
	}
	return nil
}

// Blobs is the section "blobs": how much of the mesh's files a coordinator keeps.
type Blobs struct {
	MaxBytes int64 `yaml:"max_bytes,omitempty"` // default 20 GiB
}

// leastBlobs is room for the largest blob there may be, and some.
const leastBlobs = 4 * casare.MaxBlob

// Default returns the configuration of a robot that says nothing.
func Default() Config {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "robot"
	}
	return Config{
		Name:        host,
		HTTP:        "127.0.0.1:8000",
		Mesh:        "0.0.0.0:7946",
		Slots:       runtime.NumCPU(),
		Environment: "default",
		LogLevel:    "info",
		Blobs:       Blobs{MaxBytes: 20 << 30},
		Workspace:   Workspace{MaxBytes: 1 << 30, MaxFiles: 10_000, PinWait: 10 * time.Minute},
		Files:       files.Default(),
	}
}

// Over returns c with every field that over sets taken from over; labels are taken as a whole.
func (c Config) Over(over Config) Config {
	merged := Config{
		Name:        cmp.Or(over.Name, c.Name),
		HTTP:        cmp.Or(over.HTTP, c.HTTP),
		Mesh:        cmp.Or(over.Mesh, c.Mesh),
		Advertise:   cmp.Or(over.Advertise, c.Advertise),
		Slots:       cmp.Or(over.Slots, c.Slots),
		Environment: cmp.Or(over.Environment, c.Environment),
		LogLevel:    cmp.Or(over.LogLevel, c.LogLevel),
		Blobs:       Blobs{MaxBytes: cmp.Or(over.Blobs.MaxBytes, c.Blobs.MaxBytes)},
		Workspace:   c.Workspace.over(over.Workspace),
		Files:       c.Files.Over(over.Files),
		Labels:      c.Labels,
	}
	if over.Labels != nil {
		merged.Labels = over.Labels
	}
	return merged
}

var (
	nameRule  = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,127}$`)
	labelRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$`)
)

// Validate reports the first rule that c breaks: a *casare.Error, CodeInvalid, on the field at fault.
func (c Config) Validate() error {
	if !nameRule.MatchString(c.Name) {
		return casare.Errorf(casare.CodeInvalid, "name %q: letters, digits, space, dot, dash and underscore, at most 128", c.Name).On("name")
	}
	for field, address := range map[string]string{"http": c.HTTP, "mesh": c.Mesh} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return casare.Errorf(casare.CodeInvalid, "%s %q is not host:port: %w", field, address, err).On(field)
		}
	}
	if c.Slots < 1 || c.Slots > 1000 {
		return casare.Errorf(casare.CodeInvalid, "slots must be 1 to 1000, not %d", c.Slots).On("slots")
	}
	if !labelRule.MatchString(c.Environment) {
		return casare.Errorf(casare.CodeInvalid, "environment %q: letters, digits, dot, dash, slash and underscore, at most 63", c.Environment).On("environment")
	}
	if len(c.Labels) > 64 {
		return casare.Errorf(casare.CodeInvalid, "%d labels are more than the 64 allowed", len(c.Labels)).On("labels")
	}
	for key, value := range c.Labels {
		if !labelRule.MatchString(key) || len(value) > 256 {
			return casare.Errorf(casare.CodeInvalid, "label %q=%q: the key is letters, digits, dot, dash, slash and underscore, at most 63, the value at most 256 bytes", key, value).On("labels")
		}
	}
	if c.Blobs.MaxBytes < leastBlobs {
		return casare.Errorf(casare.CodeInvalid, "blobs.max_bytes must be at least %d, not %d", leastBlobs, c.Blobs.MaxBytes).On("blobs.max_bytes")
	}
	if err := c.Workspace.validate(); err != nil {
		return err
	}
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		return casare.Errorf(casare.CodeInvalid, "log_level %q is none of debug, info, warn, error", c.LogLevel).On("log_level")
	}
	return c.Files.Validate()
}

// Load reads a YAML file. An unknown key is an error that names it; a missing file is fs.ErrNotExist.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(text)
}

// Parse reads YAML text as Load does.
func Parse(text []byte) (Config, error) {
	var c Config
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, casare.Errorf(casare.CodeInvalid, "configuration: %w", err)
	}
	return c, nil
}

// YAML returns the text that Parse reads back as c.
func (c Config) YAML() ([]byte, error) {
	text, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	return text, nil
}
