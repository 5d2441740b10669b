package daemon

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"casare"
	"casare/configs"
	"casare/mesh"
	"casare/mesh/identity"
	"casare/raftstore"
)

// What a new mesh hands out.
const (
	firstTokenLife = 24 * time.Hour
	firstTokenUses = 16
	keyPrefix      = "crpa_"
	keyBytes       = 32
	createTimeout  = 30 * time.Second
	joinTimeout    = 30 * time.Second
)

// First tells what the first start of a robot has made.
type First struct {
	MeshID       string
	Role         casare.Role
	Joined       bool        // false: this robot made the mesh
	TokenUses    int         // of the join token that was written
	TokenExpires casare.Time //
}

// create makes the robot of an empty folder: the first of a new mesh, or one more of the mesh of the robot at Join.
func create(ctx context.Context, f folder, o Options, cfg configs.Config, log *slog.Logger) (*First, error) {
	if (o.Join == "") != (o.Token == "") {
		return nil, casare.Errorf(casare.CodeInvalid, "--join and --token go together: the address of a robot of the mesh, and a token of that mesh").On("join")
	}
	id, err := f.freshKeys()
	if err != nil {
		return nil, err
	}
	if err := f.dropLeftovers(); err != nil {
		return nil, err
	}
	settings, err := o.Config.YAML()
	if err != nil {
		return nil, err
	}
	if o.Join != "" {
		return join(ctx, f, joining{options: o, config: cfg, identity: id, settings: settings})
	}
	return found(ctx, f, founding{options: o, config: cfg, identity: id, settings: settings, log: log})
}

type founding struct {
	options  Options
	config   configs.Config
	identity *identity.Identity
	settings []byte
	log      *slog.Logger
}

// found makes a new mesh with this robot as its only coordinator.
func found(ctx context.Context, f folder, n founding) (*First, error) {
	now := n.options.Now()
	ca, err := identity.NewMesh(n.identity, now)
	if err != nil {
		return nil, fmt.Errorf("make the mesh: %w", err)
	}
	sealed, err := ca.Seal(n.identity.Recipient())
	if err != nil {
		return nil, fmt.Errorf("make the mesh: %w", err)
	}
	tokenText, token, err := ca.Mint(casare.RoleCoordinator, now, firstTokenLife, firstTokenUses)
	if err != nil {
		return nil, fmt.Errorf("make the join token: %w", err)
	}
	keyText, key, err := newKey("admin", now)
	if err != nil {
		return nil, err
	}
	initial := casare.InitMesh{
		MeshID:    ca.MeshID(),
		CACert:    ca.Cert(),
		Robot:     robotRecord(n.identity, n.config, n.options, now),
		Keys:      casare.SealedKeys{RobotID: n.identity.RobotID(), Sealed: sealed},
		AdminKey:  key,
		JoinToken: token,
	}
	if err := bootstrap(ctx, f.freshState(), n, initial); err != nil {
		return nil, err
	}
	if err := n.identity.Save(f.freshIdentity()); err != nil {
		return nil, fmt.Errorf("make the mesh: %w", err)
	}
	err = f.publish(map[string][]byte{
		AdminKeyFile:  []byte(keyText + "\n"),
		JoinTokenFile: []byte(tokenText + "\n"),
		ConfigFile:    n.settings,
	})
	if err != nil {
		return nil, err
	}
	return &First{MeshID: ca.MeshID(), Role: casare.RoleCoordinator, TokenUses: token.MaxUses, TokenExpires: token.ExpiresAt}, nil
}

// bootstrap writes the first entries of the mesh's log, with nobody else there.
func bootstrap(ctx context.Context, dir string, n founding, initial casare.InitMesh) error {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	store, err := raftstore.Open(raftstore.Config{
		Dir: dir, RobotID: n.identity.RobotID(), MeshID: initial.MeshID,
		Network: alone{closed: make(chan struct{})}, Logger: n.log, Fatal: n.options.Fatal, Now: n.options.Now,
	})
	if err != nil {
		return fmt.Errorf("make the mesh's state: %w", err)
	}
	defer store.Stop()
	if err := store.Start(ctx); err != nil {
		return fmt.Errorf("make the mesh's state: %w", err)
	}
	if err := store.Bootstrap(ctx, initial); err != nil {
		return fmt.Errorf("make the mesh's state: %w", err)
	}
	return nil
}

