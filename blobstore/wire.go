package blobstore

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"github.com/fxamacker/cbor/v2"

	"casare"
)

// A stream carries one transfer:
//
//	put, store   request → answer → [the bytes, unless the answer says have] → answer
//	get          request → answer with the size → the bytes
//	others       request → answer
//
// Requests and answers are CBOR behind their length in two bytes.

// operation is what a request asks for. Numbers are only ever added.
type operation uint8

const (
	opPut    operation = 1 // keep a blob on a majority of the voters
	opStore  operation = 2 // keep a blob here; coordinators only
	opGet    operation = 3 // give a blob that is here
	opRelay  operation = 4 // give a blob, from elsewhere if it is not here
	opStatus operation = 5 // how full the folder is; coordinators only
	opIndex  operation = 6 // up to where the leader's state goes; coordinators only
)

const (
	maxFrame = 8 << 10
	maxText  = 2 << 10
	maxID    = 128
	// slowest is the rate, in bytes a second, below which a transfer is given up.
	slowest = 64 << 10
)

// request opens a stream. Job and Epoch name the attempt that a robot acts for.
type request struct {
	Op    operation `cbor:"1,keyasint"`
	Hash  string    `cbor:"2,keyasint,omitempty"`
	Size  int64     `cbor:"3,keyasint,omitempty"`
	Job   string    `cbor:"4,keyasint,omitempty"`
	Epoch uint64    `cbor:"5,keyasint,omitempty"`
}

func (r *request) check() error {
	switch r.Op {
	case opPut, opStore, opGet, opRelay:
		if !casare.ValidBlobHash(r.Hash) {
			return casare.Errorf(casare.CodeInvalid, "%q is no name of a blob", r.Hash).On("hash")
		}
	case opStatus, opIndex:
	default:
		return casare.Errorf(casare.CodeUnsupported, "operation %d is not known here", r.Op)
	}
	if r.Size < 0 || r.Size > casare.MaxBlob {
		return tooLarge(r.Size)
	}
	if len(r.Job) > maxID {
		return casare.Errorf(casare.CodeInvalid, "the id of a job is too long").On("job")
	}
	return nil
}

// answer answers a request. With a Code it is a refusal, and the last thing on the stream.
type answer struct {
	Code    casare.Code `cbor:"1,keyasint,omitempty"`
	Message string      `cbor:"2,keyasint,omitempty"`
	Field   string      `cbor:"3,keyasint,omitempty"`
	Have    bool        `cbor:"4,keyasint,omitempty"` // put, store: no need to send it
	Size    int64       `cbor:"5,keyasint,omitempty"` // get: so many bytes follow
	Index   uint64      `cbor:"6,keyasint,omitempty"`
	Status  *Status     `cbor:"7,keyasint,omitempty"`
}

func refusal(err error) *answer {
	a := &answer{Code: casare.CodeOf(err), Message: err.Error()}
	if e, ok := errors.AsType[*casare.Error](err); ok {
		a.Field = e.Field
	}
	a.Message = a.Message[:min(len(a.Message), maxText)]
	return a
}

func (a *answer) err() error {
	if a.Code == "" {
		return nil
	}
	return casare.Errorf(a.Code, "%s", a.Message).On(a.Field)
}

// stream is one transfer. Each read and write may stall for so long; the whole of it has an end.
type stream struct {
	net.Conn
	stall time.Duration
	last  time.Time // of its context; zero: none
	end   time.Time
	close func() bool
}

// newStream bounds what a connection is used for, also by ctx.
func newStream(ctx context.Context, conn net.Conn, stall, limit time.Duration) *stream {
	s := &stream{Conn: conn, stall: stall}
	s.last, _ = ctx.Deadline()
	s.allow(limit)
	s.close = context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends what waits
	return s
}

// allow gives what comes next so long from now.
func (s *stream) allow(limit time.Duration) {
	s.end = time.Now().Add(limit)
	if !s.last.IsZero() && s.last.Before(s.end) {
		s.end = s.last
	}
}

// allowance is what the slowest transfer that is not given up takes for so many bytes.
func allowance(bytes int64) time.Duration {
	return time.Duration(bytes) * time.Second / slowest
}

