// Package fault measures what a mesh of real processes loses when robots die. `make fault` runs it at length; the short form, with
// a few faults and generous bounds, is part of `make test`.
package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/client"
	"casare/internal/fleet"
)

var program string

func TestMain(m *testing.M) { os.Exit(fleet.RunMain(&program, m.Run)) } //nolint:forbidigo // a test binary ends so

// long says whether the suite runs at length.
func long() bool { return os.Getenv("CASARE_FAULT") == "long" }

// times returns how many faults to inject.
func times(short, atLength int) int {
	if long() {
		return atLength
	}
	return short
}

func start(t *testing.T) *fleet.Fleet {
	t.Helper()
	f, err := fleet.Start(t.Context(), fleet.Config{Program: program, Dir: t.TempDir(), Robots: 3, Args: []string{"--slots", "50", "--log-level", "warn"}})
	require.NoError(t, err)
	t.Cleanup(f.Kill)
	ready(t, f)
	canary(t, f)
	return f
}

// canary lets the mesh work with a secret, and demands at the end of the test that no file of any robot holds it.
func canary(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, f.ReleaseCanary(ctx))
	t.Cleanup(func() {
		f.Kill()
		found, err := f.FindCanary()
		require.NoError(t, err)
		require.Empty(t, found, "a secret is in these files")
	})
}

// ready waits until all three robots are coordinators again.
func ready(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	require.NoError(t, f.WaitCoordinators(ctx, 3))
}

// figures are durations of one kind of fault.
type figures struct {
	mu    sync.Mutex
	taken []time.Duration
}

func (f *figures) add(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken = append(f.taken, d)
}

// at returns the duration that the share of all durations does not exceed.
func (f *figures) at(share float64) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	sorted := slices.Sorted(slices.Values(f.taken))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

func (f *figures) report(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: n=%d p50=%s p99=%s max=%s", what, len(f.taken), f.at(0.5).Round(time.Millisecond), f.at(0.99).Round(time.Millisecond), f.at(1).Round(time.Millisecond))
}

// within fails unless the share of durations is within the figure to reach; in the short form the bound is that of a slow, shared
// machine.
func (f *figures) within(t *testing.T, share float64, figure time.Duration) {
	t.Helper()
	if !long() {
		figure = 10 * time.Second
	}
	require.LessOrEqual(t, f.at(share), figure)
}

// quick is a job that ends at once.
func quick(t *testing.T) json.RawMessage {
	t.Helper()
	return json.RawMessage(`{"metadata":{"name":"quick"},"nodes":{"start":{"node_type":"StartNode"},"end":{"node_type":"EndNode"}},` +
		`"connections":[{"source_node":"start","target_node":"end"}]}`)
}

// patient is a job of three steps that take half a second each, then a long one, then a last one.
func patient(t *testing.T, seconds float64) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"name": "patient"},
		"nodes": map[string]any{
			"start": map[string]any{"node_type": "StartNode"},
			"first": map[string]any{"node_type": "LogNode", "config": map[string]any{"message": "first", "level": "info"}},
			"short": map[string]any{"node_type": "WaitNode", "config": map[string]any{"duration": 0.3}},
			"long":  map[string]any{"node_type": "WaitNode", "config": map[string]any{"duration": seconds}},
			"last":  map[string]any{"node_type": "LogNode", "config": map[string]any{"message": "last", "level": "info"}},
		},
		"connections": []any{
			map[string]any{"source_node": "start", "target_node": "first"},
			map[string]any{"source_node": "first", "target_node": "short"},
			map[string]any{"source_node": "short", "target_node": "long"},
			map[string]any{"source_node": "long", "target_node": "last"},
		},
	})
	require.NoError(t, err)
	return text
}

var errSeen = errors.New("seen")

// watchUntil follows a job until pick says so.
func watchUntil(t *testing.T, c *client.Client, id string, pick func(client.Update) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := c.Watch(ctx, id, "", func(u client.Update) error {
		if pick(u) {
			return errSeen
		}
		return nil
	})
	require.ErrorIs(t, err, errSeen)
}

// ensureSame checks that the robots' states are equal once they have applied the same entries.
func ensureSame(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	require.Eventually(t, func() bool {
		seen := map[string]bool{}
		for _, r := range f.Robots() {
			hash, index, err := f.Client(r).StateHash(t.Context())
			if err != nil {
				return false
			}
			seen[fmt.Sprintf("%d %s", index, hash)] = true
		}
		return len(seen) == 1
	}, 20*time.Second, 100*time.Millisecond, "the robots' states differ")
}