// alone is the network of a robot that has not met anybody.
type alone struct{ closed chan struct{} }

func (a alone) Dial(context.Context, string) (net.Conn, error) {
	return nil, casare.Errorf(casare.CodeUnavailable, "the mesh has one robot")
}
func (a alone) Listener() net.Listener { return a }
func (a alone) Accept() (net.Conn, error) {
	<-a.closed
	return nil, net.ErrClosed
}
func (a alone) Addr() net.Addr { return &net.UDPAddr{} }
func (a alone) Close() error {
	select {
	case <-a.closed:
	default:
		close(a.closed)
	}
	return nil
}

type joining struct {
	options  Options
	config   configs.Config
	identity *identity.Identity
	settings []byte
}

// join becomes a robot of the mesh of the robot at Options.Join.
func join(ctx context.Context, f folder, n joining) (*First, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	answer, err := mesh.Join(ctx, mesh.JoinConfig{
		Seeds:     []string{n.options.Join},
		Token:     n.options.Token,
		Identity:  n.identity,
		Name:      n.config.Name,
		Addresses: knownAddresses(n.config),
		Now:       n.options.Now,
	})
	if err != nil {
		if casare.CodeOf(err) == casare.CodeInternal {
			err = casare.Errorf(casare.CodeUnavailable, "join the mesh at %s: %w", n.options.Join, err)
		}
		return nil, err
	}
	if err := n.identity.Save(f.freshIdentity()); err != nil {
		return nil, fmt.Errorf("keep what the mesh gave: %w", err)
	}
	peers, err := json.Marshal(answer.Peers)
	if err != nil {
		return nil, fmt.Errorf("keep the mesh's addresses: %w", err)
	}
	if err := identity.WriteFile(filepath.Join(f.freshRobot(), firstPeersFile), peers); err != nil {
		return nil, fmt.Errorf("keep the mesh's addresses: %w", err)
	}
	if err := f.publish(map[string][]byte{ConfigFile: n.settings}); err != nil {
		return nil, err
	}
	return &First{MeshID: answer.MeshID, Role: n.identity.Role(), Joined: true}, nil
}

const firstPeersFile = "first-peers.json"

// firstPeers are the robots that the join told of: where to look before any of them has been met.
func (f folder) firstPeers() ([]mesh.PeerAddress, error) {
	text, err := os.ReadFile(filepath.Join(f.robot(), firstPeersFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the mesh's addresses: %w", err)
	}
	var peers []mesh.PeerAddress
	if err := json.Unmarshal(text, &peers); err != nil {
		return nil, fmt.Errorf("read the mesh's addresses: %w", err)
	}
	return peers, nil
}

// knownAddresses are the mesh addresses that the configuration alone tells: none if it listens everywhere.
func knownAddresses(cfg configs.Config) []string {
	host, port, err := net.SplitHostPort(cfg.Mesh)
	if err != nil {
		return nil // Validate has refused it
	}
	if cfg.Advertise != "" {
		return []string{net.JoinHostPort(cfg.Advertise, port)}
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		return nil
	}
	return []string{cfg.Mesh}
}

// newKey makes an API key: its text, which nobody keeps, and its record.
func newKey(name string, now time.Time) (text string, record casare.APIKey, err error) {
	random := make([]byte, keyBytes)
	if _, err := rand.Read(random); err != nil {
		return "", casare.APIKey{}, fmt.Errorf("make an API key: %w", err)
	}
	text = keyPrefix + base64.RawURLEncoding.EncodeToString(random)
	hash := sha256.Sum256([]byte(text))
	return text, casare.APIKey{
		ID: newID(), Tenant: casare.DefaultTenant, Name: name, Role: "admin", Hash: hash[:], CreatedAt: casare.TimeOf(now),
	}, nil
}
