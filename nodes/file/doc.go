// Package file holds the node types that read and write files. All of them work through node.Files, so they reach the job's workspace and
// the folders that the robot's configuration opens, and nothing else.
//
// # Effects
//
// A step that looks at files is Read. One that leaves the same files when it runs twice is Idempotent: writing a whole file, copying
// over what is there, unpacking. One that adds, or that would fail the second time because it has been done, is Once: appending, moving,
// deleting what must be there, and whatever may not overwrite. LogToFileNode appends too, but is Idempotent: after the loss of a
// robot a line may stand twice, which is better than a job that waits for a person because of it.
//
// # Texts
//
// Text is read with Python's universal newlines (\r\n and \r become \n) and written as it is on every system. A secret is
// written as ***: a file is no place to send one to.
package file
