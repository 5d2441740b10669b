package raftstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"casare"
)

// Limits of an entry of the log. Beyond targetEntry bytes a batch is closed; one command may still fill the whole entry.
const (
	entryVersion   = 1
	commandVersion = 1
	targetEntry    = 128 << 10
	maxEntry       = 512 << 10
	maxCommands    = 1024
	maxID          = 64
	entryOverhead  = 16   // version byte and array head, generously
	cborArray16    = 0x99 // head of a CBOR array whose length follows in two bytes
)

// flagMayIgnore marks a command that a program which does not know it may skip. Without it such a program halts.
const flagMayIgnore = 1

// envelope is a command as it stands in the log.
type envelope struct {
	Type    casare.CommandType `cbor:"1,keyasint"`
	Version uint8              `cbor:"2,keyasint"`
	Flags   uint8              `cbor:"3,keyasint,omitempty"`
	ID      string             `cbor:"4,keyasint"`
	Tenant  string             `cbor:"5,keyasint,omitempty"`
	Actor   string             `cbor:"6,keyasint,omitempty"`
	Time    casare.Time        `cbor:"7,keyasint,omitempty"`
	Body    cbor.RawMessage    `cbor:"8,keyasint"`
}

// encoding writes every value in exactly one way; decoding refuses what encoding would not write twice.
var encoding, decoding = modes()

func modes() (cbor.EncMode, cbor.DecMode) {
	enc, errEnc := cbor.CoreDetEncOptions().EncMode()
	dec, errDec := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF}.DecMode()
	if err := errors.Join(errEnc, errDec); err != nil {
		panic(err) // the options are constants
	}
	return enc, dec
}

// encodeProposal gives the bytes of one command. What it refuses was not proposed.
func encodeProposal(p casare.Proposal) ([]byte, *casare.Error) {
	if err := checkProposal(p); err != nil {
		return nil, err
	}
	body, err := encoding.Marshal(p.Command)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "encode command %d: %w", p.Command.Type(), err)
	}
	frame, err := encoding.Marshal(envelope{
		Type: p.Command.Type(), Version: commandVersion, ID: p.ID, Tenant: p.Tenant, Actor: p.Actor, Time: p.Time, Body: body,
	})
	if err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "encode command %d: %w", p.Command.Type(), err)
	}
	if len(frame) > maxEntry-entryOverhead {
		return nil, casare.Errorf(casare.CodeTooLarge, "the command takes %d bytes, more than the %d an entry holds", len(frame), maxEntry-entryOverhead)
	}
	return frame, nil
}

func checkProposal(p casare.Proposal) *casare.Error {
	if p.Command == nil {
		return casare.Errorf(casare.CodeInvalid, "a proposal without a command")
	}
	if handlerOf(p.Command.Type()) == nil {
		return casare.Errorf(casare.CodeUnsupported, "command %d is not known here", p.Command.Type())
	}
	if !validID(p.ID) {
		return casare.Errorf(casare.CodeInvalid, "a command id has 1 to %d bytes and no zero byte", maxID).On("id")
	}
	if strings.ContainsRune(p.Tenant, 0) {
		return casare.Errorf(casare.CodeInvalid, "a tenant has no zero byte").On("tenant")
	}
	return nil
}

// validID says whether an id can be part of a key: keys use a zero byte as separator.
func validID(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsRune(id, 0)
}

// joinFrames makes the data of one entry.
func joinFrames(frames [][]byte, size int) []byte {
	entry := make([]byte, 0, size+entryOverhead)
	entry = append(entry, entryVersion, cborArray16)
	entry = binary.BigEndian.AppendUint16(entry, uint16(len(frames))) //nolint:gosec // at most maxCommands
	for _, f := range frames {
		entry = append(entry, f...)
	}
	return entry
}

// splitEntry is the inverse of joinFrames. An error means that this program does not understand the log.
func splitEntry(entry []byte) ([]envelope, error) {
	if len(entry) == 0 || entry[0] != entryVersion {
		return nil, fmt.Errorf("entry version %d is not known", firstByte(entry))
	}
	var envelopes []envelope
	if err := decoding.Unmarshal(entry[1:], &envelopes); err != nil {
		return nil, fmt.Errorf("decode entry: %w", err)
	}
	return envelopes, nil
}

func firstByte(b []byte) int {
	if len(b) == 0 {
		return -1
	}
	return int(b[0])
}
