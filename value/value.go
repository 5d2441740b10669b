package value

import (
	"fmt"
	"math"
	"math/big"
	"sort"
)

// Value is nil, bool, int64, *big.Int, float64, string, Bytes, List, *Dict, Secret or Handle. Anything else is a programmer's
// error; From converts the usual Go types.
type Value = any

// MaxDepth is how deep lists and dicts may nest where they cross a border: both codecs refuse more, in both directions.
const MaxDepth = 100

// MaxIntBits is the size of the largest integer that is read, written or computed.
const MaxIntBits = 100_000

// Bytes is binary content. It is a string underneath, so that it is as immutable as every other value.
type Bytes string

// List is an ordered sequence. Whoever holds one must not assign to its elements.
type List []Value

// Handle stands for something that lives outside the values: a page, a connection, a workbook. It names it and holds nothing.
type Handle struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Int returns x as a Value: int64 where that holds it, else x itself, which must not be changed afterwards.
func Int(x *big.Int) Value {
	if x.IsInt64() {
		return x.Int64()
	}
	return x
}

// From converts what Go code has at hand (every integer and float type, []any, []string, map[string]any, []byte …) to a Value;
// a Value stays as it is. The keys of a Go map, which has no order, are sorted. An unknown type is an error.
func From(v any) (Value, error) {
	switch x := v.(type) {
	case nil, bool, int64, float64, string, Bytes, *Dict, Secret, Handle:
		return v, nil
	case *big.Int:
		return Int(x), nil
	case int:
		return int64(x), nil
	case int32:
		return int64(x), nil
	case uint32:
		return int64(x), nil
	case uint64:
		if x > math.MaxInt64 {
			return new(big.Int).SetUint64(x), nil
		}
		return int64(x), nil
	case float32:
		return float64(x), nil
	case []byte:
		return Bytes(x), nil
	case List:
		return fromList(x)
	case []any:
		return fromList(x)
	case []string:
		list := make(List, len(x))
		for i, s := range x {
			list[i] = s
		}
		return list, nil
	case map[string]any:
		return fromMap(x)
	default:
		return nil, fmt.Errorf("a %T is not a value", v)
	}
}

func fromList(items []any) (Value, error) {
	list := make(List, len(items))
	for i, item := range items {
		v, err := From(item)
		if err != nil {
			return nil, err
		}
		list[i] = v
	}
	return list, nil
}

func fromMap(m map[string]any) (Value, error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	b := NewDict()
	for _, k := range keys {
		v, err := From(m[k])
		if err != nil {
			return nil, err
		}
		b.Set(k, v)
	}
	return b.Dict(), nil
}

// TypeName returns Python's name of v's type: NoneType, bool, int, float, str, bytes, list, dict; and Secret, Handle.
func TypeName(v Value) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Bytes:
		return "bytes"
	case List:
		return "list"
	case *Dict:
		return "dict"
	case Secret:
		return "Secret"
	case Handle:
		return "Handle"
	default:
		return fmt.Sprintf("%T", v)
	}
}
