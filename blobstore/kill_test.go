package blobstore_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/blobstore"
)

// killEnv makes the test binary put one blob and die at an operation: "folder\noperation".
const killEnv = "CASARE_TEST_KILL_PUT"

func killed() []byte { return bytes.Repeat([]byte("what is put when the process dies"), 10_000) }

// putAndDie is the process that dies.
func putAndDie() {
	dir, op, _ := bytes.Cut([]byte(os.Getenv(killEnv)), []byte("\n"))
	w := &world{members: []blobstore.Member{{ID: "a", Voter: true}}, leader: "a"}
	cfg := blobstore.Config{Dir: string(dir), RobotID: "a", Network: &end{}, State: view{w, "a"}}
	s, err := blobstore.Open(cfg.Breaking(func(operation string) error {
		if operation == string(op) {
			os.Exit(7) //nolint:forbidigo // like a kill: nothing is closed, deferred or deleted
		}
		return nil
	}))
	if err == nil {
		_, err = s.Put(context.Background(), bytes.NewReader(killed()), int64(len(killed())))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(3) //nolint:forbidigo // it is a process of its own
}

func TestPut_KilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, op := range []string{blobstore.OpWrite, blobstore.OpSync, blobstore.OpRename, blobstore.OpSyncDir} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "blobs")
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), killEnv+"="+dir+"\n"+op)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 7, exit.ExitCode(), "%s", out)

			w := newWorld(t, "a")
			a := &robot{id: "a", dir: dir}
			w.launch(a)
			w.clean(a)
			// It is there whole or not at all; and it can be put again.
			status, err := a.Status(t.Context())
			require.NoError(t, err)
			if status.Held > 0 {
				w.want(a, killed())
			}
			w.put(a, killed())
			w.want(a, killed())
			require.Equal(t, casare.BlobHash(killed()), filepath.Base(a.file(casare.BlobHash(killed()))))
		})
	}
}
