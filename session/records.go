package session

import (
	"slices"

	"casare"
)

// MaxInline is how many bytes of records an assignment carries; more go before it in pieces.
const MaxInline = 256 << 10

// SplitRecords encodes records and cuts them into pieces of at most size bytes.
func SplitRecords(records []casare.Record, size int) ([][]byte, error) {
	whole, err := encMode.Marshal(records)
	if err != nil {
		return nil, casare.Errorf(casare.CodeInternal, "encode records: %w", err)
	}
	return slices.Collect(slices.Chunk(whole, size)), nil
}

// JoinRecords is the inverse of SplitRecords. What makes no records, or more than a checkpoint may hold, is CodeInvalid.
func JoinRecords(pieces [][]byte) ([]casare.Record, error) {
	var records []casare.Record
	if err := decMode.Unmarshal(slices.Concat(pieces...), &records); err != nil {
		return nil, casare.Errorf(casare.CodeInvalid, "decode records: %w", err)
	}
	var l limit
	l.records(records, casare.MaxCheckpoint)
	return records, l.err
}

// Pieces makes the messages that carry a checkpoint before its assignment.
func Pieces(jobID string, epoch uint64, records []casare.Record) ([]*Piece, error) {
	parts, err := SplitRecords(records, maxPiece)
	if err != nil {
		return nil, err
	}
	pieces := make([]*Piece, len(parts))
	for i, part := range parts {
		pieces[i] = &Piece{JobID: jobID, Epoch: epoch, N: i, Data: part}
	}
	return pieces, nil
}
