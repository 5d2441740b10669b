package daemon

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v4/mem"

	"casare"
	"casare/configs"
	"casare/mesh/identity"
)

// actorSystem is who proposes what no person and no robot asked for.
const actorSystem = "system"

// robotRecord is what this robot says of itself.
func robotRecord(id *identity.Identity, cfg configs.Config, o Options, now time.Time) casare.Robot {
	return casare.Robot{
		ID:           id.RobotID(),
		Tenant:       casare.DefaultTenant,
		Name:         cfg.Name,
		Role:         id.Role(),
		PublicKey:    id.PublicKey(),
		Recipient:    id.Recipient(),
		JoinedAt:     casare.TimeOf(now),
		Environment:  cfg.Environment,
		Labels:       cfg.Labels,
		Capabilities: capabilities(),
		Slots:        cfg.Slots,
		Facts:        facts(o.Version),
		UpdatedAt:    casare.TimeOf(now),
	}
}

// capabilities are what jobs may need of a robot, sorted.
func capabilities() []string {
	found := []string{"os:" + runtime.GOOS, "arch:" + runtime.GOARCH}
	slices.Sort(found)
	return found
}

func facts(version string) casare.Facts {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown" // a machine without a name still runs jobs
	}
	f := casare.Facts{Hostname: host, OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Version: version}
	if memory, err := mem.VirtualMemory(); err == nil {
		f.MemoryMB = int(memory.Total >> 20)
	}
	return f
}

// newID returns 128 random bits in hexadecimal.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: the program would have been ended
	return hex.EncodeToString(b[:])
}
