package raftstore

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// quietFor is how long raft must not repeat a line: it complains of a dead peer four times a second.
const quietFor = 10 * time.Second

// raftLog passes raft's warnings and errors on to slog.
type raftLog struct {
	to  *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	said map[string]time.Time
}

func newRaftLogger(to *slog.Logger, now func() time.Time) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Level: hclog.Off, Output: io.Discard})
	l.RegisterSink(&raftLog{to: to, now: now, said: map[string]time.Time{}})
	return l
}

// Accept implements hclog.SinkAdapter.
func (l *raftLog) Accept(_ string, level hclog.Level, msg string, args ...any) {
	if level < hclog.Warn || level == hclog.Off {
		return
	}
	attrs := make([]slog.Attr, 0, len(args)/2+1)
	attrs = append(attrs, slog.String("raft", msg))
	repeat := []string{msg}
	for i := 0; i+1 < len(args); i += 2 {
		name, value := fmt.Sprint(args[i]), fmt.Sprint(args[i+1])
		attrs = append(attrs, slog.String(name, value))
		if name == "peer" {
			repeat = append(repeat, value)
		}
	}
	if !l.fresh(strings.Join(repeat, " ")) {
		return
	}
	// What raft calls an error is an event of its protocol: a peer that is gone, a connection that broke. Its warnings are the
	// ordinary course of an election.
	shown := slog.LevelDebug
	if level >= hclog.Error {
		shown = slog.LevelInfo
	}
	l.to.LogAttrs(context.Background(), shown, "consensus", attrs...)
}

func (l *raftLog) fresh(line string) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.said[line]; ok && now.Sub(last) < quietFor {
		return false
	}
	if len(l.said) > 1000 {
		clear(l.said)
	}
	l.said[line] = now
	return true
}
