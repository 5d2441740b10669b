package blobstore_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(killEnv) != "" {
		putAndDie()
		return
	}
	goleak.VerifyTestMain(m)
}
