package session_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"casare"
	"casare/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// messages has one of each kind with every field set.
func messages() []session.Message {
	return []session.Message{
		&session.Hello{
			Version: session.Version, Instance: 2, Number: 3, Term: 4, Stopping: true,
			Robot: casare.Robot{
				ID: "r", Name: "n", Environment: "e", Labels: map[string]string{"k": "v"}, Capabilities: []string{"c"}, Slots: 2,
				Facts: casare.Facts{Hostname: "h", CPUs: 2}, HTTP: "127.0.0.1:1", Mesh: "127.0.0.1:2",
			},
			Attempts: []session.Held{{JobID: "j", Epoch: 5, Seq: 6, Finished: true, Kept: true}},
		},
		&session.Welcome{Term: 1, Watch: true, LeaseMillis: 5000, Decisions: []session.Decision{
			{JobID: "j", Epoch: 1, Continue: true, Seq: 2, Cancel: true, CancelReason: "r"}, {JobID: "k", Epoch: 2, Code: casare.CodeStaleEpoch},
		}},
		&session.NotLeader{Leader: "l", Term: 3},
		&session.Refused{Code: casare.CodeForbidden, Message: "m"},
		&session.Document{Revision: "r", Data: []byte("{}")},
		&session.Assign{Term: 1, Attempts: []session.Assignment{{
			JobID: "j", Epoch: 1, WorkflowID: "w", WorkflowName: "n", Revision: "r", Variables: []byte("{}"), TimeoutMillis: 5,
			Records: records(), Seq: 6, Lines: 7, Started: true, Pieces: 3, Edit: true, Intents: 4, Home: &casare.Placement{Robot: "r"}, Place: &casare.Placement{Requires: []string{"c"}},
			Decisions: []casare.Decision{{Step: "s", Action: casare.ResolveSkip, Outputs: []byte("{}")}},
			Mode:      &casare.RunMode{To: "s"}, Debug: &casare.DebugSpec{Breakpoints: []casare.Breakpoint{{Step: "s", Condition: "x > 1", Hits: 2}}, Watches: []string{"x"}, OnIdle: casare.IdleCancel},
		}}},
		&session.Want{Revisions: []string{"r"}},
		&session.Report{
			Started:     []casare.StartJob{{JobID: "j", Epoch: 1}},
			Checkpoints: []casare.CheckpointJob{{JobID: "j", Epoch: 1, Seq: 2, Base: 1, Changes: records(), Piece: []byte{1}, Part: 2, More: true, Open: "o", Kept: kept(), Step: "s", Progress: 4, Log: casare.LogChunk{From: 5, Lines: [][]byte{[]byte("{}\n")}}}},
			Finishes:    []casare.FinishJob{{JobID: "j", Epoch: 1, State: casare.JobFailed, Error: &casare.JobError{NodeID: "n"}, Result: []byte("{}"), StartedAt: 3, Kept: kept()}},
			Rejects:     []casare.RejectJob{{JobID: "j", Epoch: 1, RobotID: "r", Reason: "x"}},
			Releases:    []casare.ReleaseJob{{JobID: "j", Epoch: 1, Moves: true, Place: &casare.Placement{Requires: []string{"c"}, Robot: "r"}}},
		},
		&session.Acks{Acks: []session.Ack{{JobID: "j", Epoch: 1, What: casare.CommandFinishJob, Seq: 2, Code: casare.CodeGap, Message: "m"}}},
		&session.Cancel{JobID: "j", Epoch: 1, Reason: "r"},
		&session.Stop{JobID: "j", Epoch: 1, Code: casare.CodeStaleEpoch},
		&session.Heartbeat{Number: 1, CPUPercent: 2.5, MemoryMB: 3.5, Running: 4, Clock: 5, Stopping: true},
		&session.HeartbeatAck{Number: 1},
		&session.Watch{On: true},
		&session.Piece{JobID: "j", Epoch: 1, N: 2, Data: []byte{1}},
		&session.Debug{JobID: "j", Epoch: 1, Number: 2, Command: casare.DebugCommand{Verb: casare.DebugSetVariable, Name: "x", Value: []byte("1"), ID: "c"}},
		&session.DebugReply{
			JobID: "j", Epoch: 1, Number: 2, Code: casare.CodeTransition, Message: "m", Field: "f",
			State: &casare.DebugState{
				Paused: true, Reason: "pause", Text: "t", Step: "s", Type: "LogNode", Since: 3, Stops: 4, More: 5,
				Stack:     []casare.DebugFrame{{Step: "s", Type: "LogNode"}, {Step: "l", Body: "body", Round: 2}},
				Variables: []casare.DebugVariable{{Name: "x", Type: "int", Value: []byte("1")}}, Watches: []casare.DebugWatch{{Expression: "x", Value: []byte("1")}},
				Breakpoints: []casare.Breakpoint{{Step: "s", Count: 3}},
			},
			Stop: &casare.DebugStop{Paused: true, Step: "s"},
		},
		&session.Live{Attempts: []session.LiveAttempt{{
			JobID: "j", Epoch: 1, Steps: []casare.StepEvent{{N: 1, Step: "s", State: casare.StepFailed, Message: "m"}},
			Lines: []session.LiveLine{{N: 2, Time: 3, Level: "INFO", Message: "m", Step: "s"}},
		}}},
	}
}