// Close ends the transfer.
func (s *stream) Close() error {
	s.close()
	return s.Conn.Close()
}

func (s *stream) deadline(wait time.Duration) time.Time {
	next := time.Now().Add(wait)
	if s.end.Before(next) {
		return s.end
	}
	return next
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if err := s.SetReadDeadline(s.deadline(s.stall)); err != nil {
		return 0, err
	}
	return s.Conn.Read(p)
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	if err := s.SetWriteDeadline(s.deadline(s.stall)); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}

// patient reads with all the time there is: somebody works for the answer.
type patient struct{ *stream }

// Read implements io.Reader.
func (s patient) Read(p []byte) (int, error) {
	if err := s.SetReadDeadline(s.end); err != nil {
		return 0, err
	}
	return s.Conn.Read(p)
}

func send(w io.Writer, message any) error {
	body, err := cbor.Marshal(message)
	if err != nil {
		return casare.Errorf(casare.CodeInternal, "blob transfer: %w", err)
	}
	if len(body) > maxFrame {
		return casare.Errorf(casare.CodeInternal, "blob transfer: a message of %d bytes", len(body))
	}
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(body)), uint16(len(body))) //nolint:gosec // at most maxFrame
	_, err = w.Write(append(frame, body...))
	return err
}

func receive[M any](r io.Reader) (*M, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(head[:]))
	if size > maxFrame {
		return nil, casare.Errorf(casare.CodeTooLarge, "blob transfer: a message of %d bytes, more than %d", size, maxFrame)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	m := new(M)
	if err := cbor.Unmarshal(body, m); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "blob transfer: %w", err)
	}
	return m, nil
}

// ask sends a request and reads the first answer, which is no refusal. The caller closes the stream.
func (s *Store) ask(ctx context.Context, robotID string, wait time.Duration, r *request) (*stream, *answer, error) {
	dial, done := context.WithTimeout(ctx, s.cfg.DialTimeout)
	conn, err := s.cfg.Network.Dial(dial, robotID)
	done()
	if err != nil {
		return nil, nil, unavailable(robotID, err)
	}
	st := newStream(ctx, conn, s.cfg.Stall, wait)
	if err := send(st, r); err != nil {
		_ = st.Close()
		return nil, nil, unavailable(robotID, err)
	}
	a, err := receive[answer](patient{st})
	if err != nil {
		_ = st.Close()
		return nil, nil, unavailable(robotID, err)
	}
	err = a.err()
	if err == nil && (a.Size < 0 || a.Size > casare.MaxBlob) {
		err = tooLarge(a.Size)
	}
	if err != nil {
		_ = st.Close()
		return nil, nil, err
	}
	st.allow(wait + allowance(max(r.Size, a.Size)))
	return st, a, nil
}

func unavailable(robotID string, err error) error {
	return casare.Errorf(casare.CodeUnavailable, "blobs at robot %s: %w", robotID, err)
}

// give sends a blob's bytes. Somebody may cut the file short meanwhile: then the other side is told by a broken stream.
func give(st *stream, file io.Reader, size int64) error {
	n, err := io.CopyBuffer(onlyWriter{st}, onlyReader{io.LimitReader(file, size)}, make([]byte, copyBuffer))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// onlyWriter keeps io.Copy from going around the deadlines.
type onlyWriter struct{ io.Writer }

// take stages what comes over a stream and compares it with its name. A broken stream is CodeUnavailable.
func (s *Store) take(st *stream, ref casare.BlobRef) (*staged, error) {
	bytes := &counted{r: io.LimitReader(st, ref.Size)}
	file, err := s.disk.stage(bytes, ref.Size)
	if err != nil && bytes.err != nil && bytes.n < ref.Size {
		return nil, casare.Errorf(casare.CodeUnavailable, "blob %s broke off: %w", ref.Hash, bytes.err)
	}
	if err != nil {
		return nil, err
	}
	if file.Hash != ref.Hash {
		return nil, errors.Join(casare.Errorf(casare.CodeInvalid, "blob %s arrived as %s", ref.Hash, file.Hash), file.discard())
	}
	return file, nil
}

// counted remembers how a reader ended.
type counted struct {
	r   io.Reader
	n   int64
	err error
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}
