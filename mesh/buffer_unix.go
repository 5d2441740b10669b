//go:build unix

package mesh

import (
	"context"
	"log/slog"
	"net"
	"syscall"
)

const wantedBuffer = 7 << 20 // what quic-go asks the system for

// warnSmallBuffers says in one line that the system gave the socket less room than fast transfers want.
func warnSmallBuffers(ctx context.Context, socket net.PacketConn, log *slog.Logger) {
	udp, ok := socket.(*net.UDPConn)
	if !ok {
		return
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return // a closed socket: everything else will say so
	}
	var size int
	var failed error
	if err := raw.Control(func(fd uintptr) {
		size, failed = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	}); err != nil || failed != nil {
		return
	}
	if size < wantedBuffer {
		log.InfoContext(ctx, "small UDP buffer: transfers are slower than they could be (Linux: sysctl net.core.rmem_max=7500000)", slog.Int("bytes", size))
	}
}
