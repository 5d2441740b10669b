package random

import (
	crand "crypto/rand"
	"math/big"
	"math/rand/v2"

	"casare/node"
	"casare/value"
)

// generator returns a source of randomness that starts at an unforeseeable place.
func generator() *rand.Rand {
	var seed [32]byte
	_, _ = crand.Read(seed[:])             // never fails: it would end the program
	return rand.New(rand.NewChaCha8(seed)) //nolint:gosec // ChaCha8 with a seed of the system's is a strong generator
}

// between returns a whole number of [lo, hi], each as likely as the others.
func between(lo, hi *big.Int) (value.Value, error) {
	span := new(big.Int).Sub(hi, lo)
	n, err := crand.Int(crand.Reader, span.Add(span, big.NewInt(1)))
	if err != nil {
		return nil, err
	}
	return value.Int(n.Add(n, lo)), nil
}

// elements returns what Python's list(v) returns: the characters of a text, the keys of a dict.
func elements(v node.Value) (value.List, error) {
	switch v := v.(type) {
	case value.List:
		return v, nil
	case *value.Dict:
		return v.Keys(), nil
	case string:
		list := make(value.List, 0, len(v))
		for _, r := range v {
			list = append(list, string(r))
		}
		return list, nil
	}
	return nil, node.Fail(node.TypeInput, "items is no list: '%s' object is not iterable", value.TypeName(v))
}

// shuffled returns the elements in an order of its own.
func shuffled(list value.List) value.List {
	out := make(value.List, len(list))
	copy(out, list)
	generator().Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
