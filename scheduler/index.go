package scheduler

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"time"

	"casare"
	"casare/session"
)

// phase is where an entry of the index stands. It lags behind the job's state while a proposal is under way.
type phase uint8

const (
	phaseQueued  phase = iota + 1 // waits in the heap of its class
	phasePlacing                  // its Assign is being proposed; holds a slot of robot
	phaseHeld                     // robot has the current epoch
)

// entry is what the leader remembers of a job that is queued or held: enough to place it, not what is needed to run it.
type entry struct {
	id     string
	tenant string
	key    int64  // order in the queue, see index.key
	class  *class // while queued or placing
	at     int    // position in the heap of class; only meaningful while queued
	phase  phase
	robot  *robot // while placing or held
	epoch  uint64
	ended  bool        // held: the robot has reported the end, so its slot is free, but that is not replicated yet
	cancel bool        // a cancel came while placing
	again  bool        // something happened while placing: look at the job again
	pin    string      // while queued or placing: what keeps it from other robots than its class's target
	since  casare.Time // it is in the queue
	stop   *stop       // held: its debugger has stopped it; nil: it has not
}

// class is the jobs that the same robots can run. Placing looks at the first job of each class only: if no robot can run it,
// none can run the others.
type class struct {
	key      string
	tenant   string
	where    string // environment
	target   string
	place    casare.Placement
	rejected []string
	queue    queue
}

// queue is a heap of entries by (key, id).
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return before(q[i], q[j]) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	e, ok := x.(*entry)
	if !ok {
		return
	}
	e.at = len(*q)
	*q = append(*q, e)
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}

func before(a, b *entry) bool {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) < 0
}

// robot is what the leader knows of a robot.
type robot struct {
	id       string
	record   *casare.Robot // of the state; nil when only a job names it
	peer     *peer         // its session; nil when offline
	slots    int
	used     int               // slots held by placing and held entries
	jobs     map[string]*entry // placing and held entries
	stopping bool
	deadline time.Time   // monotonic: without a word until then its attempts expire; zero: nothing to expire
	left     casare.Time // when its last session ended in this term
	placed   uint64      // when it last got a job, as a count of placements
	beat     session.Heartbeat
	heard    time.Time // wall clock of the last heartbeat
	skewed   bool      // its clock was off at the last heartbeat
}

func (r *robot) free() int {
	if r.peer == nil || !r.peer.ready || r.stopping {
		return 0
	}
	return max(0, r.slots-r.used)
}

// index is the leader's memory of jobs and robots. It is not safe for concurrent use and does no I/O.
type index struct {
	ageing  int64 // microseconds
	jobs    map[string]*entry
	classes map[string]*class
	robots  map[string]*robot
	pinned  map[string]*entry // queued entries that wait for one robot
	woken   func()            // called when one is added
	placed  uint64
}

func newIndex(ageing time.Duration) *index {
	return &index{
		ageing: ageing.Microseconds(), jobs: map[string]*entry{}, classes: map[string]*class{}, robots: map[string]*robot{},
		pinned: map[string]*entry{}, woken: func() {},
	}
}

// key orders the queue: by priority, but a job gains one level for each ageing interval that it waits longer than another. All
// jobs age alike, so the order of two jobs never changes and nothing is sorted again.
func (x *index) key(spec *casare.JobSpec) int64 {
	return int64(spec.CreatedAt) + int64(spec.Priority)*x.ageing
}

// robot returns a robot, made if it is not known.
func (x *index) robot(id string) *robot {
	r := x.robots[id]
	if r == nil {
		r = &robot{id: id, jobs: map[string]*entry{}}
		x.robots[id] = r
	}
	return r
}

// put makes the entry of a job agree with the job as it was just read. While the job is being placed it only takes note.
func (x *index) put(j *casare.Job) {
	e := x.jobs[j.ID]
	if e != nil && e.phase == phasePlacing {
		e.again = true
		return
	}
	switch {
	case j.State == casare.JobQueued:
		x.enqueue(j)
	case j.State.Active():
		x.hold(j.ID, j.Tenant, j.RobotID, j.Epoch)
	default:
		x.drop(j.ID)
	}
}