func TestCodec_EveryMessageComesBackAsItWas(t *testing.T) {
	t.Parallel()
	kinds := map[session.Kind]bool{}
	for _, m := range messages() {
		frame, err := session.Append(nil, m)
		require.NoError(t, err)
		require.Len(t, frame, 4+int(binary.BigEndian.Uint32(frame)))
		got, err := session.Decode(frame[4:])
		require.NoError(t, err)
		require.Equal(t, m, got)
		kinds[m.Kind()] = true
	}
	require.Len(t, kinds, 18)
}

func TestCodec_CapsAndBrokenFramesAreRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, m := range map[string]session.Message{
		"long job id":      &session.Cancel{JobID: long, Epoch: 1},
		"no job id":        &session.Cancel{Epoch: 1},
		"no epoch":         &session.Cancel{JobID: "j"},
		"document":         &session.Document{Revision: "r", Data: make([]byte, casare.MaxDocument+1)},
		"checkpoint":       &session.Report{Checkpoints: []casare.CheckpointJob{{JobID: "j", Epoch: 1, Changes: []casare.Record{{Key: "k", Data: make([]byte, casare.MaxPiece)}}}}},
		"key":              &session.Report{Checkpoints: []casare.CheckpointJob{{JobID: "j", Epoch: 1, Changes: []casare.Record{{Key: long[:casare.MaxRecordKey+1]}}}}},
		"piece of changes": &session.Report{Checkpoints: []casare.CheckpointJob{{JobID: "j", Epoch: 1, Piece: make([]byte, casare.MaxPiece+1)}}},
		"piece":            &session.Piece{JobID: "j", Epoch: 1, Data: []byte(long)},
		"pieces":           &session.Assign{Attempts: []session.Assignment{{JobID: "j", Epoch: 1, Revision: "r", Pieces: 1000}}},
		"records":          &session.Assign{Attempts: []session.Assignment{{JobID: "j", Epoch: 1, Revision: "r", Records: []casare.Record{{Key: "k", Data: make([]byte, session.MaxInline)}}}}},
		"kept":             &session.Report{Finishes: []casare.FinishJob{{JobID: "j", Epoch: 1, Kept: &casare.LogPiece{Data: make([]byte, casare.MaxInlinePiece+1)}}}},
		"no blob":          &session.Assign{Attempts: []session.Assignment{{JobID: "j", Epoch: 1, Revision: "r", Records: []casare.Record{{Key: "k", Blob: &casare.BlobRef{Hash: "../x"}}}}}},
		"log chunk":        &session.Report{Finishes: []casare.FinishJob{{JobID: "j", Epoch: 1, Log: casare.LogChunk{Lines: [][]byte{[]byte(long)}}}}},
		"frame":            &session.Assign{Attempts: []session.Assignment{big("a"), big("b"), big("c")}},
		"slots":            &session.Hello{Version: session.Version, Robot: casare.Robot{ID: "r", Slots: 1 << 20}},
		"live":             &session.Live{Attempts: []session.LiveAttempt{{JobID: "j", Epoch: 1, Lines: []session.LiveLine{{Message: long}}}}},
		"debug command":    &session.Debug{JobID: "j", Epoch: 1, Command: casare.DebugCommand{Verb: "dance"}},
		"breakpoints":      &session.Debug{JobID: "j", Epoch: 1, Command: casare.DebugCommand{Verb: casare.DebugConfigure, Spec: &casare.DebugSpec{Watches: make([]string, 33)}}},
		"debug spec":       &session.Assign{Attempts: []session.Assignment{{JobID: "j", Epoch: 1, Revision: "r", Debug: &casare.DebugSpec{OnIdle: "x"}}}},
		"debug state":      &session.DebugReply{JobID: "j", Epoch: 1, State: &casare.DebugState{Variables: []casare.DebugVariable{{Text: long}}}},
		"debug message":    &session.DebugReply{JobID: "j", Epoch: 1, Message: long},
		"negative running": &session.Heartbeat{Running: -1},
	} {
		dst, err := session.Append([]byte("kept"), m)
		require.Error(t, err, name)
		require.Equal(t, "kept", string(dst), name)
	}
	for name, body := range map[string][]byte{
		"empty": {}, "unknown kind": {99, 0xa0}, "no cbor": {byte(session.KindStop), 0xff}, "a huge list": {byte(session.KindWant), 0xa1, 1, 0x9a, 0xff, 0xff, 0xff, 0xff},
		"rest": {byte(session.KindWatch), 0xa0, 0xa0}, "too large": make([]byte, session.MaxFrame+1),
	} {
		_, err := session.Decode(body)
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err), name)
	}
}

