package file

import (
	"context"

	"casare/node"
)

func init() { node.Register("FileSystemSuperNode", func() node.Node { return new(fileSystem) }) }

// fileSystem does what the types for single actions do, with slightly other words in errors, and never fails over an encoding.
type fileSystem struct {
	action string

	read   read
	write  write
	add    add
	remove remove
	copy   duplicate
	move   move
	exists exists
	size   size
	info   info
	mkdir  mkdir
	files  listFiles
	folder listDirectory
}

// fileAction is one of its actions.
type fileAction struct {
	name string
	part interface {
		fields(s *node.Spec)
		Run(ctx context.Context, r *node.Run) error
	}
}

// actions lists them. The parts are told that they are parts, each time: they are zeroed between executions.
func (n *fileSystem) actions() []fileAction {
	n.read.action, n.write.action, n.add.action, n.copy.action, n.move.action = true, true, true, true, true
	return []fileAction{
		{"Read File", &n.read},
		{"Write File", &n.write},
		{"Append File", &n.add},
		{"Delete File", &n.remove},
		{"Copy File", &n.copy},
		{"Move File", &n.move},
		{"File Exists", &n.exists},
		{"Get File Size", &n.size},
		{"Get File Info", &n.info},
		{"Create Directory", &n.mkdir},
		{"List Files", &n.files},
		{"List Directory", &n.folder},
	}
}

// Spec describes the type.
func (n *fileSystem) Spec(s *node.Spec) {
	s.Describe("File System", "One of twelve things to do with files and folders.")
	s.Category("file")
	actions := n.actions()
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = a.name
	}
	s.Choice(node.Param, &n.action, "action", names...).Or(names[0]).Shown(node.Essential).Says("What to do.")
	for _, a := range actions {
		a.part.fields(s.When("action", a.name))
	}
	text := map[string]string{"a.txt": "hello"}
	for _, x := range []node.Example{
		{Name: "Read File", Given: node.Values{"file_path": "a.txt"}, Wanted: node.Values{"content": "hello", "size": 5}},
		{Name: "Write File", Given: node.Values{"file_path": "o/b.txt", "content": "x"}, Wanted: node.Values{"bytes_written": 1, "success": true}},
		{Name: "Append File", Given: node.Values{"file_path": "a.txt", "content": "!"}, Wanted: node.Values{"file_path": "<any>/a.txt"}},
		{Name: "Delete File", Given: node.Values{"file_path": "none", "ignore_missing": true}, Wanted: node.Values{"deleted_path": "<any>/none"}},
		{Name: "Copy File", Given: node.Values{"source_path": "a.txt", "dest_path": "b.txt"}, Wanted: node.Values{"bytes_copied": 5}},
		{Name: "Move File", Given: node.Values{"source_path": "a.txt", "dest_path": "b.txt"}, Wanted: node.Values{"dest_path": "<any>/b.txt"}},
		{Name: "File Exists", Given: node.Values{"path": "a.txt"}, Wanted: node.Values{"exists": true, "is_file": true, "is_dir": false}},
		{Name: "Get File Size", Given: node.Values{"file_path": "a.txt"}, Wanted: node.Values{"size": 5}},
		{Name: "Get File Info", Given: node.Values{"file_path": "a.txt"}, Wanted: node.Values{"extension": ".txt", "name": "a.txt"}},
		{Name: "Create Directory", Given: node.Values{"directory_path": "d"}, Wanted: node.Values{"dir_path": "<any>/d"}},
		{Name: "List Files", Given: node.Values{"directory_path": "."}, Wanted: node.Values{"files": []any{"<any>/a.txt"}, "count": 1}},
		{Name: "List Directory", Given: node.Values{"dir_path": ".", "dirs_only": true}, Wanted: node.Values{"items": []any{}, "count": 0}},
	} {
		x.Given["action"], x.Files = x.Name, text
		s.Example(x)
	}
	s.Example(node.Example{Name: "from where it may not", Given: node.Values{"file_path": "../../etc/passwd"}, Fails: "Path traversal detected"})
}

// Run does it.
func (n *fileSystem) Run(ctx context.Context, r *node.Run) error {
	for _, a := range n.actions() {
		if a.name == n.action {
			return a.part.Run(ctx, r)
		}
	}
	return node.Fail("", "Unknown action: %s", n.action)
}