// enqueue puts a job into the queue, wherever it was before.
func (x *index) enqueue(j *casare.Job) {
	e := x.jobs[j.ID]
	if e == nil {
		e = &entry{id: j.ID, tenant: j.Tenant}
		x.jobs[j.ID] = e
	} else {
		x.detach(e)
	}
	e.key, e.epoch = x.key(&j.JobSpec), j.Epoch
	e.class = x.class(j)
	e.phase, e.robot, e.ended, e.cancel, e.again = phaseQueued, nil, false, false, false
	e.pin, e.since = j.Pin, j.UpdatedAt
	heap.Push(&e.class.queue, e)
	x.pin(e)
}

// hold records that a robot has the current epoch of a job.
func (x *index) hold(id, tenant, robotID string, epoch uint64) {
	e := x.jobs[id]
	if e != nil && e.phase == phaseHeld && e.epoch == epoch && e.robot.id == robotID {
		return
	}
	if e == nil {
		e = &entry{id: id, tenant: tenant}
		x.jobs[id] = e
	} else {
		x.detach(e)
	}
	x.attach(e, x.robot(robotID))
	e.phase, e.epoch, e.ended = phaseHeld, epoch, false
}

// end frees the slot of a held job whose robot says that it has ended.
func (x *index) end(e *entry) {
	if e.phase == phaseHeld && !e.ended {
		e.ended = true
		e.robot.used--
	}
}

// drop forgets a job.
func (x *index) drop(id string) {
	if e := x.jobs[id]; e != nil {
		x.detach(e)
		delete(x.jobs, id)
	}
}

func (x *index) attach(e *entry, r *robot) {
	e.robot = r
	r.jobs[e.id] = e
	r.used++
}

// detach takes an entry out of the queue or off its robot.
func (x *index) detach(e *entry) {
	switch e.phase {
	case phaseQueued:
		delete(x.pinned, e.id)
		heap.Remove(&e.class.queue, e.at)
		if len(e.class.queue) == 0 {
			delete(x.classes, e.class.key)
		}
	case phasePlacing, phaseHeld:
		delete(e.robot.jobs, e.id)
		if !e.ended {
			e.robot.used--
		}
	}
	e.robot, e.ended = nil, false
}

// unplace puts an entry that was being placed back where it was in the queue.
func (x *index) unplace(e *entry) {
	x.detach(e)
	if c := x.classes[e.class.key]; c != nil {
		e.class = c
	} else {
		x.classes[e.class.key] = e.class
	}
	e.phase, e.cancel, e.again = phaseQueued, false, false
	heap.Push(&e.class.queue, e)
	x.pin(e)
}

func (x *index) class(j *casare.Job) *class {
	place := *j.Wanted()
	place.Requires = slices.Sorted(slices.Values(place.Requires))
	rejected := slices.Sorted(slices.Values(j.RejectedBy))
	target := j.BoundTo()
	if target != "" {
		place.Robot = "" // what it left there decides
	}
	// No part can hold a NUL: ids and names are checked where they enter.
	key := strings.Join([]string{
		j.Tenant, j.Environment, target, place.Robot, strings.Join(place.Requires, "\x01"), strings.Join(rejected, "\x01"),
	}, "\x00")
	c := x.classes[key]
	if c == nil {
		c = &class{
			key: key, tenant: j.Tenant, where: j.Environment, target: target, place: place, rejected: rejected,
		}
		x.classes[key] = c
	}
	return c
}

// fits says whether a robot may run jobs of a class, its free slots aside.
func (c *class) fits(r *robot) bool {
	if r.record == nil || r.record.Tenant != c.tenant || c.target != "" && c.target != r.id {
		return false
	}
	if !anywhere(c.where) && !anywhere(r.record.Environment) && c.where != r.record.Environment {
		return false
	}
	return c.place.Fits(r.record) && !slices.Contains(c.rejected, r.id)
}

// anywhere says whether an environment is none: such a job runs on any robot, such a robot runs any job.
func anywhere(environment string) bool { return environment == "" || environment == "default" }