// big is an assignment of the largest variables.
func big(id string) session.Assignment {
	return session.Assignment{JobID: id, Epoch: 1, Revision: "r", Variables: make([]byte, casare.MaxDocument), Records: []casare.Record{{Key: "k", Data: make([]byte, session.MaxInline-1)}}}
}

func kept() *casare.LogPiece {
	return &casare.LogPiece{Epoch: 1, N: 2, Blob: &casare.BlobRef{Hash: casare.BlobHash(nil), Size: 5}, Data: []byte{1}, Steps: 3, LastStep: 4, Lines: 5, LastLine: 6, Checkpoints: 7}
}

// records are of each kind there is: with data, empty, deleted, elsewhere.
func records() []casare.Record {
	return []casare.Record{
		{Key: "a", Data: []byte("1")}, {Key: "b", Data: []byte{}}, {Key: "c"}, {Key: "d", Blob: &casare.BlobRef{Hash: casare.BlobHash(nil), Size: 5}},
	}
}

func TestRecords_TravelInPieces(t *testing.T) {
	t.Parallel()
	want := append(records(), casare.Record{Key: "e", Data: make([]byte, 2<<20)})
	pieces, err := session.Pieces("j", 1, want)
	require.NoError(t, err)
	require.Greater(t, len(pieces), 3)
	var parts [][]byte
	for _, p := range pieces {
		frame, err := session.Append(nil, p)
		require.NoError(t, err)
		m, err := session.Decode(frame[4:])
		require.NoError(t, err)
		got, ok := m.(*session.Piece)
		require.True(t, ok)
		parts = append(parts, got.Data)
	}
	got, err := session.JoinRecords(parts)
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = session.JoinRecords(parts[1:])
	require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
	huge, err := session.SplitRecords([]casare.Record{{Key: "k", Data: make([]byte, casare.MaxCheckpoint)}}, 1<<20)
	require.NoError(t, err)
	_, err = session.JoinRecords(huge)
	require.Equal(t, casare.CodeTooLarge, casare.CodeOf(err))
}

func TestCodec_TheLargestAssignmentFitsAFrame(t *testing.T) {
	t.Parallel()
	_, err := session.Append(nil, &session.Assign{Attempts: []session.Assignment{big("a")}})
	require.NoError(t, err)
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages() {
		frame, err := session.Append(nil, m)
		require.NoError(f, err)
		f.Add(frame[4:])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := session.Decode(body)
		if err != nil {
			return
		}
		if _, err := session.Append(nil, m); err != nil && len(body) < session.MaxFrame/4 {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

func TestConn_MessagesArriveInOrderAndCloseFlushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		left, right := session.NewConn(a), session.NewConn(b)
		defer right.Close()
		for i := range uint64(100) {
			require.NoError(t, left.Push(&session.HeartbeatAck{Number: i}))
		}
		go left.Close()
		for i := range uint64(100) {
			m, err := right.Receive()
			require.NoError(t, err)
			require.Equal(t, &session.HeartbeatAck{Number: i}, m)
		}
		_, err := right.Receive()
		require.ErrorIs(t, err, io.EOF)
		require.ErrorIs(t, right.Push(&session.Watch{}), io.EOF)
		require.ErrorIs(t, left.Push(&session.Watch{}), session.ErrClosed)
	})
}

func TestConn_APeerThatTakesNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		c := session.NewConn(a)
		defer c.Close()
		m := &session.Document{Revision: "r", Data: make([]byte, casare.MaxDocument)}
		begin, sent := time.Now(), 0
		var err error
		for err == nil {
			err = c.Push(m)
			sent++
		}
		require.ErrorIs(t, err, session.ErrSlow)
		require.Less(t, sent, 100)
		<-c.Done()
		require.Zero(t, time.Since(begin))
	})
}

func TestConn_SendWaitsForRoomAndAHangingWriteEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		c := session.NewConn(a)
		defer c.Close()
		m := &session.Document{Revision: "r", Data: make([]byte, casare.MaxDocument)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var err error
		for err == nil {
			err = c.Send(ctx, m)
		}
		require.ErrorIs(t, err, context.DeadlineExceeded)
		begin := time.Now()
		<-c.Done() // the write deadline
		require.LessOrEqual(t, time.Since(begin), 10*time.Second)
	})
}

func TestConn_AnOversizedFrameEndsTheSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		c := session.NewConn(a)
		defer c.Close()
		go func() { _, _ = b.Write([]byte{0xff, 0xff, 0xff, 0xff}) }()
		_, err := c.Receive()
		require.Equal(t, casare.CodeInvalid, casare.CodeOf(err))
		<-c.Done()
	})
}
