package mesh_test

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"casare/mesh"
)

func BenchmarkStream_OneWay(b *testing.B) {
	a, other, _, idB := pair(b)
	l := other.Listen(mesh.PlaneRaft)
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	c := dial(b, a, idB.RobotID(), mesh.PlaneRaft)
	chunk := make([]byte, 128<<10)
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		_, err := c.Write(chunk)
		require.NoError(b, err)
	}
}

func BenchmarkStream_RoundTrip256(b *testing.B) {
	a, other, _, idB := pair(b)
	echo(b, other, mesh.PlaneRaft)
	c := dial(b, a, idB.RobotID(), mesh.PlaneRaft)
	message := make([]byte, 256)
	for b.Loop() {
		roundTrip(b, c, message)
	}
}

func BenchmarkDial_SharedConnection(b *testing.B) {
	a, other, _, idB := pair(b)
	echo(b, other, mesh.PlaneRPC)
	for b.Loop() {
		c, err := a.Dial(b.Context(), idB.RobotID(), mesh.PlaneRPC)
		require.NoError(b, err)
		c.Close()
	}
}

func BenchmarkDial_FreshConnection(b *testing.B) {
	a, other, _, idB := pair(b)
	echo(b, other, mesh.PlaneRobot)
	for b.Loop() {
		c, err := a.Dial(b.Context(), idB.RobotID(), mesh.PlaneRobot)
		require.NoError(b, err)
		c.Close()
	}
}

func roundTrip(tb testing.TB, c net.Conn, message []byte) {
	tb.Helper()
	_, err := c.Write(message)
	require.NoError(tb, err)
	_, err = io.ReadFull(c, message)
	require.NoError(tb, err)
}
