package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build compiles the casare binary into dir and returns its path. Tests call it once, from a folder of the module.
func Build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "casare")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "casare/cmd/casare").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build casare: %w\n%s", err, out)
	}
	return program, nil
}

// RunMain is the body of a TestMain that needs the binary: it builds it into a temporary folder, puts its path into program,
// runs, and removes the folder.
func RunMain(program *string, run func() int) int {
	dir, err := os.MkdirTemp("", "casare-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if *program, err = Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}
