package file

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"casare/node"
	"casare/value"
)

func init() { node.Register("FileWatcherNode", func() node.Node { return new(watch) }) }

// The events to wait for, as documents name them.
const (
	onCreate = "create"
	onModify = "modify"
	onDelete = "delete"
	onAll    = "all"
)

// lookEvery is the time between two looks. Looking needs nothing of the system that network folders and other robots would lack.
const lookEvery = 500 * time.Millisecond

type watch struct {
	path, events string
	timeout      int64
	recursive    bool

	event, file         node.Opt[string]
	triggered, timedOut bool
}

// watchState is what the step remembers between two looks; what it saw first is kept beside it.
type watchState struct {
	End   int64 `cbor:"1,keyasint"` // Unix milliseconds
	Looks int64 `cbor:"2,keyasint"` // still to come, should the clock stand
}

const keptFiles = "files"

// Spec describes the type.
func (n *watch) Spec(s *node.Spec) {
	s.Describe("File Watcher", "Waits until a file, or a file in a folder, is made, changed or deleted. The wait outlives the robot.")
	s.Category("system")
	s.String(node.Param, &n.path, "watch_path").Must("Path is required").Widget("file").Shown(node.Essential).
		Says("The file or folder to watch; a relative path lies in the job's workspace.")
	s.Choice(node.Param, &n.events, "events", onCreate, onModify, onDelete, onAll).Or(onAll).Says("What to wait for.")
	s.Int(node.Param, &n.timeout, "timeout").Or(30).Min(1).Max(3600).Says("How many seconds to wait at most; the time limit of steps holds too.")
	s.Bool(node.Param, &n.recursive, "recursive").Or(false).Says("Of a folder: watch the folders in it too.")
	node.Maybe(s, node.Out, &n.event, "event_type").Says("What happened: created, modified or deleted.")
	node.Maybe(s, node.Out, &n.file, "file_path").Says("The file it happened to.")
	s.Bool(node.Out, &n.triggered, "triggered").Says("Whether something happened.")
	s.Bool(node.Out, &n.timedOut, "timed_out").Says("Whether the time went by without.")
	s.Effect(node.Read)
	s.Example(node.Example{
		Name: "nothing happens", Files: map[string]string{"in/a.txt": ""}, Given: node.Values{"watch_path": "in", "timeout": 1},
		Wanted: node.Values{"event_type": "", "file_path": "", "triggered": false, "timed_out": true},
	})
	s.Example(node.Example{Name: "not there", Given: node.Values{"watch_path": "none"}, Fails: "Path does not exist: none"})
}

// Run remembers what is there and begins to wait.
func (n *watch) Run(ctx context.Context, r *node.Run) error {
	abs, err := r.Files().Path(n.path)
	if err != nil {
		return err
	}
	info, err := look(r, abs)
	if err != nil {
		return err
	}
	if info == nil {
		return node.Fail("", "Path does not exist: %s", n.path)
	}
	before, err := n.files(ctx, r, abs)
	if err != nil {
		return err
	}
	timeout := time.Duration(n.timeout) * time.Second
	if n.timeout == 0 {
		timeout = 30 * time.Second // as CasareRPA takes 0
	}
	if n.timeout < 0 || n.timeout > 1<<31 {
		return node.Fail(node.TypeInput, "cannot wait for %d seconds", n.timeout)
	}
	state := watchState{}
	if err := r.State(&state); err != nil {
		return err
	}
	state.End, state.Looks = r.Now().Add(timeout).UnixMilli(), int64(timeout/lookEvery)
	r.Keep(keptFiles, before)
	r.Sleep(min(lookEvery, timeout))
	return nil
}

// Resume looks again.
func (n *watch) Resume(ctx context.Context, r *node.Run, _ node.Event) error {
	state := watchState{}
	if err := r.State(&state); err != nil {
		return err
	}
	abs, err := r.Files().Path(n.path)
	if err != nil {
		return err
	}
	now, err := n.files(ctx, r, abs)
	if err != nil {
		return err
	}
	before, _ := r.Kept(keptFiles).(*value.Dict)
	if event, file := n.difference(before, now); event != "" {
		n.event, n.file, n.triggered = node.Some(event), node.Some(file), true
		return nil
	}
	rest := time.UnixMilli(state.End).Sub(r.Now())
	if state.Looks--; rest <= 0 || state.Looks <= 0 {
		n.event, n.file, n.timedOut = node.Some(""), node.Some(""), true
		return nil
	}
	r.Sleep(min(lookEvery, rest))
	return nil
}

// files says of each file, by its path, what shows that it has changed.
func (n *watch) files(ctx context.Context, r *node.Run, abs string) (*value.Dict, error) {
	out := value.NewDict()
	info, err := look(r, abs)
	switch {
	case err != nil:
		return nil, err
	case info == nil:
		return out.Dict(), nil
	case !info.IsDir():
		out.Set(abs, trace(info))
		return out.Dict(), nil
	}
	matches, err := glob(ctx, r, abs, "*", n.recursive)
	if errors.Is(err, fs.ErrNotExist) {
		return out.Dict(), nil // deleted meanwhile
	}
	if err != nil {
		return nil, err
	}
	for _, m := range matches {
		if !m.isFile {
			continue
		}
		if info, err := look(r, m.abs); err == nil && info != nil {
			out.Set(m.abs, trace(info))
		}
	}
	return out.Dict(), nil
}

func trace(info fs.FileInfo) string {
	return strconv.FormatInt(info.Size(), 10) + " " + strconv.FormatInt(info.ModTime().UnixNano(), 10)
}

// difference finds the first thing that happened and is waited for. A new file with content has been modified too.
func (n *watch) difference(before, now *value.Dict) (event, file string) {
	wants := func(kind string) bool { return n.events == onAll || n.events == kind }
	for k, v := range now.All() {
		old, was := before.Get(k)
		switch {
		case !was && wants(onCreate):
			return "created", value.Str(k)
		case was && !value.Equal(old, v) && wants(onModify), !was && n.events == onModify && value.Str(v)[0] != '0':
			return "modified", value.Str(k)
		}
	}
	if wants(onDelete) {
		for k := range before.All() {
			if _, there := now.Get(k); !there {
				return "deleted", value.Str(k)
			}
		}
	}
	return "", ""
}
