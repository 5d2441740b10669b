// Package pytime is what Python's datetime does with dates and times: reading them (fromisoformat, strptime), printing them
// (isoformat, strftime with the formats of the C library, English names) and counting with them. A Time is naive or aware: a naive
// one is a clock on a wall of which nobody knows where it hangs, and where a moment is wanted it hangs in the local zone, which
// the caller names. Nothing here reads the clock.
//
// The tests compare with tables that CPython has made (testdata, record.py).
package pytime
