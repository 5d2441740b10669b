package bench_test

import (
	"strconv"
	"testing"

	"casare/client"
)

const waitingJobs = 200_000

// BenchmarkMemory measures what the robots hold while many jobs wait, which is the most that a job ever takes: the leader has each
// in its queue.
func BenchmarkMemory(b *testing.B) {
	f := startFleet(b)
	r := rigOf(f)
	id := workflow(b, r)
	c := r.client()
	defer c.Close()
	jobs := make([]client.Submit, 1000)
	for i := range jobs {
		jobs[i] = client.Submit{WorkflowID: id, Needs: []string{nobody}}
	}
	for range waitingJobs / len(jobs) {
		if _, err := c.SubmitBatch(b.Context(), jobs); err != nil {
			b.Fatal(err)
		}
	}
	leader, err := f.Leader(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, robot := range f.Robots() {
		name := "another robot"
		if robot == leader {
			name = "the leader"
		}
		report(b, name+" with "+strconv.Itoa(waitingJobs)+" jobs waiting, MB resident", residentMB(b, robot.Pid()))
	}
}
