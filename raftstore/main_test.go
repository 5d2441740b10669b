package raftstore

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(killVariable) != "" {
		installAndDie()
	}
	goleak.VerifyTestMain(m)
}
