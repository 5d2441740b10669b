package engine

import "math/bits"

// set is a set of steps by their place in the document.
type set []uint64

func newSet(steps int) set { return make(set, (steps+63)/64) }

func (s set) add(i int)      { s[i>>6] |= 1 << (i & 63) }
func (s set) has(i int) bool { return i>>6 < len(s) && s[i>>6]&(1<<(i&63)) != 0 }

// join adds every member of o.
func (s set) join(o set) {
	for i, w := range o {
		s[i] |= w
	}
}

func (s set) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}
