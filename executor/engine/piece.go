package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"casare/value"
)

// How values are cut up. A part that is stored by its hash is a chunk: it is written once, however many values and snapshots have it.
const (
	chunkBytes    = 16 << 10 // a value of more than this is stored by hash, and a part of a list is full
	chunkElements = 1024     // a part of a list is full with so many, too
	apartElements = 64       // a dict that holds a longer list is stored value by value
	apartDepth    = 3        // of dicts in dicts
)

// hash names a chunk. 128 bits are enough: it has to tell the values of one run apart.
type hash [16]byte

func hashOf(data []byte) hash {
	sum := sha256.Sum256(data)
	return hash(sum[:16])
}

const chunkKeys = "c/"

func (h hash) key() string { return chunkKeys + hex.EncodeToString(h[:]) }

// chunk is a part of a value that is stored by its hash.
type chunk struct {
	hash hash
	data []byte
}

// form is how a value is written down: Inline, or Blob (all of it is one chunk), or a list (Chunks, then Tail), or a dict (Keys, and a
// form for each value).
type form struct {
	Inline cbor.RawMessage `cbor:"1,keyasint,omitempty"`
	Blob   []byte          `cbor:"2,keyasint,omitempty"`
	Chunks []byte          `cbor:"3,keyasint,omitempty"` // hashes, one after the other
	Tail   cbor.RawMessage `cbor:"4,keyasint,omitempty"`
	Keys   cbor.RawMessage `cbor:"5,keyasint,omitempty"`
	Forms  []form          `cbor:"6,keyasint,omitempty"`
}

// piece is a value with the way it is written, kept so that the next version of the value costs only what is different.
type piece struct {
	value  value.Value
	form   form
	hashes []hash   // of the value's own chunks
	ends   []end    // of a list: where each chunk ends
	tail   []byte   // of a list: the elements behind the last chunk
	fresh  bool     // of a list: tail is there; one that was read back has none
	parts  []*piece // of a dict: one for each value
	size   int      // bytes, chunks included
}

// end is how much of a list there is up to the end of one of its chunks.
type end struct{ elements, bytes int }

// sealed is how much of a list is in chunks.
func (p *piece) sealed() end {
	if len(p.ends) == 0 {
		return end{}
	}
	return p.ends[len(p.ends)-1]
}

// all returns every chunk the value needs, one entry for each time it needs it.
func (p *piece) all() []hash {
	if p == nil {
		return nil
	}
	out := p.hashes
	for _, part := range p.parts {
		out = append(slices.Clip(out), part.all()...)
	}
	return out
}

// cutter writes values and collects the chunks that are not part of the version before.
type cutter struct {
	seal   func(text string) ([]byte, error) // nil: secrets are refused
	chunks *[]chunk
}

// cut writes a value. before is how the value in its place was written, nil when there was none.
func (c *cutter) cut(v value.Value, before *piece, depth int) (*piece, error) {
	if before != nil && same(v, before.value) {
		return before, nil
	}
	switch v := v.(type) {
	case value.List:
		return c.list(v, before)
	case *value.Dict:
		if depth < apartDepth && apart(v) {
			return c.dict(v, before, depth)
		}
	}
	data, err := value.AppendSealed(nil, v, c.seal)
	if err != nil {
		return nil, err
	}
	p := &piece{value: v, size: len(data)}
	if len(data) <= chunkBytes {
		p.form.Inline = data
		return p, nil
	}
	h := hashOf(data)
	*c.chunks = append(*c.chunks, chunk{h, data})
	p.form.Blob, p.hashes = h[:], []hash{h}
	return p, nil
}

