package scheduler

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"casare"
)

// world is an index with robots that are here.
func world(robots ...*casare.Robot) *index {
	x := newIndex(time.Minute)
	for _, r := range robots {
		known := x.robot(r.ID)
		r.Tenant = casare.DefaultTenant
		known.record, known.slots, known.peer = r, r.Slots, &peer{ready: true}
	}
	return x
}

func queued(id string, priority int, created time.Duration) *casare.Job {
	return casare.NewJob(casare.JobSpec{
		ID: id, Tenant: casare.DefaultTenant, Priority: priority, CreatedAt: casare.Time(created.Microseconds()),
	})
}

func ids(entries []*entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.id)
	}
	return list
}

func TestPlan_PriorityThenAge(t *testing.T) {
	t.Parallel()
	x := world(&casare.Robot{ID: "a", Slots: 10})
	x.put(queued("low", 15, 0))
	x.put(queued("later", 10, 2*time.Second))
	x.put(queued("sooner", 10, time.Second))
	x.put(queued("critical", 0, 3*time.Second))
	require.Equal(t, []string{"critical", "sooner", "later", "low"}, ids(x.plan(10)))
}

func TestPlan_AgeingLetsAnOldJobPassAfterOneIntervalALevel(t *testing.T) {
	t.Parallel()
	x := world(&casare.Robot{ID: "a", Slots: 1})
	x.put(queued("old", 20, 0))
	x.put(queued("before", 10, 10*time.Minute-time.Second))
	x.put(queued("after", 10, 10*time.Minute+time.Second))
	require.Equal(t, []string{"before"}, ids(x.plan(1)))
	x.robots["a"].slots = 3
	require.Equal(t, []string{"old", "after"}, ids(x.plan(5)))
}

func TestPlan_LeastLoadedFirst(t *testing.T) {
	t.Parallel()
	x := world(&casare.Robot{ID: "a", Slots: 4}, &casare.Robot{ID: "b", Slots: 2})
	for i := range 6 {
		x.put(queued(strconv.Itoa(i), 10, time.Duration(i)))
	}
	var order []string
	for _, e := range x.plan(10) {
		order = append(order, e.robot.id)
	}
	require.Equal(t, []string{"a", "b", "a", "b", "a", "a"}, order)
	require.Empty(t, x.plan(10))
}

func TestFits_EnvironmentTargetNeedsTenant(t *testing.T) {
	t.Parallel()
	robot := &casare.Robot{ID: "a", Slots: 1, Environment: "prod", Capabilities: []string{"browser", "os:linux"}, Labels: map[string]string{"room": "7"}}
	for name, c := range map[string]struct {
		change func(j *casare.Job)
		fits   bool
	}{
		"plain":             {func(*casare.Job) {}, true},
		"same environment":  {func(j *casare.Job) { j.Environment = "prod" }, true},
		"default":           {func(j *casare.Job) { j.Environment = "default" }, true},
		"other environment": {func(j *casare.Job) { j.Environment = "test" }, false},
		"target":            {func(j *casare.Job) { j.TargetRobot = "a" }, true},
		"other target":      {func(j *casare.Job) { j.TargetRobot = "b" }, false},
		"needs":             {func(j *casare.Job) { j.Needs = []string{"os:linux", "browser"} }, true},
		"needs more":        {func(j *casare.Job) { j.Needs = []string{"browser", "python"} }, false},
		"rejected":          {func(j *casare.Job) { j.RejectedBy = []string{"a"} }, false},
		"a label":           {func(j *casare.Job) { j.Needs = []string{"room=7"} }, true},
		"another place":     {func(j *casare.Job) { j.TargetRobot, j.Place = "a", &casare.Placement{Robot: "b"} }, false},
		"its place":         {func(j *casare.Job) { j.TargetRobot, j.Place = "b", &casare.Placement{Requires: []string{"browser"}} }, true},
		"other tenant":      {func(j *casare.Job) { j.Tenant = "other" }, false},
	} {
		x := world(robot)
		j := queued("j", 10, 0)
		c.change(j)
		x.put(j)
		require.Equal(t, c.fits, len(x.plan(1)) == 1, name)
	}
}

