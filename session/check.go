package session

import (
	"errors"

	"casare"
)

// limit collects the first broken cap.
type limit struct{ err error }

func (l *limit) fail(what string, size, most int) {
	if l.err == nil {
		l.err = casare.Errorf(casare.CodeTooLarge, "%s has %d, more than %d", what, size, most).On(what)
	}
}

func (l *limit) size(what string, size, most int) {
	if size > most {
		l.fail(what, size, most)
	}
}

// id is a size check of a name that must not be empty.
func (l *limit) id(what, id string) {
	if id == "" && l.err == nil {
		l.err = casare.Errorf(casare.CodeInvalid, "%s is missing", what).On(what)
	}
	l.size(what, len(id), maxID)
}

func (l *limit) text(what, text string) { l.size(what, len(text), maxText) }

func (l *limit) attempt(jobID string, epoch uint64) {
	l.id("job_id", jobID)
	if epoch == 0 && l.err == nil {
		l.err = casare.Errorf(casare.CodeInvalid, "an attempt of job %s has no epoch", jobID).On("epoch")
	}
}

func (l *limit) chunk(c casare.LogChunk) {
	size := 0
	for _, line := range c.Lines {
		size += len(line)
	}
	l.size("log", size, maxChunk)
}

func (m *Hello) check() error {
	var l limit
	if m.Version != Version {
		return nil // its other fields may mean something else; the leader refuses it by the version
	}
	l.id("robot_id", m.Robot.ID)
	for what, text := range map[string]string{
		"name": m.Robot.Name, "environment": m.Robot.Environment, "http": m.Robot.HTTP, "mesh": m.Robot.Mesh,
		"hostname": m.Robot.Facts.Hostname, "os": m.Robot.Facts.OS, "arch": m.Robot.Facts.Arch, "version": m.Robot.Facts.Version,
	} {
		l.size(what, len(text), 2*maxID)
	}
	l.size("labels", len(m.Robot.Labels), maxID)
	for k, v := range m.Robot.Labels {
		l.id("labels", k)
		l.size("labels", len(v), 2*maxID)
	}
	l.size("capabilities", len(m.Robot.Capabilities), 2*maxID)
	for _, c := range m.Robot.Capabilities {
		l.id("capabilities", c)
	}
	if m.Robot.Slots < 0 || m.Robot.Slots > MaxSlots {
		l.fail("slots", m.Robot.Slots, MaxSlots)
	}
	l.size("attempts", len(m.Attempts), maxAttempt)
	for _, a := range m.Attempts {
		l.attempt(a.JobID, a.Epoch)
	}
	return l.err
}

// MaxSlots is how many attempts a robot may run at once.
const MaxSlots = 4096

func (m *Welcome) check() error {
	var l limit
	l.size("decisions", len(m.Decisions), maxAttempt)
	for _, d := range m.Decisions {
		l.attempt(d.JobID, d.Epoch)
		l.text("cancel_reason", d.CancelReason)
		l.text("code", string(d.Code))
	}
	return l.err
}

func (m *NotLeader) check() error {
	var l limit
	l.size("leader", len(m.Leader), maxID)
	return l.err
}

func (m *Refused) check() error {
	var l limit
	l.text("code", string(m.Code))
	l.text("message", m.Message)
	return l.err
}

func (m *Document) check() error {
	var l limit
	l.id("revision", m.Revision)
	l.size("document", len(m.Data), casare.MaxDocument)
	return l.err
}

func (m *Assign) check() error {
	var l limit
	for _, a := range m.Attempts {
		l.attempt(a.JobID, a.Epoch)
		l.id("revision", a.Revision)
		l.text("workflow_id", a.WorkflowID)
		l.text("workflow_name", a.WorkflowName)
		if a.Debug != nil && l.err == nil {
			l.err = a.Debug.Validate()
		}
		l.size("variables", len(a.Variables), casare.MaxDocument)
		l.size("sealed", len(a.Sealed), MaxSealed)
		l.size("pinned", len(a.Pinned), casare.MaxPinned)
		for _, p := range a.Pinned {
			l.id("pinned", p.Revision)
			for _, text := range []string{p.Kind, p.ID, p.Path, p.From} {
				l.text("pinned", text)
			}
		}
		l.records(a.Records, MaxInline)
		l.size("pieces", a.Pieces, maxPieces)
		l.place(a.Home)
		l.place(a.Place)
		outputs := 0
		for i := range a.Decisions {
			l.text("step", a.Decisions[i].Step)
			outputs += len(a.Decisions[i].Outputs)
		}
		l.size("outputs", outputs, casare.MaxOutputs)
	}
	return l.err
}

