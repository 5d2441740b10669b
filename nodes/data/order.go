package data

import (
	"errors"
	"slices"
	"strings"

	"casare/value"
)

// compare is Python's a <op> b for <, <=, > and >=; a NaN makes each of them false. The error is Python's.
func compare(op string, a, b value.Value) (bool, error) {
	order, err := value.Compare(a, b)
	if err != nil {
		// Compare words the error for <.
		if fault, ok := errors.AsType[*value.FaultError](err); ok && op != "<" {
			return false, value.Faultf(fault.Kind, "%s", strings.Replace(fault.Message, "'<'", "'"+op+"'", 1))
		}
		return false, err
	}
	switch op {
	case "<":
		return order == -1, nil
	case "<=":
		return order == -1 || order == 0, nil
	case ">":
		return order == 1, nil
	default:
		return order == 1 || order == 0, nil
	}
}

// sorted is Python's sorted(items, key=lambda item: key(item), reverse=descending): stable, also when it is descending.
func sorted(items value.List, key func(value.Value) value.Value, descending bool) (value.List, error) {
	s := sorting{entries: make([]entry, len(items))}
	for i, item := range items {
		s.entries[i] = entry{item: item, key: key(item)}
	}
	// Python reverses before and after, which keeps equal items in their order.
	if descending {
		slices.Reverse(s.entries)
	}
	s.sort()
	if s.err != nil {
		return nil, s.err
	}
	if descending {
		slices.Reverse(s.entries)
	}
	out := make(value.List, len(items))
	for i, e := range s.entries {
		out[i] = e.item
	}
	return out, nil
}

// self is the key of a sort by the items themselves.
func self(item value.Value) value.Value { return item }

type entry struct{ item, key value.Value }

type sorting struct {
	entries []entry
	err     error // the first that comparing raised
}

func (s *sorting) less(a, b entry) bool {
	if s.err != nil {
		return false
	}
	var less bool
	less, s.err = compare("<", a.key, b.key)
	return less
}

// binarySort is the length below which Python sorts by binary insertion.
const binarySort = 64

// sort sorts short lists comparison by comparison as CPython does, so that values without an order among them (NaN) come out in the
// same places and the same pair raises the error. Where there is an order, there is only one stable result.
func (s *sorting) sort() {
	e := s.entries
	if len(e) >= binarySort {
		slices.SortStableFunc(e, func(a, b entry) int {
			switch {
			case s.less(a, b):
				return -1
			case s.less(b, a):
				return 1
			}
			return 0
		})
		return
	}
	for i := s.run(); i < len(e) && s.err == nil; i++ {
		low, high, pivot := 0, i, e[i]
		for low < high {
			if middle := int(uint(low+high) >> 1); s.less(pivot, e[middle]) {
				high = middle
			} else {
				low = middle + 1
			}
		}
		copy(e[low+1:i+1], e[low:i])
		e[low] = pivot
	}
}

// run returns the length of the ordered run that the entries begin with, after turning it round when it is descending.
func (s *sorting) run() int {
	e := s.entries
	if len(e) < 2 {
		return len(e)
	}
	n := 2
	if s.less(e[1], e[0]) {
		for n < len(e) && s.less(e[n], e[n-1]) {
			n++
		}
		slices.Reverse(e[:n])
		return n
	}
	for n < len(e) && !s.less(e[n], e[n-1]) {
		n++
	}
	return n
}
