package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"casare"
)

const (
	maxName        = 255
	maxTimeout     = 7 * 24 * 3600
	maxNeeds       = 64
	maxIdempotency = 255
)

// submitBody asks for one run of a workflow, in the words of every client there is.
type submitBody struct {
	WorkflowID     string         `doc:"A stored workflow; or, beside a document, the id it is known by"   json:"workflow_id"`
	WorkflowName   string         `json:"workflow_name"`
	WorkflowJSON   Raw            `doc:"The document: an object, or a text that holds one"                 json:"workflow_json"`
	Priority       Priority       `json:"priority"`
	Environment    string         `json:"environment"`
	RobotID        string         `doc:"Run on this robot or nowhere (id or name)"                         json:"robot_id"`
	TargetRobotID  string         `doc:"Same as robot_id"                                                  json:"target_robot_id"`
	TargetRobot    string         `doc:"Same as robot_id"                                                  json:"target_robot"`
	Variables      Raw            `doc:"An object: overrides the defaults of the document"                 json:"variables"`
	InputData      Raw            `doc:"Same as variables"                                                 json:"input_data"`
	Input          Raw            `doc:"Same as variables"                                                 json:"input"`
	Documents      map[string]Raw `doc:"The documents that the document refers to, by path as written there, by file name or by id" json:"documents"`
	Metadata       Raw            `doc:"An object, kept; robot_id and variables in it count as above"      json:"metadata"`
	Needs          []string       `doc:"Capabilities a robot must have"                                    json:"required_capabilities"`
	TimeoutSeconds float64        `doc:"Default 3600"                                                      json:"timeout_seconds"`
	Timeout        float64        `doc:"Same as timeout_seconds"                                           json:"timeout"`
	Key            string         `doc:"Idempotency key of this item of a batch"                           json:"key"`

	RunTo   string            `doc:"Run only what leads to this step, and not past it"  json:"run_to"`
	RunStep string            `doc:"Run only this step"                                 json:"run_step"`
	RunAll  bool              `doc:"Begin at every StartNode"                           json:"run_all"`
	Debug   *casare.DebugSpec `doc:"Where the run stops, from its beginning on"         json:"debug"`
}

// metadata is what counts in the metadata of a submit.
type metadata struct {
	RobotID     string `json:"robot_id"`
	Variables   Raw    `json:"variables"`
	Description string `json:"description"`
}

type submitAnswer struct {
	ID           string          `json:"id"`
	JobID        string          `json:"job_id"`
	Status       casare.JobState `json:"status"`
	WorkflowID   string          `json:"workflow_id"`
	WorkflowName string          `json:"workflow_name"`
	Priority     int             `json:"priority"`
	RobotID      *string         `json:"robot_id"`
	CreatedAt    casare.Time     `json:"created_at"`
	Message      string          `json:"message"`
}

// submission is a job about to be proposed.
type submission struct {
	spec   casare.JobSpec
	doc    []byte            // left out when the state holds the revision
	before []casare.Proposal // store the documents that doc refers to
}

func (s submission) command() casare.SubmitJob {
	return casare.SubmitJob{Spec: s.spec, Document: s.doc}
}

// keyInput is a request that may carry an idempotency key.
type keyInput struct {
	Key string `doc:"The same key with the same body is the same request, however often it is sent" header:"Idempotency-Key"`
}

func (a *API) submitJob(ctx context.Context, in *keyInput, body []byte) (*answer[submitAnswer], error) {
	var req submitBody
	if err := decode(body, &req); err != nil {
		return nil, err
	}
	c := callOf(ctx)
	id, err := c.jobID("jobs", cmp.Or(in.Key, req.Key), c.command)
	if err != nil {
		return nil, err
	}
	s, err := a.submission(c, &req, id, lookups{})
	if err != nil {
		return nil, err
	}
	if cmp.Or(in.Key, req.Key) != "" {
		s.spec.BodyHash = req.hash()
	}
	result, err := a.propose(ctx, append(s.before, a.proposal(c, s.spec.ID, s.command()))...)
	if err != nil {
		return nil, err
	}
	a.stored(&s.spec)
	job := result.Job
	if job == nil {
		job = casare.NewJob(s.spec)
	}
	return &answer[submitAnswer]{Index: strconv.FormatUint(result.Index, 10), Body: submitAnswer{
		ID: job.ID, JobID: job.ID, Status: publicState(job.State), WorkflowID: job.WorkflowID, WorkflowName: job.WorkflowName,
		Priority: job.Priority, RobotID: optional(job.TargetRobot), CreatedAt: job.CreatedAt, Message: "The job is queued",
	}}, nil
}

// stored notes that the state holds every document of a job.
func (a *API) stored(spec *casare.JobSpec) {
	a.docs.stored(spec.Revision)
	for _, p := range spec.Pinned {
		a.docs.stored(p.Revision)
	}
}