// The index against a plain model, under every order of what can happen.
func TestIndex_PlacesOnlyWhereItFitsAndNeverMoreThanTheSlots(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		environments := rapid.SampledFrom([]string{"", "prod", "test"})
		x := newIndex(time.Minute)
		for i := range rapid.IntRange(1, 5).Draw(t, "robots") {
			r := &casare.Robot{ID: fmt.Sprintf("r%d", i), Slots: rapid.IntRange(1, 3).Draw(t, "slots"), Environment: environments.Draw(t, "where")}
			known := x.robot(r.ID)
			r.Tenant = casare.DefaultTenant
			if rapid.Bool().Draw(t, "browser") {
				r.Capabilities = []string{"browser"}
			}
			known.record, known.slots = r, r.Slots
			if rapid.IntRange(0, 4).Draw(t, "here") > 0 {
				known.peer = &peer{ready: true}
			}
		}
		jobs := map[string]*casare.Job{}
		var held []string
		clock := casare.Time(0)
		for range rapid.IntRange(1, 60).Draw(t, "moves") {
			clock += casare.Time(rapid.IntRange(1, 100_000_000).Draw(t, "time"))
			switch rapid.IntRange(0, 5).Draw(t, "move") {
			case 0, 1:
				j := queued(fmt.Sprintf("j%d", len(jobs)), rapid.IntRange(0, 20).Draw(t, "priority"), time.Duration(clock)*time.Microsecond)
				j.Environment = environments.Draw(t, "environment")
				if rapid.Bool().Draw(t, "needs") {
					j.Needs = []string{"browser"}
				}
				if rapid.IntRange(0, 5).Draw(t, "targeted") == 0 {
					j.TargetRobot = "r0"
				}
				jobs[j.ID] = j
				x.put(j)
			case 2:
				for _, e := range x.plan(rapid.IntRange(1, 10).Draw(t, "most")) {
					if !e.class.fits(e.robot) || e.robot.peer == nil {
						t.Fatalf("%s does not fit %s", e.id, e.robot.id)
					}
					if e.robot.used > e.robot.slots {
						t.Fatalf("%s has %d of %d slots", e.robot.id, e.robot.used, e.robot.slots)
					}
					switch rapid.IntRange(0, 2).Draw(t, "outcome") {
					case 0:
						x.unplace(e)
					default:
						e.phase, e.epoch = phaseHeld, uint64(clock)
						held = append(held, e.id)
					}
				}
			case 3, 4:
				if len(held) == 0 {
					continue
				}
				id := held[0]
				held = held[1:]
				if e := x.jobs[id]; rapid.Bool().Draw(t, "reported") && e.phase == phaseHeld {
					x.end(e)
				}
				if rapid.Bool().Draw(t, "again") {
					x.put(jobs[id])
				} else {
					x.drop(id)
				}
			case 5:
				r := x.robots["r0"]
				if r.peer == nil {
					r.peer = &peer{ready: true}
				} else {
					r.peer = nil
				}
			}
			check(t, x)
		}
	})
}

// check demands that the index agrees with itself.
func check(t *rapid.T, x *index) {
	used := map[*robot]int{}
	waiting := 0
	for id, e := range x.jobs {
		if e.phase == phaseQueued {
			waiting++
			if e.class.queue[e.at] != e || x.classes[e.class.key] != e.class {
				t.Fatalf("%s is not where it says", id)
			}
			continue
		}
		if e.robot.jobs[id] != e {
			t.Fatalf("%s is not on its robot", id)
		}
		if !e.ended {
			used[e.robot]++
		}
	}
	for _, r := range x.robots {
		if r.used != used[r] {
			t.Fatalf("%s counts %d slots in use, not %d", r.id, r.used, used[r])
		}
	}
	for _, c := range x.classes {
		if len(c.queue) == 0 {
			t.Fatal("an empty class is kept")
		}
		waiting -= len(c.queue)
	}
	if waiting != 0 {
		t.Fatalf("%d jobs wait in no class", waiting)
	}
}

// A job of the lowest priority gets its turn however many better ones keep coming.
func TestPlan_NobodyStarves(t *testing.T) {
	t.Parallel()
	x := world(&casare.Robot{ID: "a", Slots: 1})
	x.put(queued("patient", casare.PriorityLowest, 0))
	for i := range 30 {
		now := time.Duration(i) * time.Minute
		x.put(queued(fmt.Sprintf("urgent%d", i), casare.PriorityHighest, now))
		planned := x.plan(1)
		require.Len(t, planned, 1)
		id := planned[0].id
		x.drop(id)
		if id == "patient" {
			require.Equal(t, 20, i)
			return
		}
	}
	t.Fatal("it starved")
}

func BenchmarkPlan_10000Jobs100Robots(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		x := newIndex(time.Minute)
		for i := range 100 {
			r := x.robot(fmt.Sprintf("r%03d", i))
			r.record, r.slots, r.peer = &casare.Robot{ID: r.id, Tenant: casare.DefaultTenant}, 100, &peer{ready: true}
		}
		for i := range 10_000 {
			j := queued(fmt.Sprintf("j%05d", i), i%21, time.Duration(i)*time.Millisecond)
			j.Needs = nil
			x.put(j)
		}
		b.StartTimer()
		placed := 0
		for {
			planned := x.plan(512)
			if len(planned) == 0 {
				break
			}
			placed += len(planned)
		}
		if placed != 10_000 {
			b.Fatal(placed)
		}
	}
	b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "placements/s")
}
