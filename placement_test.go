package casare_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
)

func TestPlacement_Fits(t *testing.T) {
	t.Parallel()
	robot := &casare.Robot{
		ID: "i", Name: "n", Environment: "prod", Capabilities: []string{"browser", "a=b"}, Labels: map[string]string{"room": "7", "os": "own"},
		Facts: casare.Facts{Hostname: "h", OS: "linux", Arch: "arm64"},
	}
	for _, c := range []struct {
		p    casare.Placement
		fits bool
	}{
		{casare.Placement{}, true},
		{casare.Placement{Robot: "i"}, true},
		{casare.Placement{Robot: "n"}, true},
		{casare.Placement{Robot: "x"}, false},
		{casare.Placement{Requires: []string{"browser", "a=b", "room=7", "room = 7", "name=n", "environment=prod", "hostname=h", "arch=arm64"}}, true},
		{casare.Placement{Requires: []string{"os=own"}}, true},
		{casare.Placement{Requires: []string{"os=linux"}}, false},
		{casare.Placement{Requires: []string{"room=8"}}, false},
		{casare.Placement{Requires: []string{"room"}}, false},
		{casare.Placement{Requires: []string{"window="}}, false},
		{casare.Placement{Requires: []string{"browser", "python"}}, false},
		{casare.Placement{Requires: []string{"browser"}, Robot: "x"}, false},
	} {
		require.Equal(t, c.fits, c.p.Fits(robot), "%+v", c.p)
	}
}

func TestPlacement_Validate(t *testing.T) {
	t.Parallel()
	for _, p := range []casare.Placement{
		{Requires: make([]string, casare.MaxRequires+1)}, {Robot: "a\x00"}, {Requires: []string{"a\x01"}}, {Robot: strings.Repeat("r", casare.MaxRequireText+1)},
	} {
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(p.Validate()))
	}
	require.NoError(t, (&casare.Placement{Requires: []string{"a"}, Robot: "b"}).Validate())
}

func TestJob_MovesToAPlaceAndHome(t *testing.T) {
	t.Parallel()
	j := casare.NewJob(casare.JobSpec{ID: "j", CreatedAt: 1})
	require.NoError(t, j.Assign("a", 5, 2))
	require.NoError(t, j.Start(5, 3))
	j.TargetRobot, j.Needs = "r1", []string{"browser"}
	require.Equal(t, "robot r1, a robot with browser", j.Wanted().String())
	to := &casare.Placement{Robot: "c"}
	require.Error(t, j.Move(j.Epoch+1, to, 5))
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(j.Move(j.Epoch, &casare.Placement{Robot: "\x00"}, 5)))
	require.Equal(t, casare.JobRunning, j.State)
	require.NoError(t, j.Move(j.Epoch, to, 5))
	require.Equal(t, casare.JobQueued, j.State)
	require.Same(t, j.Wanted(), to)
	require.NoError(t, j.Assign("c", 99, 6))
	require.Same(t, j.Wanted(), to, "also after it is lost")
	require.NoError(t, j.Move(j.Epoch, nil, 7))
	require.True(t, j.Wanted().Equal(j.Home()))
}
