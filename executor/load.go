package executor

import (
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/process"
)

// meter measures the load of the machine, at most once a second.
type meter struct {
	log *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last Load
	self *process.Process
}

func newMeter(log *slog.Logger) *meter {
	m := &meter{log: log}
	self, err := process.NewProcess(int32(os.Getpid())) //nolint:gosec // process ids are small
	if err != nil {
		log.Warn("memory of this process is not known", slog.Any("error", err))
		return m
	}
	m.self = self
	return m
}

func (m *meter) load() Load {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.at.IsZero() && time.Since(m.at) < time.Second {
		return m.last
	}
	m.at = time.Now()
	if percent, err := cpu.Percent(0, false); err == nil && len(percent) == 1 {
		m.last.CPUPercent = percent[0]
	}
	if m.self != nil {
		if info, err := m.self.MemoryInfo(); err == nil {
			m.last.MemoryMB = float64(info.RSS) / (1 << 20)
		}
	}
	return m.last
}
