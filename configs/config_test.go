package configs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/configs"
	"casare/internal/files"
)

func TestRobotYAML_HoldsTheDefaults(t *testing.T) {
	t.Parallel()
	shipped, err := configs.Parse(configs.Robot)
	require.NoError(t, err)
	require.Equal(t, configs.Default(), configs.Default().Over(shipped))
	require.NotEmpty(t, shipped.HTTP)
}

func TestParse_RefusesUnknownKeysByName(t *testing.T) {
	t.Parallel()
	_, err := configs.Parse([]byte("slotz: 3\n"))
	require.ErrorContains(t, err, "slotz")
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
}

func TestConfig_RoundTrip(t *testing.T) {
	t.Parallel()
	c := configs.Config{Name: "a b", HTTP: "127.0.0.1:1", Mesh: "127.0.0.1:2", Slots: 3, Labels: map[string]string{"k": "v"}}
	text, err := c.YAML()
	require.NoError(t, err)
	back, err := configs.Parse(text)
	require.NoError(t, err)
	require.Equal(t, c, back)
}

func TestConfig_ValidateNamesTheField(t *testing.T) {
	t.Parallel()
	for field, bad := range map[string]configs.Config{
		"name":        {Name: "a\nb"},
		"http":        {HTTP: "8000"},
		"mesh":        {Mesh: "nowhere"},
		"slots":       {Slots: -1},
		"environment": {Environment: "a b"},
		"labels":      {Labels: map[string]string{"": "x"}},
		"log_level":   {LogLevel: "loud"},
		"files.roots": {Files: files.Config{Roots: []files.Root{{Path: "relative"}}}},

		"files.max_read_bytes": {Files: files.Config{MaxReadBytes: -1}},
	} {
		err := configs.Default().Over(bad).Validate()
		var e *casare.Error
		require.ErrorAs(t, err, &e, field)
		require.Equal(t, field, e.Field)
	}
	require.NoError(t, configs.Default().Validate())
}
