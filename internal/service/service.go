// Package service holds what every long-lived part of the program is built on: a group of goroutines that start together, end
// together, and are waited for.
package service

import (
	"context"
	"errors"
	"sync"
)

// ErrStopped is the cause of a context that ended because its service was stopped in good order.
var ErrStopped = errors.New("service stopped")

// Group runs goroutines until it is stopped. The zero Group is ready; it must not be copied.
type Group struct {
	mu     sync.Mutex
	cancel context.CancelCauseFunc
	ctx    context.Context //nolint:containedctx // the group's own lifetime, never a request's
	wait   sync.WaitGroup
	ended  bool
}

// Start opens the group for Go. The context that goroutines receive keeps the values of ctx and ends with it or with Stop. A
// second Start, or one after Stop, changes nothing.
func (g *Group) Start(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx == nil && !g.ended {
		g.ctx, g.cancel = context.WithCancelCause(ctx)
	}
}

// Go runs f in a goroutine of the group. Before Start or after Stop it runs nothing and returns false.
func (g *Group) Go(f func(ctx context.Context)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx == nil || g.ended {
		return false
	}
	ctx := g.ctx
	g.wait.Go(func() { f(ctx) })
	return true
}

// Stop ends the group's context with cause ErrStopped and waits until every goroutine has returned. It may be called twice,
// and before Start. It must not be called from a goroutine of the group.
func (g *Group) Stop() {
	g.mu.Lock()
	g.ended = true
	if g.cancel != nil {
		g.cancel(ErrStopped)
	}
	g.mu.Unlock()
	g.wait.Wait()
}
