package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"casare"
	"casare/configs"
	"casare/mesh/identity"
)

// folder is a robot's data folder:
//
//	robot.yaml admin.key join.token    for people
//	lock                               held while a robot runs
//	robot/identity robot/state         the robot; it exists, whole, or not at all
//	blobs                              what this robot keeps of the mesh's files, if it is a coordinator
//	work                               a folder for each job that runs here, while it runs
//	runs                               a log for each job that runs here, to go on from after a restart
//	.new                               the robot while it is being made
//
// The robot is made under .new and renamed last, so that a kill at any moment leaves either no robot or a working one. What a
// failed attempt left under .new is used again where that matters: the key, so that a repeated join is the same robot.
type folder struct{ path string }

func (f folder) file(name string) string { return filepath.Join(f.path, name) }
func (f folder) robot() string           { return f.file("robot") }
func (f folder) identity() string        { return filepath.Join(f.robot(), "identity") }
func (f folder) state() string           { return filepath.Join(f.robot(), "state") }
func (f folder) peers() string           { return filepath.Join(f.robot(), "peers") }
func (f folder) blobs() string           { return f.file("blobs") }
func (f folder) work() string            { return f.file("work") }
func (f folder) runs() string            { return f.file("runs") }
func (f folder) fresh() string           { return f.file(".new") }
func (f folder) freshRobot() string      { return filepath.Join(f.fresh(), "robot") }
func (f folder) freshIdentity() string   { return filepath.Join(f.freshRobot(), "identity") }
func (f folder) freshState() string      { return filepath.Join(f.freshRobot(), "state") }

// open makes the folder if need be and takes its lock. The returned function gives the lock back.
func (f folder) open() (release func(), err error) {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "data folder %s cannot be made: %w", f.path, err).On("data")
	}
	probe, err := os.CreateTemp(f.path, ".probe-*")
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "data folder %s cannot be written: %w", f.path, err).On("data")
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "data folder %s: %w", f.path, err).On("data")
	}
	if _, err := os.ReadDir(f.path); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "data folder %s cannot be read: %w", f.path, err).On("data")
	}
	lock, err := lockFile(f.file("lock"))
	if err != nil {
		return nil, casare.Errorf(casare.CodeConflict, "another robot uses the data folder %s: %w", f.path, err).On("data")
	}
	return func() { _ = lock.Close() }, nil // the system gives it back anyway
}

// exists says whether a robot lives here.
func (f folder) exists() (bool, error) {
	_, err := os.Stat(f.robot())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, casare.Errorf(casare.CodeInvalid, "data folder %s cannot be read: %w", f.path, err).On("data")
	}
	return true, nil
}

// freshKeys returns the keys of the robot being made: those an interrupted attempt left, else new ones, which it saves.
func (f folder) freshKeys() (*identity.Identity, error) {
	id, err := identity.Load(f.freshIdentity())
	if errors.Is(err, fs.ErrNotExist) {
		if id, err = identity.New(); err == nil {
			err = id.Save(f.freshIdentity())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make the robot's key: %w", err)
	}
	return id, nil
}

// dropLeftovers forgets everything of an interrupted attempt but the keys: it belongs to another mesh, or is made again.
func (f folder) dropLeftovers() error {
	for _, path := range []string{f.freshState(), filepath.Join(f.freshRobot(), firstPeersFile)} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("tidy up: %w", err)
		}
	}
	return nil
}

// publish makes the robot under .new the robot of this folder. Texts for people go first, the robot itself last.
func (f folder) publish(texts map[string][]byte) error {
	for name, text := range texts {
		if err := identity.WriteFile(f.file(name), text); err != nil {
			return fmt.Errorf("keep %s: %w", name, err)
		}
	}
	if err := syncDir(f.freshRobot()); err != nil {
		return err
	}
	if err := syncDir(f.path); err != nil {
		return err
	}
	if err := os.Rename(f.freshRobot(), f.robot()); err != nil {
		return fmt.Errorf("keep the robot: %w", err)
	}
	if err := syncDir(f.path); err != nil {
		return err
	}
	if err := os.RemoveAll(f.fresh()); err != nil {
		return fmt.Errorf("tidy up: %w", err)
	}
	return nil
}

// config returns the settings kept from earlier starts.
func (f folder) config() (configs.Config, error) {
	kept, err := configs.Load(f.file(ConfigFile))
	if errors.Is(err, fs.ErrNotExist) {
		return configs.Config{}, nil
	}
	if err != nil {
		return configs.Config{}, fmt.Errorf("%s: %w", f.file(ConfigFile), err)
	}
	return kept, nil
}

func syncDir(path string) error {
	dir, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !syncIsRefused(err) {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}
