package file_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare/node"
	"casare/workflow"
)

func effect(t *testing.T, typ string, config node.Values) string {
	t.Helper()
	bound, problems := node.Default.Bind(&workflow.Step{ID: "n", Type: typ, Config: config.Dict()})
	require.NotNil(t, bound, problems)
	return bound.Effect().String()
}
