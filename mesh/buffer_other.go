//go:build !unix

package mesh

import (
	"context"
	"log/slog"
	"net"
)

// warnSmallBuffers has nothing to ask this system about.
func warnSmallBuffers(context.Context, net.PacketConn, *slog.Logger) {}
