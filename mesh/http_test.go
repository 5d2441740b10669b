package mesh_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare/mesh"
)

// What the API forwards goes as HTTP over the rpc plane: streams must be good enough for net/http on both sides.
func TestRPC_CarriesHTTP(t *testing.T) {
	t.Parallel()
	a, b, idA, idB := pair(t)
	type peerKey struct{}
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		peer, _ := r.Context().Value(peerKey{}).(mesh.Peer)
		w.Header().Set("Peer", peer.ID)
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // the client has gone
		close(release)
	})
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			peer, _ := mesh.PeerOf(c)
			return context.WithValue(ctx, peerKey{}, peer)
		},
	}
	served := make(chan error, 1)
	l := b.Listen(mesh.PlaneRPC)
	go func() { served <- server.Serve(l) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return a.Dial(ctx, idB.RobotID(), mesh.PlaneRPC)
	}}
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}

	body := strings.Repeat("x", 2<<20)
	for range 10 {
		response, err := client.Post("http://leader/echo", "text/plain", strings.NewReader(body))
		require.NoError(t, err)
		got, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, idA.RobotID(), response.Header.Get("Peer"))
		require.Len(t, got, len(body))
	}

	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://leader/stream", http.NoBody)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	first := make([]byte, 6)
	_, err = io.ReadFull(response.Body, first)
	require.NoError(t, err)
	cancel()
	<-release
	require.NoError(t, response.Body.Close())

	transport.CloseIdleConnections()
	require.NoError(t, server.Shutdown(t.Context()))
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