// list writes a list. What it has in common with the one before, from the front, is not written again.
func (c *cutter) list(list value.List, before *piece) (_ *piece, err error) {
	p := &piece{value: list, fresh: true}
	from := 0
	if before != nil {
		if old, ok := before.value.(value.List); ok {
			from = p.adopt(before, common(old, list), len(old))
		}
	}
	for i := from; i < len(list); i++ {
		if p.tail, err = value.AppendSealed(p.tail, list[i], c.seal); err != nil {
			return nil, err
		}
		at := p.sealed()
		if n := i + 1 - at.elements; len(p.tail) >= chunkBytes || n == chunkElements {
			data := append(arrayHead(n), p.tail...)
			h := hashOf(data)
			*c.chunks = append(*c.chunks, chunk{h, data})
			p.hashes, p.ends = append(p.hashes, h), append(p.ends, end{i + 1, at.bytes + len(data)})
			p.tail = nil
		}
	}
	tail := append(arrayHead(len(list)-p.sealed().elements), p.tail...)
	p.size = p.sealed().bytes + len(tail)
	if len(p.hashes) == 0 {
		p.form.Inline = tail
		return p, nil
	}
	p.form.Tail = tail
	p.form.Chunks = make([]byte, 0, len(p.hashes)*len(hash{}))
	for _, h := range p.hashes {
		p.form.Chunks = append(p.form.Chunks, h[:]...)
	}
	return p, nil
}

// adopt takes over what is written of the first n elements of a list that had length, and returns how many of them that are.
func (p *piece) adopt(before *piece, n, length int) int {
	keep := len(before.ends)
	for keep > 0 && before.ends[keep-1].elements > n {
		keep--
	}
	p.hashes, p.ends = before.hashes[:keep:keep], before.ends[:keep:keep]
	if n == length && before.fresh { // it has only grown
		p.tail = slices.Clip(before.tail)
		return n
	}
	return p.sealed().elements
}

// apart says whether a dict holds something that is worth writing on its own.
func apart(d *value.Dict) bool {
	for _, v := range d.All() {
		switch v := v.(type) {
		case value.List:
			if len(v) > apartElements {
				return true
			}
		case string:
			if len(v) > chunkBytes {
				return true
			}
		case value.Bytes:
			if len(v) > chunkBytes {
				return true
			}
		case *value.Dict:
			if apart(v) {
				return true
			}
		}
	}
	return false
}

// dict writes a dict value by value.
func (c *cutter) dict(d *value.Dict, before *piece, depth int) (*piece, error) {
	p := &piece{value: d, parts: make([]*piece, 0, d.Len())}
	old := map[value.Value]*piece{}
	if before != nil && before.parts != nil {
		was, _ := before.value.(*value.Dict)
		for i, key := range was.Keys() {
			old[key] = before.parts[i]
		}
	}
	for key, v := range d.All() {
		part, err := c.cut(v, old[key], depth+1)
		if err != nil {
			return nil, err
		}
		p.parts = append(p.parts, part)
		p.form.Forms = append(p.form.Forms, part.form)
		p.size += part.size
	}
	keys, err := value.EncodeCBOR(d.Keys())
	p.form.Keys = keys
	p.size += len(keys)
	return p, err
}

// arrayHead is the beginning of a CBOR array.
func arrayHead(n int) []byte {
	const array = 4 << 5
	switch {
	case n < 24:
		return []byte{array | byte(n)} //nolint:gosec // a length is not negative
	case n <= math.MaxUint8:
		return []byte{array | 24, byte(n)}
	default: // a part of a list has at most chunkElements
		return binary.BigEndian.AppendUint16([]byte{array | 25}, uint16(n)) //nolint:gosec // see above
	}
}

// common is how many elements two lists have in common from the front.
func common(a, b value.List) int {
	n := min(len(a), len(b))
	if n > 0 && &a[0] == &b[0] {
		return n
	}
	for i := range n {
		if !same(a[i], b[i]) {
			return i
		}
	}
	return n
}

