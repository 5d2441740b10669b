package session

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/fxamacker/cbor/v2"

	"casare"
)

// The caps on what a peer may send. MaxFrame holds the largest assignment: variables of casare.MaxDocument and MaxInline of records.
const (
	MaxFrame   = 1 << 20
	maxList    = 1 << 16 // entries of any list
	maxAttempt = 1 << 13 // attempts in a hello
	maxID      = 128
	maxText    = 8 << 10
	maxLine    = 64 << 10 // one log message
	maxChunk   = 128 << 10
	maxPiece   = 512 << 10
	maxPieces  = 32
	header     = 4
)

// encMode leaves map keys unsorted: nobody hashes a frame.
var encMode, decMode = modes()

func modes() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.EncOptions{}.EncMode()
	if err != nil {
		panic(fmt.Errorf("session: encoder options: %w", err))
	}
	dec, err := cbor.DecOptions{
		MaxArrayElements: maxList,
		MaxMapPairs:      maxList,
		MaxNestedLevels:  8,
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
	}.DecMode()
	if err != nil {
		panic(fmt.Errorf("session: decoder options: %w", err))
	}
	return enc, dec
}

// Append adds the frame of m to dst. A message over a cap is CodeTooLarge or CodeInvalid, and dst is returned as it was.
func Append(dst []byte, m Message) ([]byte, error) {
	if err := m.check(); err != nil {
		return dst, err
	}
	body, err := encMode.Marshal(m)
	if err != nil {
		return dst, casare.Errorf(casare.CodeInternal, "encode a message of kind %d: %w", m.Kind(), err)
	}
	size := len(body) + 1
	if size > MaxFrame {
		return dst, casare.Errorf(casare.CodeTooLarge, "a message of kind %d has %d bytes, more than %d", m.Kind(), size, MaxFrame)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(size&math.MaxInt32))
	dst = append(dst, byte(m.Kind()))
	return append(dst, body...), nil
}

// Decode reads the body of a frame: its kind byte and its message. It keeps nothing of body. An unknown kind, a broken or an
// oversized message is CodeInvalid.
func Decode(body []byte) (Message, error) {
	if len(body) == 0 || len(body) > MaxFrame {
		return nil, casare.Errorf(casare.CodeInvalid, "a frame of %d bytes", len(body))
	}
	m := blank(Kind(body[0]))
	if m == nil {
		return nil, casare.Errorf(casare.CodeInvalid, "a message of unknown kind %d", body[0])
	}
	if err := decMode.Unmarshal(body[1:], m); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "decode a message of kind %d: %w", body[0], err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

// blank returns an empty message of a kind, or nil when there is no such kind.
func blank(k Kind) Message {
	switch k {
	case KindHello:
		return new(Hello)
	case KindWelcome:
		return new(Welcome)
	case KindNotLeader:
		return new(NotLeader)
	case KindDocument:
		return new(Document)
	case KindAssign:
		return new(Assign)
	case KindWant:
		return new(Want)
	case KindReport:
		return new(Report)
	case KindAcks:
		return new(Acks)
	case KindCancel:
		return new(Cancel)
	case KindStop:
		return new(Stop)
	case KindHeartbeat:
		return new(Heartbeat)
	case KindHeartbeatAck:
		return new(HeartbeatAck)
	case KindWatch:
		return new(Watch)
	case KindLive:
		return new(Live)
	case KindRefused:
		return new(Refused)
	case KindDebug:
		return new(Debug)
	case KindDebugReply:
		return new(DebugReply)
	case KindPiece:
		return new(Piece)
	}
	return nil
}
