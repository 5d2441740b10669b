package raftstore

import (
	"encoding/binary"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"casare"
)

// putRow writes a row in the one way it can be written.
func putRow(b *bbolt.Bucket, key []byte, row any) error {
	value, err := encoding.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode row: %w", err)
	}
	return b.Put(key, value)
}

// getRow reads a row; found is false if there is none.
func getRow[T any](b *bbolt.Bucket, key []byte) (row T, found bool, err error) {
	value := b.Get(key)
	if value == nil {
		return row, false, nil
	}
	if err := decoding.Unmarshal(value, &row); err != nil {
		return row, true, fmt.Errorf("decode row %q: %w", key, err)
	}
	return row, true, nil
}

// key joins the parts of a compound key. Parts but the last hold no zero byte.
func key(parts ...string) []byte {
	return []byte(strings.Join(parts, "\x00"))
}

// number gives eight bytes that sort as the number does.
func number(n uint64) string {
	return string(binary.BigEndian.AppendUint64(nil, n))
}

func numberOf(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func compare(a, b string) int { return strings.Compare(a, b) }

// createdKey orders a tenant's jobs by age. Times before 1970 do not occur: the leader's clock gives them.
func createdKey(tenant string, created casare.Time, id string) []byte {
	return key(tenant, number(uint64(max(created, 0)))+id)
}

// createdOf is the inverse of createdKey, given the tenant.
func createdOf(k []byte, tenant string) (created casare.Time, id string) {
	rest := k[len(tenant)+1:]
	return casare.Time(numberOf(rest)), string(rest[8:]) //nolint:gosec // made by createdKey from a Time
}
