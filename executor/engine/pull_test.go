package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"casare"
	"casare/executor/engine"
)

func TestPull_OncePerConsumerHoweverManyWaysLeadThere(t *testing.T) {
	t.Parallel()
	sink := &tape{}
	r := run(t, `
		s StartNode
		base AddNode {"a": 1, "b": 2}
		left AddNode {"b": 10}
		right AddNode {"b": 20}
		sum AddNode
		c SetNode {"name": "x"}
		d SetNode {"name": "y"}
		base.sum > left.a
		base.sum > right.a
		left.sum > sum.a
		right.sum > sum.b
		s > c
		c > d
		sum.sum > c.value
		base.sum > d.value
	`, engine.Options{Sink: sink})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, int64(36), variable(r, "x"))
	require.Equal(t, int64(3), variable(r, "y"))
	require.Equal(t, int64(2), variable(r, "count_base"), "once for c, once for d")
	require.Equal(t, []string{"s", "c", "d"}, r.Order, "computed steps are no entries of the order")
	require.Contains(t, sink.history(), "base completed", "but they are events")
}

func TestPull_AgainInEachIteration(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		l LoopNode {"times": 3}
		a AddNode {"b": 100}
		c SetNode {"name": "x"}
		e LoopEndNode {"pair": "l"}
		l.index > a.a
		a.sum > c.value
		s > l
		l.body > c
		c > e
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, int64(102), variable(r, "x"))
	require.Equal(t, int64(3), variable(r, "count_a"))
}

func TestPull_AReferenceByNameIsANeedToo(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a AddNode {"a": 1, "b": 2}
		b AddNode {"a": "{{a.sum}}", "b": 4}
		c SetNode {"name": "x", "value": "{{b.sum}}"}
		s > c
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, int64(7), variable(r, "x"))
}

func TestPull_NamesThatNeedOneAnotherFail(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a AddNode {"a": "{{b.sum}}", "b": 2}
		b AddNode {"a": "{{a.sum}}", "b": 4}
		c SetNode {"name": "x", "value": "{{b.sum}}"}
		s > c
	`, engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Contains(t, r.Error.Message, "needs its own value")
}

func TestPull_AFailureNamesTheComputedStep(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a AddNode {"a": -1}
		c SetNode {"name": "x"}
		a.sum > c.value
		s > c
	`, engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, &casare.JobError{NodeID: "a", ErrorType: "ExecutionError", Message: "a is negative"}, r.Error)
}

func TestPull_AStepWithExecWiresIsNeverComputed(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		c SetNode {"name": "x"}
		a AddNode {"a": 1, "b": 2}
		a.sum > c.value
		s > c
		c > a
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Nil(t, variable(r, "x"))
	require.Equal(t, []string{"s", "c", "a"}, r.Order)
}

func TestPull_DisabledStepsLetComputedValuesThrough(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a AddNode {"a": 1, "b": 2}
		off SetNode {"name": "y", "_disabled": true}
		c SetNode {"name": "x"}
		a.sum > off.value
		off.value > c.value
		s > off
		off > c
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status)
	require.Equal(t, int64(3), variable(r, "x"))
}

func TestPull_WhatIsComputedCannotWait(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		w SleepNode {"ms": 1}
		c SetNode {"name": "x"}
		w.woken > c.value
		s > c
	`, engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, "w", r.Error.NodeID)
	require.Contains(t, r.Error.Message, "can neither wait nor loop")
}

func TestPull_ThroughDisabledSteps(t *testing.T) {
	t.Parallel()
	r := run(t, `
		s StartNode
		a AddNode {"a": 1, "b": 2}
		off SetNode {"name": "y", "_disabled": true}
		c SetNode {"name": "x"}
		a.sum > off.value
		off.value > c.value
		s > c
	`, engine.Options{})
	require.Equal(t, engine.Completed, r.Status, "%v", r.Error)
	require.Equal(t, int64(3), variable(r, "x"))

	r = run(t, `
		s StartNode
		a AddNode {"a": -1}
		off SetNode {"name": "y", "_disabled": true}
		a.sum > off.value
		s > off
	`, engine.Options{})
	require.Equal(t, engine.Failed, r.Status)
	require.Equal(t, "a", r.Error.NodeID)
}
