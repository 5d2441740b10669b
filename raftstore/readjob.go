package raftstore

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"casare"
)

const (
	maxPage    = 500
	activePage = 1000
)

// Job returns a job, else CodeNotFound.
func (s *Store) Job(id string) (*casare.Job, error) {
	if recent := s.state.memory.job(id); recent != nil {
		job := *recent
		return &job, nil
	}
	var job *casare.Job
	err := s.state.view(func(tx *bbolt.Tx) error {
		j, err := needJob(tx, id)
		job = j
		return err
	})
	return job, err
}

func needJob(tx *bbolt.Tx, id string) (*casare.Job, error) {
	j, found, err := findJob(tx, id)
	if err == nil && !found {
		return nil, casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
	}
	return j, err
}

// JobResult returns the raw JSON object a job ended with, else CodeNotFound.
func (s *Store) JobResult(id string) ([]byte, error) {
	return s.readBytes(bucketResult, []byte(id), "result of job "+id)
}

// JobLog returns the lines the state keeps of a job's log, oldest first: JSON of casare.LogLine. CodeNotFound if there is no such job.
func (s *Store) JobLog(id string) ([][]byte, error) {
	var lines [][]byte
	err := s.state.view(func(tx *bbolt.Tx) (err error) {
		if tx.Bucket(bucketStatus).Get([]byte(id)) == nil {
			return casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
		}
		lines, err = readLog(tx, id)
		return err
	})
	return lines, err
}

// Checkpoint returns the records of the checkpoint that the state holds for the job, ordered by key, and the number of that checkpoint.
// None: nil, 0, no error.
func (s *Store) Checkpoint(id string) (records []casare.Record, seq uint64, err error) {
	err = s.state.view(func(tx *bbolt.Tx) error {
		status, found, err := getRow[casare.JobStatus](tx.Bucket(bucketStatus), []byte(id))
		if err == nil && !found {
			return casare.Errorf(casare.CodeNotFound, "there is no job %s", id)
		}
		if err != nil {
			return err
		}
		seq = status.CheckpointSeq
		records, err = readRecords(tx, id)
		return err
	})
	return records, seq, err
}

// Counts returns how many jobs of a tenant ("" = all) stand in each state.
func (s *Store) Counts(tenant string) (casare.JobCounts, error) {
	return s.state.memory.countsOf(tenant), nil
}

