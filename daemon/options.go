package daemon

import (
	"cmp"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"casare"
	"casare/api"
	"casare/blobstore"
	"casare/configs"
	"casare/executor"
	"casare/mesh"
	"casare/raftstore"
	"casare/scheduler"
)

// Files of a robot's folder that people read.
const (
	AdminKeyFile  = "admin.key"
	JoinTokenFile = "join.token"
	ConfigFile    = "robot.yaml"
)

// Options say how to run a robot. Config holds what the command line set; what it leaves out comes from the folder's robot.yaml,
// then from the defaults.
type Options struct {
	Data    string // the robot's folder
	Config  configs.Config
	Join    string // host:port of a robot of the mesh to join; "" creates a mesh on the first start
	Token   string // join token
	Version string
	Log     io.Writer   // where log lines go; default standard error
	Fatal   func(error) // called once when the state can no longer be kept: the process must end
	Now     func() time.Time

	Tuning Tuning
}

// Tuning is for tests that run many robots in one process. The zero value is the product.
type Tuning struct {
	PacketConn net.PacketConn // instead of a socket on Config.Mesh
	HTTP       net.Listener   // instead of a socket on Config.HTTP
	Mesh       mesh.Timing
	Raft       func(*raftstore.Config)
	Blobs      func(*blobstore.Config)
	Scheduler  func(*scheduler.Config)
	Executor   func(*executor.Config)
	API        func(*api.Config)
}

func (o Options) withDefaults() (Options, error) {
	o.Log = orStderr(o.Log)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Fatal == nil {
		return o, casare.Errorf(casare.CodeInvalid, "a robot needs to be told what to do when its disk fails").On("fatal")
	}
	data, err := filepath.Abs(o.Data)
	if err != nil || o.Data == "" {
		return o, casare.Errorf(casare.CodeInvalid, "data folder %q: %w", o.Data, cmp.Or(err, os.ErrNotExist)).On("data")
	}
	o.Data = data
	o.Version = cmp.Or(o.Version, "dev")
	return o, nil
}

func orStderr(w io.Writer) io.Writer {
	if w == nil {
		return os.Stderr
	}
	return w
}

func (o Options) logger(level, name string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // Validate has refused other texts
	}
	return slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: l})).With(slog.String("robot", name))
}
