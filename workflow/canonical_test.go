package workflow_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare/value"
	"casare/workflow"
)

// text draws names with characters that need escaping.
func text(t *rapid.T, label string) string {
	return rapid.StringMatching(`[a-zA-Zäß☕"\\ ._-]{1,8}`).Draw(t, label)
}

func anyValue(depth int) *rapid.Generator[value.Value] {
	return rapid.Custom(func(t *rapid.T) value.Value {
		switch n := rapid.IntRange(0, 7).Draw(t, "kind"); {
		case n == 0:
			return nil
		case n == 1:
			return rapid.Bool().Draw(t, "bool")
		case n == 2:
			return rapid.Int64().Draw(t, "int")
		case n == 3:
			return rapid.Float64Range(-1e300, 1e300).Draw(t, "float")
		case n == 4:
			return new(big.Int).Lsh(big.NewInt(rapid.Int64Range(1, 1<<40).Draw(t, "big")), 70)
		case n == 5 || depth == 0:
			return text(t, "text")
		case n == 6:
			list := value.List{}
			for range rapid.IntRange(0, 3).Draw(t, "len") {
				list = append(list, anyValue(depth-1).Draw(t, "item"))
			}
			return list
		default:
			return anyDict(depth-1).Draw(t, "dict")
		}
	})
}

func anyDict(depth int) *rapid.Generator[*value.Dict] {
	return rapid.Custom(func(t *rapid.T) *value.Dict {
		b := value.NewDict()
		for range rapid.IntRange(0, 3).Draw(t, "keys") {
			b.Set(text(t, "key"), anyValue(depth).Draw(t, "value"))
		}
		return b.Dict()
	})
}

func anyDocument(t *rapid.T) *workflow.Document {
	name := rapid.StringMatching(`[a-z][a-z.]{0,5}`)
	d := &workflow.Document{
		ID: rapid.StringMatching(`[a-z0-9-]{0,8}`).Draw(t, "id"), Name: rapid.StringMatching(`[a-zé ]{0,8}x`).Draw(t, "name"),
		Description: text(t, "description"), Version: "1.2",
		Settings: workflow.Settings{
			StopOnError: rapid.Bool().Draw(t, "stop"),
			StepTimeout: time.Duration(rapid.Int64Range(1, 2_000_000_000_000).Draw(t, "timeout")) * time.Microsecond,
			RetryCount:  rapid.IntRange(0, 100).Draw(t, "retries"),
			Cleanup:     rapid.Bool().Draw(t, "cleanup"),

			Strict: rapid.Bool().Draw(t, "strict"), Fence: rapid.Bool().Draw(t, "fence"),
			IsolationWait: time.Duration(rapid.Int64Range(0, 1_000_000_000_000).Draw(t, "isolation")) * time.Microsecond,
		},
		Raw: value.DictOf(value.Pair{Key: "x_more", Value: anyValue(2).Draw(t, "more")}),
	}
	for i, id := range rapid.SliceOfNDistinct(name, 0, 6, rapid.ID).Draw(t, "steps") {
		s := &workflow.Step{
			ID: id, Type: "LogNode", Config: anyDict(2).Draw(t, "config"), Disabled: i == 2,
			Name:     rapid.SampledFrom([]string{"", "Shown"}).Draw(t, "shown"),
			Position: workflow.Position{X: rapid.Float64Range(-1e6, 1e6).Draw(t, "x"), Y: float64(i)},
		}
		if s.Disabled {
			s.Config = s.Config.With("_disabled", true)
		}
		if i == 1 {
			s.Requires, s.Robot = []string{"a", "k=v"}, "r"
			s.Config = s.Config.With("_requires", value.List{"a", "k=v"}).With("_robot", "r")
		}
		d.Steps = append(d.Steps, s)
	}
	for range rapid.IntRange(0, 6).Draw(t, "wires") {
		d.Wires = append(d.Wires, workflow.Wire{
			From: name.Draw(t, "from"), FromPort: "exec_out", To: name.Draw(t, "to"), ToPort: rapid.SampledFrom([]string{"exec_in", "data"}).Draw(t, "port"),
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "variables") {
		d.Variables = append(d.Variables, workflow.Variable{
			Name: fmt.Sprintf("v%d", i), Type: "Any", Default: anyValue(2).Draw(t, "default"),
			Description: rapid.SampledFrom([]string{"", "told"}).Draw(t, "told"), Sensitive: rapid.Bool().Draw(t, "sensitive"), ReadOnly: i == 1,
		})
	}
	return d
}

func dictText(tb rapid.TB, d *value.Dict) string {
	tb.Helper()
	out, err := value.JSON(d)
	require.NoError(tb, err)
	return string(out)
}

// requireSame compares everything but the index that a Dict may or may not have built.
func requireSame(tb rapid.TB, want, got *workflow.Document) {
	tb.Helper()
	require.Equal(tb, []any{want.ID, want.Name, want.Description, want.Version, want.Settings}, []any{got.ID, got.Name, got.Description, got.Version, got.Settings})
	require.Equal(tb, dictText(tb, want.Raw), dictText(tb, got.Raw))
	require.Len(tb, got.Steps, len(want.Steps))
	for i, w := range want.Steps {
		g := got.Steps[i]
		require.Equal(tb, []any{w.ID, w.Type, w.Name, w.Disabled, w.Requires, w.Robot, w.Position}, []any{g.ID, g.Type, g.Name, g.Disabled, g.Requires, g.Robot, g.Position})
		require.Equal(tb, dictText(tb, w.Config), dictText(tb, g.Config))
		require.Equal(tb, dictText(tb, w.Raw), dictText(tb, g.Raw))
	}
	require.Len(tb, got.Wires, len(want.Wires))
	for i, w := range want.Wires {
		g := got.Wires[i]
		require.Equal(tb, dictText(tb, w.Raw), dictText(tb, g.Raw))
		w.Raw, g.Raw = nil, nil
		require.Equal(tb, w, g)
	}
	require.Len(tb, got.Variables, len(want.Variables))
	for i, w := range want.Variables {
		g := got.Variables[i]
		require.True(tb, value.Equal(w.Default, g.Default))
		require.Equal(tb, value.TypeName(w.Default), value.TypeName(g.Default))
		require.Equal(tb, dictText(tb, w.Raw), dictText(tb, g.Raw))
		w.Raw, g.Raw, w.Default, g.Default = nil, nil, nil, nil
		require.Equal(tb, w, g)
	}
}

func TestCanonicalRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDocument(t)
		out, err := d.JSON()
		require.NoError(t, err)
		got, problems := workflow.Read(out)
		require.Empty(t, workflow.Errors(problems))
		requireSame(t, d, got)
		again, err := got.JSON()
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
	})
}

// A document built in code may leave out what Read would fill in.
func TestCanonicalOfLittle(t *testing.T) {
	t.Parallel()
	d := &workflow.Document{Name: "x", Steps: []*workflow.Step{{ID: "a", Type: "StartNode", Disabled: true}}, Settings: workflow.DefaultSettings()}
	out, err := d.JSON()
	require.NoError(t, err)
	got := read(t, string(out))
	require.True(t, got.Steps[0].Disabled)
	require.Equal(t, workflow.DefaultSettings(), got.Settings)
}

func TestCanonicalRefusesASecret(t *testing.T) {
	t.Parallel()
	d := &workflow.Document{Name: "x", Variables: []workflow.Variable{{Name: "p", Default: value.NewSecret("hush")}}}
	out, err := d.JSON()
	if err == nil {
		require.NotContains(t, string(out), "hush")
	}
}
