package workflow_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare/value"
	"casare/workflow"
)

// sloppy draws an object of some of these keys, in any order, with right and wrong values.
func sloppy(t *rapid.T, keys map[string]*rapid.Generator[value.Value]) *value.Dict {
	names := slices.Sorted(maps.Keys(keys))
	b := value.NewDict()
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, min(6, len(names)), rapid.ID).Draw(t, "keys") {
		if rapid.IntRange(0, 60).Draw(t, "wrong") == 60 {
			b.Set(name, anyValue(1).Draw(t, "odd"))
			continue
		}
		b.Set(name, keys[name].Draw(t, name))
	}
	return b.Dict()
}

func oneOf(values ...value.Value) *rapid.Generator[value.Value] { return rapid.SampledFrom(values) }

func drawn(f func(t *rapid.T) value.Value) *rapid.Generator[value.Value] { return rapid.Custom(f) }

func asList(item *rapid.Generator[value.Value]) *rapid.Generator[value.Value] {
	return drawn(func(t *rapid.T) value.Value { return value.List(rapid.SliceOfN(item, 0, 5).Draw(t, "list")) })
}

func asDict(item *rapid.Generator[value.Value]) *rapid.Generator[value.Value] {
	return drawn(func(t *rapid.T) value.Value {
		b := value.NewDict()
		for range rapid.IntRange(0, 5).Draw(t, "len") {
			b.Set(someID.Draw(t, "id"), item.Draw(t, "item"))
		}
		return b.Dict()
	})
}

var (
	someID   = oneOf("a", "b", "c", "a.b", "", " ", int64(1), "n1")
	somePort = oneOf("exec_out", "exec_in", "in", "out", "loop", "data", "", nil)
	someEnd  = drawn(func(t *rapid.T) value.Value {
		return value.List{someID.Draw(t, "id"), somePort.Draw(t, "port")}
	})
	someFlag   = oneOf(true, false, "no", int64(1), nil)
	somePlace  = oneOf("a", " a , b", "", value.List{"a", int64(1)}, value.List{}, value.List{nil}, true, nil, "{{x}}")
	someNumber = oneOf(int64(0), int64(7), 0.1, 2.5, "3", -1.0, 1e300, nil)
	someConfig = drawn(func(t *rapid.T) value.Value {
		return sloppy(t, map[string]*rapid.Generator[value.Value]{
			"node_id": someID, "message": oneOf("m"), "_disabled": someFlag, "paired_start_id": someID,
			"_requires": somePlace, "_robot": somePlace,
		})
	})
	someStep = drawn(func(t *rapid.T) value.Value {
		return sloppy(t, map[string]*rapid.Generator[value.Value]{
			"node_id": someID, "id": someID, "node_type": oneOf("StartNode", "LogNode"), "type": oneOf("LogNode", "x.VisualLogNode", "RerouteNode"),
			"type_": oneOf("x.VisualRerouteNode", "x.y.BackdropNode", "x.VisualStartNode"), "config": someConfig, "custom": someConfig, "properties": someConfig,
			"position": oneOf(value.List{int64(1), 2.5}, value.List{}), "pos": oneOf(value.List{int64(1), math.Copysign(0, -1)}), "name": oneOf("N", " ", ""), "display_name": oneOf("D"),
			"disabled": someFlag, "requires": somePlace, "robot": somePlace, "x_more": oneOf("kept"),
		})
	})
	someWire = drawn(func(t *rapid.T) value.Value {
		return sloppy(t, map[string]*rapid.Generator[value.Value]{
			"source_node": someID, "source_port": somePort, "target_node": someID, "target_port": somePort,
			"from_node": someID, "from_port": somePort, "to_node": someID, "to_port": somePort,
			"source": oneOf("a", "a.b", "b.out", ""), "target": oneOf("a.in", "c"), "sourceHandle": somePort, "targetHandle": somePort,
			"out": someEnd, "in": someEnd, "x_more": oneOf("kept"),
		})
	})
	someVariable = drawn(func(t *rapid.T) value.Value {
		return sloppy(t, map[string]*rapid.Generator[value.Value]{
			"name": someID, "type": oneOf("Integer", ""), "data_type": oneOf("List"), "default_value": anyValue(1), "value": anyValue(1),
			"description": oneOf("d"), "sensitive": someFlag, "readonly": someFlag, "required": someFlag, "x_more": oneOf("kept"),
		})
	})
	someSettings = drawn(func(t *rapid.T) value.Value {
		return sloppy(t, map[string]*rapid.Generator[value.Value]{
			"stop_on_error": someFlag, "continue_on_error": someFlag, "timeout": someNumber, "node_timeout": someNumber,
			"timeout_seconds": someNumber, "retry_count": someNumber, "x_more": oneOf("kept"),
		})
	})
	someBody = map[string]*rapid.Generator[value.Value]{
		"nodes":       rapid.OneOf(asDict(someStep), asList(someStep)),
		"connections": asList(someWire),
	}
	someDocument = drawn(func(t *rapid.T) value.Value {
		inner := drawn(func(t *rapid.T) value.Value { return sloppy(t, someBody) })
		keys := map[string]*rapid.Generator[value.Value]{
			"id": someID, "name": oneOf("top"), "version": oneOf("2", 1.5), "frames": asList(oneOf("f")),
			"metadata": drawn(func(t *rapid.T) value.Value {
				return sloppy(t, map[string]*rapid.Generator[value.Value]{
					"id": someID, "name": oneOf("meta", "", int64(3)), "description": oneOf("d"), "author": oneOf("me"), "schema_version": oneOf("1.0.0", "9"),
				})
			}),
			"variables": rapid.OneOf(asDict(someVariable), asList(someVariable)), "default_variables": asList(someVariable),
			"settings": someSettings, "execution_settings": someSettings, "default_settings": someSettings,
			"graph": inner, "base_workflow": inner, "x_more": oneOf("kept"),
		}
		b := sloppy(t, keys).Edit()
		for _, name := range []string{"nodes", "connections"} {
			if rapid.Bool().Draw(t, "own "+name) {
				b.Set(name, someBody[name].Draw(t, name))
			}
		}
		return b.Dict()
	})
)

// Whatever mixture of formats comes in: it is read or refused with a reason; the check returns; and what was read is, once written in the
// canonical format, read back as it was.
func TestReadSloppyDocuments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw, err := value.JSON(someDocument.Draw(t, "document"))
		require.NoError(t, err)
		d, problems := workflow.Read(raw)
		require.NotNil(t, d)
		for _, p := range append(problems, d.Check(fakeTypes{})...) {
			require.NotEmpty(t, p.Code)
			require.NotEmpty(t, p.Message)
		}
		if len(workflow.Errors(problems)) > 0 {
			return
		}
		out, err := d.JSON()
		require.NoError(t, err)
		again, problems := workflow.Read(out)
		require.Empty(t, workflow.Errors(problems))
		requireSame(t, d, again)
	})
}
