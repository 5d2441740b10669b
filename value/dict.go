package value

import (
	"fmt"
	"iter"
	"maps"
	"math/big"
	"slices"
)

// indexFrom is the size from which a dict has a hash index; below it a walk over the pairs is faster and needs no memory.
const indexFrom = 9

// Pair is one entry of a dict.
type Pair struct {
	Key   Value
	Value Value
}

// Dict maps keys to values and keeps the order in which the keys were first set. It never changes; With, Without and Edit make
// new ones. A key is a text or an int64. A nil *Dict is an empty one.
type Dict struct {
	pairs []Pair
	index map[Value]int // position of each key; nil in a small dict
}

// DictOf returns a dict of the pairs; of equal keys the first gives the place and the last the value.
func DictOf(pairs ...Pair) *Dict {
	b := DictBuilder{pairs: make([]Pair, 0, len(pairs))}
	for _, p := range pairs {
		b.Set(p.Key, p.Value)
	}
	return b.Dict()
}

// Key returns the form in which v is a key of a dict, and whether v can be one: texts and integers that an int64 holds can.
func Key(v Value) (Value, bool) {
	switch k := v.(type) {
	case string, int64:
		return k, true
	case int:
		return int64(k), true
	case *big.Int:
		if k.IsInt64() {
			return k.Int64(), true
		}
	}
	return nil, false
}

// Get returns the value of key, and whether the dict has it.
func (d *Dict) Get(key Value) (Value, bool) {
	if d == nil {
		return nil, false
	}
	k, ok := Key(key)
	if !ok {
		return nil, false
	}
	if i := find(d.pairs, d.index, k); i >= 0 {
		return d.pairs[i].Value, true
	}
	return nil, false
}

// GetText returns the value of key if the dict has it and it is a text, else "".
func (d *Dict) GetText(key string) string {
	v, _ := d.Get(key)
	s, _ := v.(string)
	return s
}

// Len returns the number of keys.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.pairs)
}

// At returns the pair at position i of the order; i must be in [0, Len).
func (d *Dict) At(i int) Pair { return d.pairs[i] }

// String returns the dict as Python prints it.
func (d *Dict) String() string { return Repr(d) }

// GoString is String: a dict shows no more of itself to %#v, secrets above all.
func (d *Dict) GoString() string { return Repr(d) }

// All walks keys and values in order.
func (d *Dict) All() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		if d == nil {
			return
		}
		for _, p := range d.pairs {
			if !yield(p.Key, p.Value) {
				return
			}
		}
	}
}

// Keys returns the keys in order.
func (d *Dict) Keys() List {
	keys := make(List, 0, d.Len())
	for k := range d.All() {
		keys = append(keys, k)
	}
	return keys
}

// With returns a dict that also maps key to v. It copies: for many changes use Edit.
func (d *Dict) With(key, v Value) *Dict {
	b := d.Edit()
	b.Set(key, v)
	return b.Dict()
}

// Without returns a dict that lacks key; d itself where it lacks it already.
func (d *Dict) Without(key Value) *Dict {
	if _, ok := d.Get(key); !ok {
		return d
	}
	b := d.Edit()
	b.Delete(key)
	return b.Dict()
}

// Edit returns a builder that starts with the entries of d and leaves d alone.
func (d *Dict) Edit() *DictBuilder {
	if d == nil {
		return NewDict()
	}
	return &DictBuilder{pairs: slices.Clone(d.pairs), index: maps.Clone(d.index)}
}

// DictBuilder makes a dict by many cheap steps. It is not for concurrent use.
type DictBuilder struct {
	pairs  []Pair
	index  map[Value]int
	shared bool // a dict was taken: copy before the next change
}

// NewDict returns an empty builder.
func NewDict() *DictBuilder { return &DictBuilder{} }

// Set maps key to v: in its old place if the key is known, else at the end. A key must be a text or a whole number (see Key);
// a caller that does not know asks Key first, because Set panics on any other kind.
func (b *DictBuilder) Set(key, v Value) {
	k, ok := Key(key)
	if !ok {
		panic(fmt.Sprintf("value: a %s cannot be the key of a dict", TypeName(key)))
	}
	b.own()
	if i := find(b.pairs, b.index, k); i >= 0 {
		b.pairs[i].Value = v
		return
	}
	b.pairs = append(b.pairs, Pair{Key: k, Value: v})
	switch {
	case b.index != nil:
		b.index[k] = len(b.pairs) - 1
	case len(b.pairs) >= indexFrom:
		b.reindex()
	}
}

// Get returns the value of key as set so far.
func (b *DictBuilder) Get(key Value) (Value, bool) {
	d := Dict{pairs: b.pairs, index: b.index}
	return d.Get(key)
}

// Len returns the number of keys so far.
func (b *DictBuilder) Len() int { return len(b.pairs) }

// Delete removes key; an unknown key is nothing. Its cost grows with the size of the dict.
func (b *DictBuilder) Delete(key Value) {
	k, ok := Key(key)
	if !ok {
		return
	}
	i := find(b.pairs, b.index, k)
	if i < 0 {
		return
	}
	b.own()
	b.pairs = slices.Delete(b.pairs, i, i+1)
	b.index = nil
	if len(b.pairs) >= indexFrom {
		b.reindex()
	}
}

// Dict returns what was built. The builder may go on; the dict does not change with it.
func (b *DictBuilder) Dict() *Dict {
	b.shared = true
	return &Dict{pairs: b.pairs, index: b.index}
}

func (b *DictBuilder) own() {
	if b.shared {
		b.pairs, b.index, b.shared = slices.Clone(b.pairs), maps.Clone(b.index), false
	}
}

func (b *DictBuilder) reindex() {
	b.index = make(map[Value]int, 2*len(b.pairs))
	for i, p := range b.pairs {
		b.index[p.Key] = i
	}
}

// find returns the position of key, which Key has returned, or -1.
func find(pairs []Pair, index map[Value]int, key Value) int {
	if index != nil {
		if i, ok := index[key]; ok {
			return i
		}
		return -1
	}
	for i := range pairs {
		if pairs[i].Key == key {
			return i
		}
	}
	return -1
}