// same says whether two values are known to be written alike, at a glance: lists and dicts by where they are, as none ever changes.
func same(a, b value.Value) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool:
		x, ok := b.(bool)
		return ok && a == x
	case int64:
		x, ok := b.(int64)
		return ok && a == x
	case float64:
		x, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(x)
	case string:
		x, ok := b.(string)
		return ok && a == x
	case value.Bytes:
		x, ok := b.(value.Bytes)
		return ok && a == x
	case value.Handle:
		x, ok := b.(value.Handle)
		return ok && a == x
	case *big.Int:
		x, ok := b.(*big.Int)
		return ok && a == x
	case *value.Dict:
		x, ok := b.(*value.Dict)
		return ok && a == x
	case value.List:
		x, ok := b.(value.List)
		return ok && len(a) == len(x) && (len(a) == 0 || &a[0] == &x[0])
	}
	return false
}

// reader reads values back. It takes no more memory than a run may have, whatever the records say.
type reader struct {
	open   func(sealed []byte) (string, error) // nil: secrets are refused
	chunks map[hash][]byte
	room   int // elements that lists of chunks may still have in all
}

func (in *reader) decode(data []byte) (value.Value, error) {
	if in.open == nil {
		return value.DecodeCBOR(data)
	}
	return value.DecodeSealed(data, in.open)
}

// maxElements is how many elements the lists in a snapshot may have, as far as they are stored by hash.
const maxElements = 32 << 20

// piece reads a value.
func (in *reader) piece(f form, depth int) (*piece, error) {
	p := &piece{form: f}
	switch {
	case f.Keys != nil:
		return p, in.dict(p, depth)
	case f.Chunks != nil:
		return p, in.list(p)
	case f.Blob != nil:
		h, data, err := in.chunk(f.Blob)
		if err != nil {
			return nil, err
		}
		p.hashes, p.size = []hash{h}, len(data)
		p.value, err = in.decode(data)
		return p, err
	}
	v, err := in.decode(f.Inline)
	p.value, p.size = v, len(f.Inline)
	return p, err
}

func (in *reader) chunk(name []byte) (hash, []byte, error) {
	if len(name) != len(hash{}) {
		return hash{}, nil, fmt.Errorf("a hash of %d bytes", len(name))
	}
	h := hash(name)
	data, ok := in.chunks[h]
	if !ok {
		return h, nil, fmt.Errorf("%s is missing", h.key())
	}
	return h, data, nil
}

func (in *reader) list(p *piece) error {
	var list value.List
	add := func(data []byte) error {
		v, err := in.decode(data)
		if err != nil {
			return err
		}
		part, ok := v.(value.List)
		if in.room -= len(part); !ok || len(part) > chunkElements || in.room < 0 {
			return fmt.Errorf("a part of a list that is %.40s", value.TypeName(v))
		}
		list = append(list, part...)
		p.size += len(data)
		return nil
	}
	for rest := p.form.Chunks; len(rest) > 0; {
		n := min(len(rest), len(hash{}))
		h, data, err := in.chunk(rest[:n])
		if err == nil {
			err = add(data)
		}
		if err != nil {
			return err
		}
		rest = rest[n:]
		p.hashes, p.ends = append(p.hashes, h), append(p.ends, end{len(list), p.size})
	}
	err := add(p.form.Tail)
	p.value = list
	return err
}

func (in *reader) dict(p *piece, depth int) error {
	v, err := in.decode(p.form.Keys)
	if err != nil {
		return err
	}
	keys, ok := v.(value.List)
	if !ok || len(keys) != len(p.form.Forms) || depth >= apartDepth {
		return fmt.Errorf("a dict of %d values", len(p.form.Forms))
	}
	d := value.NewDict()
	p.parts = make([]*piece, 0, len(keys))
	p.size = len(p.form.Keys)
	for i, key := range keys {
		part, err := in.piece(p.form.Forms[i], depth+1)
		if err != nil {
			return err
		}
		name, ok := value.Key(key)
		if _, twice := d.Get(name); !ok || twice {
			return fmt.Errorf("a dict with the key %.40s", value.Repr(key))
		}
		d.Set(name, part.value)
		p.parts = append(p.parts, part)
		p.size += part.size
	}
	p.value = d.Dict()
	return nil
}
