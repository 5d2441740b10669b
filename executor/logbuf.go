package executor

import (
	"encoding/json"
	"strings"

	"casare"
)

const (
	maxMessage = 16 << 10  // bytes of one log message
	maxChunk   = 64 << 10  // of one chunk
	maxPending = 512 << 10 // of what waits: the state keeps half of it, so the oldest lines may go
)

// logBuffer keeps the log lines of an attempt that the leader has not acknowledged.
type logBuffer struct {
	lines [][]byte
	first uint64 // number of lines[0]
	bytes int
}

// add appends a line, and drops the oldest ones when too much waits.
func (b *logBuffer) add(line casare.LogLine) {
	line.Message = shorten(line.Message, maxMessage)
	text, err := json.Marshal(line)
	if err != nil {
		// Texts and numbers always marshal; a line that did not would still have to keep its number.
		text = []byte("{}")
	}
	b.lines = append(b.lines, append(text, '\n'))
	b.bytes += len(text) + 1
	for b.bytes > maxPending {
		b.bytes -= len(b.lines[0])
		b.lines = b.lines[1:]
		b.first++
	}
}

// next returns the oldest lines, as many as a chunk holds, and whether these are all.
func (b *logBuffer) next() (chunk casare.LogChunk, all bool) {
	size, n := 0, 0
	for n < len(b.lines) && (n == 0 || size+len(b.lines[n]) <= maxChunk) {
		size += len(b.lines[n])
		n++
	}
	if n == 0 {
		return casare.LogChunk{}, true
	}
	return casare.LogChunk{From: b.first, Lines: b.lines[:n:n]}, n == len(b.lines)
}

// forget drops the lines before a number: the state holds them.
func (b *logBuffer) forget(before uint64) {
	for len(b.lines) > 0 && b.first < before {
		b.bytes -= len(b.lines[0])
		b.lines[0] = nil
		b.lines = b.lines[1:]
		b.first++
	}
}

// shorten cuts a text to a number of bytes, at the border of a character, and says so.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "… (shortened)"
	return strings.ToValidUTF8(text[:most-len(mark)], "") + mark
}
