package runlog

import (
	"maps"
	"slices"

	"casare"
)

// Fold is a checkpoint in the making: the changes of one after the other, merged.
type Fold struct {
	records map[string]casare.Record
}

// Add merges the changes of the next checkpoint.
func (f *Fold) Add(c *Checkpoint) {
	if f.records == nil || c.Whole {
		f.records = map[string]casare.Record{}
	}
	for _, r := range c.Changes {
		if r.Deleted() {
			delete(f.records, r.Key)
		} else {
			f.records[r.Key] = r
		}
	}
}

// Records returns the whole checkpoint, ordered by key.
func (f *Fold) Records() []casare.Record {
	all := make([]casare.Record, 0, len(f.records))
	for _, key := range slices.Sorted(maps.Keys(f.records)) {
		all = append(all, f.records[key])
	}
	return all
}

// Point is where a run goes on after its robot's process died.
type Point struct {
	Checkpoint *Checkpoint     // nil: what the state holds is all there is
	Records    []casare.Record // of Checkpoint, whole
	End        int64           // offset behind it in the log; what comes after has not happened
	Whole      int             // how many bytes of the log are whole
	Sealed     int64           // up to here the log is kept elsewhere too
	Last       uint64          // highest number of a checkpoint in the log
	Lines      []casare.LogLine
}

// Find looks in the log of an attempt for the newest checkpoint to go on from, given the number of the one that the state holds. It is
// one that is newer, and at which no step stands begun whose intent the state has not recorded: such a step had not begun. (One whose
// intent the state has may have run; a checkpoint where it is still open tells so.)
func Find(log []byte, held uint64) (Point, error) {
	var point Point
	heldN, known, err := numberOf(log, held)
	if err != nil {
		return point, err
	}
	var chosen uint64
	begun := map[string]bool{}
	point.Whole, err = Read(log, func(e *Entry, end int) error {
		if e.Sealed != nil {
			point.Sealed = e.Sealed.At
		}
		c := e.Checkpoint
		if c == nil {
			return nil
		}
		point.Last = max(point.Last, c.N)
		open := set(c.Open)
		if c.N > heldN {
			maps.DeleteFunc(open, func(step string, _ bool) bool { return !begun[step] })
			if known && len(open) == len(c.Open) {
				chosen, point.End = c.N, int64(end)
			}
		}
		begun = open
		return nil
	})
	if err != nil || chosen == 0 {
		return point, err
	}
	point.Sealed = min(point.Sealed, point.End)
	var fold Fold
	_, err = Read(log[:point.End], func(e *Entry, _ int) error {
		switch {
		case e.Line != nil:
			point.Lines = append(point.Lines, *e.Line)
		case e.Checkpoint != nil:
			point.Checkpoint = e.Checkpoint
			fold.Add(e.Checkpoint)
		}
		return nil
	})
	point.Records = fold.Records()
	return point, err
}

// numberOf finds out which checkpoint of the log the state holds: 0 when it holds one that is older than the log.
func numberOf(log []byte, held uint64) (n uint64, known bool, err error) {
	_, err = Read(log, func(e *Entry, _ int) error {
		switch {
		case e.Head != nil && e.Head.Base == held && !known:
			known = true
		case e.Sent != nil && e.Sent.Seq == held:
			n, known = e.Sent.N, true
		}
		return nil
	})
	return n, known, err
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, n := range names {
		all[n] = true
	}
	return all
}
