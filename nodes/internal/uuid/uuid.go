// Package uuid makes the identifiers that node types give out.
package uuid

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"casare/value"
)

// Random returns a UUID of version 4.
func Random() string {
	b := random()
	return write(b, 4)
}

// TimeBased says whether a version, as a document gives it, is the one that is made of the time.
func TimeBased(version value.Value) bool { return value.Str(version) == "1" }

// gregorian is when the time of a UUID begins: in steps of 100 ns before 1970.
const gregorian = 0x01b21dd213814000

// OfTime returns UUIDs of version 1, so many, each a step of the clock later than the one before. Clock sequence and node are random
// each time: a robot's network address is nobody's business, and two robots must not need to agree on anything.
func OfTime(now time.Time, count int) []string {
	b := random()
	b[10] |= 1                                                                     // no network card has such an address
	ticks := uint64(now.Unix()*10_000_000+int64(now.Nanosecond()/100)) + gregorian //nolint:gosec // wraps as the format says
	out := make([]string, count)
	for i := range out {
		binary.BigEndian.PutUint32(b[0:], uint32(ticks))     //nolint:gosec // the low bits
		binary.BigEndian.PutUint16(b[4:], uint16(ticks>>32)) //nolint:gosec // the middle bits
		binary.BigEndian.PutUint16(b[6:], uint16(ticks>>48))
		out[i] = write(b, 1)
		ticks++
	}
	return out
}

func random() (b [16]byte) {
	_, _ = rand.Read(b[:]) // never fails: it would end the program
	return b
}

func write(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