// jobID is the id of the job a submit makes: fresh when no idempotency key came with it, else the same for the same key.
func (c *call) jobID(route, key, fresh string) (string, error) {
	if key == "" {
		return fresh, nil
	}
	if len(key) > maxIdempotency {
		return "", casare.Errorf(casare.CodeInvalid, "the Idempotency-Key is longer than %d bytes", maxIdempotency).On("key")
	}
	return uuidOf(inOrderOf(key, digest(route, c.caller.tenant, c.caller.id, key)), 8), nil
}

// inOrderOf makes ids derived from keys that begin with the time (UUIDs of version 7, as our own client sends) begin with it too:
// jobs that come in together then lie together in the state and are written together. The same key still gives the same id.
func inOrderOf(key string, id [16]byte) [16]byte {
	if len(key) != 36 || key[8] != '-' || key[14] != '7' {
		return id
	}
	if time, err := hex.DecodeString(key[:8] + key[9:13]); err == nil {
		copy(id[:], time)
	}
	return id
}

// derivedID makes one id of several texts.
func derivedID(parts ...string) string { return uuidOf(digest(parts...), 8) }

func digest(parts ...string) (b [16]byte) {
	h := sha256.New()
	for _, p := range parts {
		writePart(h, []byte(p))
	}
	copy(b[:], h.Sum(nil))
	return b
}

// writePart hashes a part with its length, so that no two lists of parts hash alike.
func writePart(h interface{ Write(p []byte) (int, error) }, part []byte) {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
	_, _ = h.Write(length[:]) // a hash takes everything
	_, _ = h.Write(part)
}

// hash is of everything the request says, so that the same key with another request is refused.
func (b *submitBody) hash() []byte {
	h := sha256.New()
	for _, p := range [][]byte{
		[]byte(b.WorkflowID), []byte(b.WorkflowName), b.WorkflowJSON, []byte(b.Priority), []byte(b.Environment),
		[]byte(b.target("")), b.Variables, b.InputData, b.Input, b.Metadata, []byte(strings.Join(b.Needs, "\x00")),
		[]byte(strconv.FormatFloat(b.timeout(), 'g', -1, 64)),
	} {
		writePart(h, p)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Documents)) {
		writePart(h, []byte(name))
		writePart(h, b.Documents[name])
	}
	if b.mode() != nil {
		for _, text := range []string{"mode", b.RunTo, b.RunStep, strconv.FormatBool(b.RunAll)} {
			writePart(h, []byte(text))
		}
	}
	if b.Debug != nil {
		if spec, err := json.Marshal(b.Debug); err == nil { // texts and numbers can always be written
			writePart(h, spec)
		}
	}
	return h.Sum(nil)
}

func (b *submitBody) target(inMetadata string) string {
	return cmp.Or(b.RobotID, b.TargetRobotID, b.TargetRobot, inMetadata)
}

// mode is the part of the document that is to run; nil for all of it.
func (b *submitBody) mode() *casare.RunMode {
	m := casare.RunMode{To: b.RunTo, Only: b.RunStep, All: b.RunAll}
	if m == (casare.RunMode{}) {
		return nil
	}
	return &m
}

func (b *submitBody) timeout() float64 { return cmp.Or(b.TimeoutSeconds, b.Timeout) }

// lookups remembers what one request has looked up already; nil maps remember nothing.
type lookups struct {
	workflows map[string]*casare.Workflow
	robots    map[string]string
}

// submission turns a request into a job, or says what is wrong with it.
func (a *API) submission(c *call, b *submitBody, id string, seen lookups) (submission, error) {
	spec := casare.JobSpec{
		ID: id, Tenant: c.caller.tenant, WorkflowID: b.WorkflowID, WorkflowName: b.WorkflowName, Environment: b.Environment,
		Mode: b.mode(), Debug: b.Debug,
		Priority: casare.PriorityNormal, Needs: b.Needs, CreatedAt: casare.TimeOf(a.deps.Now()), CreatedBy: c.caller.id,
	}
	if err := b.checkSizes(); err != nil {
		return submission{}, err
	}
	if b.Priority != "" {
		p, err := casare.ParsePriority(string(b.Priority))
		if err != nil {
			return submission{}, invalidField("priority", "is neither 0 to 20 nor CRITICAL, HIGH, NORMAL, LOW")
		}
		spec.Priority = p
	}
	doc, err := a.documentOf(&spec, b, seen)
	if err != nil {
		return submission{}, err
	}
	if err := a.fillSpec(&spec, b, seen); err != nil {
		return submission{}, err
	}
	s := submission{spec: spec, doc: doc.raw}
	raw, refers, err := a.docs.refers(spec.Revision, func() ([]byte, error) {
		if doc.raw != nil {
			return doc.raw, nil
		}
		return a.deps.State.Document(spec.Revision)
	})
	if err != nil || !refers {
		return s, err
	}
	found, err := a.closureOf(spec.Tenant, raw, spec.Revision, b.Documents)
	if err != nil {
		return submission{}, err
	}
	s.before, s.spec.Pinned = a.documentProposals(c, found), found.pinned
	return s, nil
}