// records bounds records by what they hold together.
func (l *limit) records(records []casare.Record, most int) {
	size := 0
	for i := range records {
		r := &records[i]
		size += r.Size()
		l.size("record", len(r.Key), casare.MaxRecordKey)
		if r.Blob != nil && !casare.ValidBlobHash(r.Blob.Hash) && l.err == nil {
			l.err = casare.Errorf(casare.CodeInvalid, "a record refers to no blob").On("record")
		}
	}
	l.size("checkpoint", size, most)
}

// place bounds a placement.
func (l *limit) place(p *casare.Placement) {
	if p == nil || l.err != nil {
		return
	}
	l.err = p.Validate()
}

// kept bounds a piece of a run log.
func (l *limit) kept(p *casare.LogPiece) {
	if p == nil {
		return
	}
	l.size("kept", len(p.Data), casare.MaxInlinePiece)
	if p.Blob != nil && !casare.ValidBlobHash(p.Blob.Hash) && l.err == nil {
		l.err = casare.Errorf(casare.CodeInvalid, "a piece of a run log refers to no blob").On("kept")
	}
}

func (m *Piece) check() error {
	var l limit
	l.attempt(m.JobID, m.Epoch)
	l.size("pieces", m.N, maxPieces)
	l.size("piece", len(m.Data), maxPiece)
	return l.err
}

func (m *Want) check() error {
	var l limit
	l.size("revisions", len(m.Revisions), maxAttempt)
	for _, r := range m.Revisions {
		l.id("revision", r)
	}
	return l.err
}

func (m *Report) check() error {
	var l limit
	for _, c := range m.Started {
		l.attempt(c.JobID, c.Epoch)
	}
	for _, c := range m.Checkpoints {
		l.attempt(c.JobID, c.Epoch)
		l.records(c.Changes, casare.MaxPiece)
		l.size("piece", len(c.Piece), casare.MaxPiece)
		l.text("step", c.Step)
		l.text("open", c.Open)
		l.kept(c.Kept)
		l.chunk(c.Log)
	}
	for _, c := range m.Finishes {
		l.attempt(c.JobID, c.Epoch)
		l.size("result", len(c.Result), casare.MaxDocument)
		l.chunk(c.Log)
		l.text("attention", c.Attention)
		l.kept(c.Kept)
		if c.Error != nil {
			l.text("node_id", c.Error.NodeID)
			l.text("error_type", c.Error.ErrorType)
			l.size("message", len(c.Error.Message), maxLine)
		}
	}
	for _, c := range m.Rejects {
		l.attempt(c.JobID, c.Epoch)
		l.text("reason", c.Reason)
		l.size("robot_id", len(c.RobotID), maxID)
	}
	for _, c := range m.Releases {
		l.attempt(c.JobID, c.Epoch)
		l.place(c.Place)
	}
	return l.err
}

func (m *Acks) check() error {
	var l limit
	for _, a := range m.Acks {
		l.attempt(a.JobID, a.Epoch)
		l.text("message", a.Message)
		l.text("code", string(a.Code))
	}
	return l.err
}

func (m *Cancel) check() error {
	var l limit
	l.attempt(m.JobID, m.Epoch)
	l.text("reason", m.Reason)
	return l.err
}

func (m *Stop) check() error {
	var l limit
	l.attempt(m.JobID, m.Epoch)
	l.text("code", string(m.Code))
	return l.err
}

func (m *Heartbeat) check() error {
	if m.Running < 0 {
		return errors.New("a heartbeat with a negative count")
	}
	return nil
}

func (*HeartbeatAck) check() error { return nil }

func (*Watch) check() error { return nil }

func (m *Live) check() error {
	var l limit
	for _, a := range m.Attempts {
		l.attempt(a.JobID, a.Epoch)
		for _, s := range a.Steps {
			l.text("node_id", s.Step)
			l.text("node_type", s.Type)
			l.size("message", len(s.Message), maxLine)
		}
		for _, line := range a.Lines {
			l.text("node_id", line.Step)
			l.size("message", len(line.Message), maxLine)
		}
	}
	return l.err
}
