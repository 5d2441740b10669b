package api

import (
	"cmp"
	"time"

	"casare"
)

// Config is how the API behaves. The zero Config is valid: every zero field means its default.
type Config struct {
	Version string   // of casare, shown in /health and the OpenAPI document
	CORS    []string // allowed origins; default "*"

	WriteWait   time.Duration // how long a write is repeated until somebody answers; default 25 s (old clients wait 30 s)
	LeaderWait  time.Duration // a mesh without a leader for longer refuses at once what was not proposed; default 5 s
	ReadWait    time.Duration // how long a read waits for a leader before it is answered stale or refused; default 1 s
	ForwardTry  time.Duration // one try of a forward, doubled for each further one up to 5 s; default 1 s
	IndexWait   time.Duration // how long a read waits for min_index; default 5 s
	LiveTick    time.Duration // how often robots and queue are looked at for WebSockets; default 1 s
	LiveRefresh time.Duration // how often they are sent when nothing changed; default 5 s
	LiveWrite   time.Duration // a WebSocket client that takes longer than this for a frame is dropped; default 5 s
}

// Validate returns the first setting that makes no sense, as CodeInvalid.
func (c Config) Validate() error {
	for name, d := range map[string]time.Duration{
		"write_wait": c.WriteWait, "leader_wait": c.LeaderWait, "read_wait": c.ReadWait, "forward_try": c.ForwardTry, "index_wait": c.IndexWait,
		"live_tick": c.LiveTick, "live_refresh": c.LiveRefresh, "live_write": c.LiveWrite,
	} {
		if d < 0 {
			return casare.Errorf(casare.CodeInvalid, "%s is %s, which is less than nothing", name, d).On(name)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Version = cmp.Or(c.Version, "dev")
	if len(c.CORS) == 0 {
		c.CORS = []string{"*"}
	}
	c.WriteWait = cmp.Or(c.WriteWait, 25*time.Second)
	c.LeaderWait = cmp.Or(c.LeaderWait, 5*time.Second)
	c.ReadWait = cmp.Or(c.ReadWait, time.Second)
	c.ForwardTry = cmp.Or(c.ForwardTry, time.Second)
	c.IndexWait = cmp.Or(c.IndexWait, 5*time.Second)
	c.LiveTick = cmp.Or(c.LiveTick, time.Second)
	c.LiveRefresh = cmp.Or(c.LiveRefresh, 5*time.Second)
	c.LiveWrite = cmp.Or(c.LiveWrite, 5*time.Second)
	return c
}