// checkSizes refuses what is too long to keep.
func (b *submitBody) checkSizes() error {
	for _, given := range [...]struct{ field, text string }{
		{"workflow_id", b.WorkflowID}, {"workflow_name", b.WorkflowName}, {"environment", b.Environment}, {"robot_id", b.target("")},
	} {
		if len(given.text) > maxName {
			return invalidField(given.field, "is longer than 255 bytes")
		}
	}
	if len(b.Documents) > casare.MaxPinned {
		return invalidField("documents", "has more than "+strconv.Itoa(casare.MaxPinned)+" entries")
	}
	if len(b.Needs) > maxNeeds {
		return invalidField("required_capabilities", "has more than 64 entries")
	}
	for _, n := range b.Needs {
		if n == "" || len(n) > maxName {
			return invalidField("required_capabilities", "holds an entry that is empty or longer than 255 bytes")
		}
	}
	if m := b.mode(); m != nil {
		if err := m.Validate(); err != nil {
			return err
		}
	}
	if b.Debug != nil {
		if err := b.Debug.Validate(); err != nil {
			return err
		}
	}
	if t := b.timeout(); t < 0 || t > maxTimeout || math.IsNaN(t) {
		return invalidField("timeout_seconds", "is not between 1 and 604800")
	}
	return nil
}

// documentOf finds what to run: the document that came along, else the stored workflow.
func (a *API) documentOf(spec *casare.JobSpec, b *submitBody, seen lookups) (document, error) {
	if len(b.WorkflowJSON) > 0 {
		doc, err := a.checkDocument(b.WorkflowJSON, "workflow_json")
		if err != nil {
			return document{}, err
		}
		spec.Revision = doc.revision
		spec.WorkflowName = cmp.Or(spec.WorkflowName, doc.name)
		if spec.WorkflowID == "" {
			spec.WorkflowID = workflowIDOf(doc.revision)
		}
		return doc, nil
	}
	if b.WorkflowID == "" {
		return document{}, invalidField("workflow_json", "or workflow_id is needed")
	}
	wf := seen.workflows[b.WorkflowID]
	if wf == nil {
		var err error
		wf, err = a.deps.State.Workflow(spec.Tenant, b.WorkflowID)
		if casare.CodeOf(err) == casare.CodeNotFound {
			return document{}, casare.Errorf(casare.CodeNotFound, "there is no workflow %s", b.WorkflowID).On("workflow_id")
		}
		if err != nil {
			return document{}, err
		}
		if seen.workflows != nil {
			seen.workflows[b.WorkflowID] = wf
		}
	}
	spec.Revision = wf.Revision
	spec.WorkflowName = cmp.Or(spec.WorkflowName, wf.Name)
	return document{revision: wf.Revision}, nil
}

// fillSpec adds variables, metadata, target and limits.
func (a *API) fillSpec(spec *casare.JobSpec, b *submitBody, seen lookups) error {
	var meta metadata
	raw, err := b.Metadata.object("metadata")
	if err != nil {
		return err
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &meta); err != nil {
			return invalidField("metadata", "holds a robot_id that is no text")
		}
	}
	spec.Metadata = raw
	for _, given := range [...]struct {
		field string
		raw   Raw
	}{{"variables", b.Variables}, {"input_data", b.InputData}, {"input", b.Input}, {"metadata.variables", meta.Variables}} {
		if spec.Variables, err = given.raw.object(given.field); err != nil {
			return err
		}
		if spec.Variables != nil {
			break
		}
	}
	if size := len(spec.Variables) + len(spec.Metadata); size > casare.MaxDocument {
		return casare.Errorf(casare.CodeTooLarge, "variables and metadata are %d KiB; the most is %d KiB", size>>10,
			casare.MaxDocument>>10).On("variables")
	}
	spec.TimeoutSeconds = casare.DefaultJobTimeoutSeconds
	if t := b.timeout(); t > 0 {
		spec.TimeoutSeconds = int(math.Ceil(t))
	}
	if name := b.target(meta.RobotID); name != "" {
		spec.TargetRobot, err = a.robotID(name, seen)
	}
	return err
}

// robotID finds a robot by id, else by a name that only one has.
func (a *API) robotID(name string, seen lookups) (string, error) {
	if id, ok := seen.robots[name]; ok {
		return id, nil
	}
	robots, err := a.deps.State.Robots()
	if err != nil {
		return "", err
	}
	found := ""
	for _, r := range robots {
		if r.ID == name {
			found = r.ID
			break
		}
		if r.Name == name && found != "" {
			return "", invalidField("robot_id", "is a name that several robots have")
		}
		if r.Name == name {
			found = r.ID
		}
	}
	if found == "" {
		return "", casare.Errorf(casare.CodeNotFound, "there is no robot %s", name).On("robot_id")
	}
	if seen.robots != nil {
		seen.robots[name] = found
	}
	return found, nil
}

// optional is how an absent text is shown: as null.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