// Active returns every job that has not ended, of all tenants, oldest first.
func (s *Store) Active() ([]*casare.Job, error) {
	ids := s.state.memory.unfinished(func(activeJob) bool { return true })
	jobs := make([]*casare.Job, 0, len(ids))
	for page := range slices.Chunk(ids, activePage) {
		err := s.state.view(func(tx *bbolt.Tx) error {
			found, err := readJobs(tx, page)
			jobs = append(jobs, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(jobs, func(j *casare.Job) bool { return j.State.Terminal() }), nil
}

func readJobs(tx *bbolt.Tx, ids []string) ([]*casare.Job, error) {
	jobs := make([]*casare.Job, 0, len(ids))
	for _, id := range ids {
		j, err := readJob(tx, id)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// Jobs returns a page of the jobs a query selects, newest first. A query that would take more than a second to answer is
// CodeTimeout.
func (s *Store) Jobs(q casare.JobQuery) (casare.JobPage, error) {
	if q.Limit <= 0 {
		q.Limit = defaultPage
	}
	q.Limit, q.Offset = min(q.Limit, maxPage), max(q.Offset, 0)
	byState := len(q.States) > 0
	if byState && q.WorkflowID == "" && q.RobotID == "" && q.Environment == "" && !slices.ContainsFunc(q.States, casare.JobState.Terminal) {
		return s.unfinishedJobs(q)
	}
	var page casare.JobPage
	err := s.state.scan(func(tx *bbolt.Tx) error {
		scan := &jobScan{query: q, until: time.Now().Add(readDeadline)}
		if q.WorkflowID == "" && q.RobotID == "" && q.Environment == "" {
			scan.total = sumCounts(s.state.memory.countsOf(q.Tenant), q.States)
			scan.totalKnown = true
		}
		if err := scan.run(tx, s.tenantsOf(q.Tenant)); err != nil {
			return err
		}
		jobs, err := readJobs(tx, scan.ids)
		page = casare.JobPage{Jobs: jobs, Total: scan.total}
		return err
	})
	return page, err
}

func (s *Store) tenantsOf(tenant string) []string {
	if tenant != "" {
		return []string{tenant}
	}
	return s.state.memory.tenants()
}

func sumCounts(counts casare.JobCounts, states []casare.JobState) int {
	sum := 0
	for state, n := range counts {
		if len(states) == 0 || slices.Contains(states, state) {
			sum += n
		}
	}
	return sum
}

// unfinishedJobs answers from memory which jobs stand in states that end sometime: there are few of them.
func (s *Store) unfinishedJobs(q casare.JobQuery) (casare.JobPage, error) {
	ids := s.state.memory.unfinished(func(j activeJob) bool {
		return (q.Tenant == "" || j.tenant == q.Tenant) && slices.Contains(q.States, j.state)
	})
	slices.Reverse(ids)
	page := casare.JobPage{Total: len(ids)}
	ids = ids[min(q.Offset, len(ids)):]
	ids = ids[:min(q.Limit, len(ids))]
	err := s.state.view(func(tx *bbolt.Tx) (err error) {
		page.Jobs, err = readJobs(tx, ids)
		return err
	})
	return page, err
}

// jobScan walks the jobs newest first and picks those a query selects.
type jobScan struct {
	query      casare.JobQuery
	until      time.Time
	ids        []string
	skipped    int
	total      int
	totalKnown bool // then the walk ends with the page
}

// tenantJobs is where the walk stands within one tenant.
type tenantJobs struct {
	tenant string
	cursor *bbolt.Cursor
	key    []byte // nil at the end
	value  []byte
}

func (t *tenantJobs) settle(k, v []byte) {
	if !bytes.HasPrefix(k, key(t.tenant, "")) {
		k, v = nil, nil
	}
	t.key, t.value = k, v
}

func (s *jobScan) run(tx *bbolt.Tx, tenants []string) error {
	walks := make([]*tenantJobs, 0, len(tenants))
	for _, tenant := range tenants {
		t := &tenantJobs{tenant: tenant, cursor: tx.Bucket(bucketCreated).Cursor()}
		// The first key after the tenant's: its name ends in a zero byte, so a one is beyond.
		if k, _ := t.cursor.Seek([]byte(tenant + "\x01")); k == nil {
			t.settle(t.cursor.Last())
		} else {
			t.settle(t.cursor.Prev())
		}
		walks = append(walks, t)
	}
	for n := 0; ; n++ {
		newest := pickNewest(walks)
		if newest == nil || s.totalKnown && len(s.ids) >= s.query.Limit {
			return nil
		}
		if n%256 == 255 && time.Now().After(s.until) {
			return casare.Errorf(casare.CodeTimeout, "too many jobs to search: narrow the query")
		}
		if err := s.visit(tx, newest); err != nil {
			return err
		}
		newest.settle(newest.cursor.Prev())
	}
}

func pickNewest(walks []*tenantJobs) *tenantJobs {
	var newest *tenantJobs
	var best string
	for _, t := range walks {
		if t.key == nil {
			continue
		}
		if rest := string(t.key[len(t.tenant)+1:]); newest == nil || rest > best {
			newest, best = t, rest
		}
	}
	return newest
}

func (s *jobScan) visit(tx *bbolt.Tx, t *tenantJobs) error {
	_, id := createdOf(t.key, t.tenant)
	wanted, err := s.selects(tx, id, t.value)
	if err != nil || !wanted {
		return err
	}
	if !s.totalKnown {
		s.total++
	}
	switch {
	case s.skipped < s.query.Offset:
		s.skipped++
	case len(s.ids) < s.query.Limit:
		s.ids = append(s.ids, id)
	}
	return nil
}

func (s *jobScan) selects(tx *bbolt.Tx, id string, value []byte) (bool, error) {
	q := s.query
	workflow, environment, _ := strings.Cut(string(value), "\x00")
	if q.WorkflowID != "" && workflow != q.WorkflowID || q.Environment != "" && environment != q.Environment {
		return false, nil
	}
	if len(q.States) == 0 && q.RobotID == "" {
		return true, nil
	}
	status, _, err := getRow[casare.JobStatus](tx.Bucket(bucketStatus), []byte(id))
	if err != nil {
		return false, err
	}
	return (len(q.States) == 0 || slices.Contains(q.States, status.State)) && (q.RobotID == "" || status.RobotID == q.RobotID), nil
}
