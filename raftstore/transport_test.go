package raftstore

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hole is a network on which peers, once it is open, neither answer nor refuse.
type hole struct {
	planeNetwork
	open    chan struct{}
	dialled chan struct{}
}

func (h hole) Dial(ctx context.Context, robot string) (net.Conn, error) {
	select {
	case <-h.open:
	default:
		return h.planeNetwork.Dial(ctx, robot)
	}
	select {
	case h.dialled <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestStop_DoesNotWaitForPeersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	opened, dialled := make(chan struct{}), make(chan struct{}, 1)
	c := newCluster(t, 3, func(c *Config) {
		if plane, ok := c.Network.(planeNetwork); ok {
			c.Network = hole{planeNetwork: plane, open: opened, dialled: dialled}
		}
	})
	c.waitVoters(3)
	close(opened)
	c.kill("r1")
	c.kill("r2")
	<-dialled // somebody's vote is asked for in vain
	began := time.Now()
	c.get("r3").Stop()
	require.Less(t, time.Since(began), 2*time.Second)
}
