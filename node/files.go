package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Files is a step's access to files: the job's workspace, which relative names mean, and the folders (roots) that the robot's
// configuration opens to workflows. No name, link or race leads out of them. A missing file is fs.ErrNotExist; a refusal or a limit is an
// *Error that names the key of the configuration to change. It may be used from several goroutines.
type Files interface {
	// Workspace returns the absolute path of the folder that relative names mean. It is made when it is first used.
	Workspace() string
	// Expand fills in environment variables: $NAME and ${NAME}, on Windows also %NAME%. Unknown ones stay as they are; those
	// that workflows may not see are refused.
	Expand(name string) (string, error)
	// Path returns the clean absolute path of a name that lies in a root; nothing need be there.
	Path(name string) (string, error)
	// Stat describes what a name leads to, links followed.
	Stat(name string) (fs.FileInfo, error)
	// ReadDir lists a folder by name; more entries than Limits().Entries are refused.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Open opens an ordinary file for reading; pipes, sockets and devices are refused. The caller closes it.
	Open(name string) (*os.File, error)
	// ReadFile returns the contents of an ordinary file of at most Limits().ReadBytes.
	ReadFile(name string) ([]byte, error)
	// Create begins a file that appears, whole, with Commit; an existing one is replaced and its permissions are kept. The folder
	// must be there. The caller defers Discard.
	Create(name string) (Draft, error)
	// WriteFile writes a file as Create does.
	WriteFile(name string, data []byte) error
	// AppendFile adds to the end of a file, made if need be; the folder must be there. What it cannot write whole it takes back.
	AppendFile(name string, data []byte) error
	// Mkdir makes a folder, MkdirAll also those above it; what MkdirAll finds there already is no error when it is a folder.
	Mkdir(name string) error
	MkdirAll(name string) error
	// Remove deletes a file, a link or an empty folder.
	Remove(name string) error
	// Rename moves a file or folder, replacing a file that is there, also from one root to another.
	Rename(from, to string) error
	// Real returns a path, checked and free of links, for a library or program that opens files by itself: to read what is there, or to
	// write to a file or folder that need not be. Prefer Open and Create: nothing holds a path in place between check and use.
	Real(name string, write bool) (string, error)
	// Limits are what node types must keep when they unpack or decode.
	Limits() FileLimits
}

// Draft is a file being written. Nobody sees it before Commit.
type Draft interface {
	io.Writer
	// Like gives the file the permissions and the time of another.
	Like(info fs.FileInfo)
	// Commit puts the file in its place. After an error it is gone.
	Commit() error
	// Discard forgets the file; after Commit it does nothing.
	Discard()
}

// FileLimits are the limits of the robot's configuration, by the key files.max_… of each.
type FileLimits struct {
	ReadBytes      int64 // max_read_bytes: of a file that is held in memory
	Entries        int64 // max_entries: of a listing
	WrittenBytes   int64 // max_written_bytes: of one job, all its files together
	ArchiveEntries int64 // max_archive_entries
	ArchiveBytes   int64 // max_archive_bytes: unpacked
	ArchiveRatio   int64 // max_archive_ratio: unpacked to packed, of archives that unpack to more than 10 MiB
	ImagePixels    int64 // max_image_pixels
}

// Change is something a job wrote.
type Change struct {
	Root      string // name of the root: "workspace", "temp", or the path of a root of the configuration
	Path      string // absolute; the root itself when there were too many to tell apart
	Workspace bool   // it travels with the job
	Shared    bool   // every robot sees it
}

// OverLimit makes the error of a limit of the robot's configuration, whose key it names.
func OverLimit(key, format string, a ...any) *Error {
	return Fail("", "%s: the limit is %s in the robot's configuration", fmt.Sprintf(format, a...), key)
}

// Files returns the step's access to files.
func (r *Run) Files() Files { return r.host.Files() }

// NoFiles is the access of a run that was given none: everything is refused.
func NoFiles() Files { return noFiles{} }

type noFiles struct{}

var errNoFiles = &Error{Type: TypeExecution, Message: "this run has no access to files", Cause: errors.ErrUnsupported}

func (noFiles) Workspace() string                     { return "" }
func (noFiles) Expand(string) (string, error)         { return "", errNoFiles }
func (noFiles) Path(string) (string, error)           { return "", errNoFiles }
func (noFiles) Stat(string) (fs.FileInfo, error)      { return nil, errNoFiles }
func (noFiles) ReadDir(string) ([]fs.DirEntry, error) { return nil, errNoFiles }
func (noFiles) Open(string) (*os.File, error)         { return nil, errNoFiles }
func (noFiles) ReadFile(string) ([]byte, error)       { return nil, errNoFiles }
func (noFiles) Create(string) (Draft, error)          { return nil, errNoFiles }
func (noFiles) WriteFile(string, []byte) error        { return errNoFiles }
func (noFiles) AppendFile(string, []byte) error       { return errNoFiles }
func (noFiles) Mkdir(string) error                    { return errNoFiles }
func (noFiles) MkdirAll(string) error                 { return errNoFiles }
func (noFiles) Remove(string) error                   { return errNoFiles }
func (noFiles) Rename(string, string) error           { return errNoFiles }
func (noFiles) Real(string, bool) (string, error)     { return "", errNoFiles }
func (noFiles) Limits() FileLimits                    { return FileLimits{} }
