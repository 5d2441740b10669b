package runlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/fxamacker/cbor/v2"

	"casare"
)

// MaxEntry is the largest entry, in bytes: a checkpoint with all the values a run may have, and room.
const MaxEntry = 300 << 20

const header = 8

// Entry is one thing that a log holds. Exactly one field is set.
type Entry struct {
	Head       *Head             `cbor:"1,keyasint,omitempty"`
	Step       *casare.StepEvent `cbor:"2,keyasint,omitempty"`
	Line       *casare.LogLine   `cbor:"3,keyasint,omitempty"`
	Checkpoint *Checkpoint       `cbor:"4,keyasint,omitempty"`
	Sent       *Sent             `cbor:"5,keyasint,omitempty"`
	Left       *Left             `cbor:"6,keyasint,omitempty"`
	Sealed     *Sealed           `cbor:"7,keyasint,omitempty"`
}

// Head says of which attempt the log is. There is another one each time the robot takes the attempt up again.
type Head struct {
	JobID    string      `cbor:"1,keyasint"`
	Epoch    uint64      `cbor:"2,keyasint"`
	Revision string      `cbor:"3,keyasint"`
	Base     uint64      `cbor:"4,keyasint,omitempty"` // number of the checkpoint in the state when the robot took the attempt up
	Time     casare.Time `cbor:"5,keyasint"`
}

// Checkpoint is where the run stood: what changed since the one before.
type Checkpoint struct {
	N        uint64          `cbor:"1,keyasint"` // counts those of the attempt, from 1
	Time     casare.Time     `cbor:"2,keyasint"`
	Step     string          `cbor:"3,keyasint,omitempty"` // the step it stands behind
	Progress int             `cbor:"4,keyasint,omitempty"`
	Moment   string          `cbor:"5,keyasint,omitempty"` // why it was taken
	Open     []string        `cbor:"6,keyasint,omitempty"` // steps that may run only once and have begun or begin now
	Whole    bool            `cbor:"7,keyasint,omitempty"` // Changes is everything
	Changes  []casare.Record `cbor:"8,keyasint,omitempty"`
	Intents  uint64          `cbor:"9,keyasint,omitempty"` // how often a step of the job had begun that may run only once
}

// Sent says under which number the state was told of a checkpoint.
type Sent struct {
	Seq uint64 `cbor:"1,keyasint"`
	N   uint64 `cbor:"2,keyasint"`
}

// Left stands for entries that were left out because there were too many.
type Left struct {
	Step  string `cbor:"1,keyasint,omitempty"` // of this step
	Count uint64 `cbor:"2,keyasint"`
}

// Sealed says that the log up to an offset is kept elsewhere too.
type Sealed struct {
	At int64 `cbor:"1,keyasint"`
}

var (
	castagnoli     = crc32.MakeTable(crc32.Castagnoli)
	encode, decode = modes()
)

func modes() (cbor.EncMode, cbor.DecMode) {
	enc, errEnc := cbor.EncOptions{}.EncMode()
	dec, errDec := cbor.DecOptions{MaxArrayElements: 1 << 20, DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden}.DecMode()
	if err := errors.Join(errEnc, errDec); err != nil {
		panic(err) // the options are constants
	}
	return enc, dec
}

// Append adds the frame of an entry to dst. One that is too large is CodeTooLarge.
func Append(dst []byte, e *Entry) ([]byte, error) {
	body, err := encode.Marshal(e)
	if err != nil {
		return dst, casare.Errorf(casare.CodeInternal, "encode an entry of the run log: %w", err)
	}
	if len(body) > MaxEntry {
		return dst, casare.Errorf(casare.CodeTooLarge, "an entry of the run log has %d bytes, more than %d", len(body), MaxEntry)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(body))) //nolint:gosec // at most MaxEntry
	dst = binary.BigEndian.AppendUint32(dst, crc32.Checksum(body, castagnoli))
	return append(dst, body...), nil
}

// errTorn ends a log whose rest is cut short or damaged.
var errTorn = errors.New("the rest is cut short or damaged")

// next takes the first frame off a log.
func next(log []byte) (e *Entry, size int, err error) {
	if len(log) < header {
		return nil, 0, errTorn
	}
	length := int(binary.BigEndian.Uint32(log))
	if length == 0 || length > MaxEntry || len(log)-header < length {
		return nil, 0, errTorn
	}
	body := log[header : header+length]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(log[4:]) {
		return nil, 0, errTorn
	}
	e = new(Entry)
	if err := decode.Unmarshal(body, e); err != nil {
		return nil, 0, fmt.Errorf("decode an entry of the run log: %w", err)
	}
	return e, header + length, nil
}

// Read calls each for the entries of a log, in order, with the offset behind each, and returns how many bytes of it are whole. An error is
// that of each, or CodeInvalid for a frame that is whole and makes no sense.
func Read(log []byte, each func(e *Entry, end int) error) (whole int, err error) {
	for whole < len(log) {
		e, size, err := next(log[whole:])
		if errors.Is(err, errTorn) {
			return whole, nil
		}
		if err != nil {
			return whole, casare.Errorf(casare.CodeInvalid, "%w", err)
		}
		whole += size
		if err := each(e, whole); err != nil {
			return whole, err
		}
	}
	return whole, nil
}

// frames says how many bytes at the front of a log are whole frames, and how many the next one takes with those.
func frames(log []byte) (whole, need int) {
	for len(log)-whole >= header {
		need = whole + header + int(binary.BigEndian.Uint32(log[whole:]))
		if need > len(log) {
			return whole, need
		}
		whole = need
	}
	return whole, need
}
