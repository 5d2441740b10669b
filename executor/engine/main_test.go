package engine_test

import (
	"testing"

	"go.uber.org/goleak"

	"casare/workflow/pyre"
)

// stopping ends the clock of regular expressions, which goes on for a second after the last match, before goroutines are counted.
type stopping struct{ *testing.M }

func (s stopping) Run() int {
	defer pyre.StopClock()
	return s.M.Run()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(stopping{m}) }
