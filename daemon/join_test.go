package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/client"
	"casare/daemon"
	"casare/internal/meshtest"
	"casare/mesh"
	"casare/mesh/identity"
)

// newToken makes a join token.
func newToken(t *testing.T, m *meshtest.Mesh, role casare.Role, uses int) string {
	t.Helper()
	token, err := m.Leader().Client().CreateToken(t.Context(), role, time.Hour, uses)
	require.NoError(t, err)
	return token.Text
}

// refused demands that a join is refused with a code and a sentence, and leaves no robot.
func refused(t *testing.T, m *meshtest.Mesh, j meshtest.Joining, code casare.Code, sentence string) {
	t.Helper()
	j.Data = filepath.Join(t.TempDir(), "refused")
	_, err := m.Join(j)
	require.Error(t, err)
	require.Equal(t, code, casare.CodeOf(err), "%v", err)
	require.Regexp(t, sentence, err.Error())
	require.NoDirExists(t, filepath.Join(j.Data, "robot"))
	require.NoFileExists(t, filepath.Join(j.Data, daemon.ConfigFile))
}

func TestJoin_KilledBetweenTokenAndCertificate_IsTheSameRobot(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 1)
	token := newToken(t, m, casare.RoleRobot, 1)
	data := t.TempDir()
	// What a robot does up to the moment where it is killed: it has saved its key and used the token.
	fresh := filepath.Join(data, ".new", "robot", "identity")
	id, err := identity.New()
	require.NoError(t, err)
	require.NoError(t, id.Save(fresh))
	_, err = mesh.Join(t.Context(), mesh.JoinConfig{
		Seeds: []string{m.Robot(0).MeshAddr()}, Token: token, Identity: id, Name: "killed",
	})
	require.NoError(t, err)

	r, err := m.Join(meshtest.Joining{Data: data, Token: token})
	require.NoError(t, err)
	require.Equal(t, id.RobotID(), r.ID())
	require.NoDirExists(t, filepath.Join(data, ".new"))
	online(t, m, 2)
	robots, err := r.Client().Robots(t.Context())
	require.NoError(t, err)
	require.Len(t, robots, 2, "the repeated join made a second robot")
	refused(t, m, meshtest.Joining{Token: token}, casare.CodeUnauthenticated, "used")
}

func TestJoin_Refusals(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // of the mesh's clock
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	m := meshtest.Start(t, 1, func(o *daemon.Options) { o.Now = now })
	spent := newToken(t, m, casare.RoleRobot, 1)
	_, err := m.Join(meshtest.Joining{Token: spent})
	require.NoError(t, err)
	refused(t, m, meshtest.Joining{Token: spent}, casare.CodeUnauthenticated, "used")

	good := newToken(t, m, casare.RoleRobot, 1)
	parts := strings.Split(good, ".")
	secret := parts[len(parts)-1]
	wrong := strings.TrimSuffix(good, secret) + strings.Repeat("A", len(secret))
	refused(t, m, meshtest.Joining{Token: wrong}, casare.CodeUnauthenticated, "token")
	refused(t, m, meshtest.Joining{Token: "CASARE1.nonsense"}, casare.CodeInvalid, "token")
	other := meshtest.Start(t, 1)
	refused(t, m, meshtest.Joining{Token: other.Token()}, casare.CodeUnauthenticated, "another mesh")

	skewed := func(by time.Duration) func(*daemon.Options) {
		return func(o *daemon.Options) { o.Now = func() time.Time { return now().Add(by) } }
	}
	refused(t, m, meshtest.Joining{Token: good, Tune: skewed(10 * time.Minute)}, casare.CodeInvalid, `(9m5\ds|10m\ds) ahead of`)
	refused(t, m, meshtest.Joining{Token: good, Tune: skewed(-10 * time.Minute)}, casare.CodeInvalid, `(9m5\ds|10m\ds) behind`)

	ahead.Store(int64(2 * time.Hour)) // the token lives for one
	refused(t, m, meshtest.Joining{Token: good}, casare.CodeUnauthenticated, "expired")
	r, err := m.Join(meshtest.Joining{Token: newToken(t, m, casare.RoleRobot, 1)})
	require.NoError(t, err, "what was refused must not keep others out")
	online(t, m, 3)
	robots, err := r.Client().Robots(t.Context())
	require.NoError(t, err)
	require.Len(t, robots, 3, "a refused join left a robot")
}

func TestJoin_ThroughAnyRobotAlsoWhenTheLeaderHasJustDied(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 3)
	m.WaitCoordinators(3)
	leader := m.Leader()
	follower := m.Others(leader)[0]
	token := newToken(t, m, casare.RoleRobot, 3)
	plain, err := m.Join(meshtest.Joining{Token: token, Through: follower})
	require.NoError(t, err)
	online(t, m, 4)
	_, err = m.Join(meshtest.Joining{Token: token, Through: plain})
	require.NoError(t, err)
	online(t, m, 5)

	leader.Crash()
	last, err := m.Join(meshtest.Joining{Token: token, Through: follower})
	require.NoError(t, err)
	completed(t, m, last.Client(), submit(t, last.Client(), client.Submit{Workflow: quick(t), RobotID: last.ID()}))
	leader.Restart()
	m.WaitCoordinators(3)
	online(t, m, 6)
}

func TestJoin_AgainWithAFolderThatHasARobot(t *testing.T) {
	t.Parallel()
	m := meshtest.Start(t, 2)
	first, second := m.Robot(0), m.Robot(1)
	other := meshtest.Start(t, 1)
	id := second.ID()
	second.Stop()
	_, err := m.Join(meshtest.Joining{Data: second.Data(), Through: other.Robot(0), Token: other.Token()})
	require.Equal(t, casare.CodeConflict, casare.CodeOf(err), "%v", err)
	require.Contains(t, err.Error(), "cannot join mesh")
	// To its own mesh the same flags mean nothing any more.
	require.NoError(t, os.WriteFile(filepath.Join(second.Data(), "note.txt"), []byte("kept"), 0o600))
	again, err := m.Join(meshtest.Joining{Data: second.Data(), Through: first})
	require.NoError(t, err)
	require.Equal(t, id, again.ID())
	online(t, m, 2)
}
