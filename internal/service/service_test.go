package service_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGroup_StopEndsAndAwaitsWhatRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g service.Group
		g.Start(t.Context())
		ended := 0
		var mu sync.Mutex
		for range 3 {
			require.True(t, g.Go(func(ctx context.Context) {
				<-ctx.Done()
				if !errors.Is(context.Cause(ctx), service.ErrStopped) {
					t.Errorf("the cause is %v", context.Cause(ctx))
				}
				timer := time.NewTimer(time.Second) // it tidies up
				<-timer.C
				mu.Lock()
				defer mu.Unlock()
				ended++
			}))
		}
		g.Stop()
		require.Equal(t, 3, ended)
		g.Stop()
		require.False(t, g.Go(func(context.Context) { t.Error("it ran after Stop") }))
		g.Start(t.Context())
		require.False(t, g.Go(func(context.Context) { t.Error("a stopped group was started again") }))
	})
}

func TestGroup_RunsNothingBeforeStart(t *testing.T) {
	t.Parallel()
	var g service.Group
	require.False(t, g.Go(func(context.Context) { t.Error("it ran before Start") }))
	g.Stop()
	g.Start(t.Context())
	require.False(t, g.Go(func(context.Context) { t.Error("it ran after Stop") }))
}

func TestGroup_EndsWithTheContextOfItsFirstStart(t *testing.T) {
	t.Parallel()
	var g service.Group
	type key struct{}
	reason := errors.New("the caller's reason")
	ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "kept"))
	g.Start(ctx)
	g.Start(t.Context())
	causes := make(chan error, 1)
	require.True(t, g.Go(func(ctx context.Context) {
		if ctx.Value(key{}) != "kept" {
			t.Error("the context's values are gone")
		}
		<-ctx.Done()
		causes <- context.Cause(ctx)
	}))
	cancel(reason)
	require.ErrorIs(t, <-causes, reason)
	g.Stop()
}

func TestGroup_StopFromManySidesWhileOthersStart(t *testing.T) {
	t.Parallel()
	var g service.Group
	g.Start(t.Context())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for g.Go(func(ctx context.Context) { <-ctx.Done() }) {
			}
		})
	}
	for range 4 {
		all.Go(g.Stop)
	}
	all.Wait()
}
