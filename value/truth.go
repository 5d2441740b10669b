package value

import "math/big"

// Truth returns Python's bool(v): null, false, zero and whatever is empty are false.
func Truth(v Value) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case *big.Int:
		return x.Sign() != 0
	case float64:
		return x != 0
	case string:
		return x != ""
	case Bytes:
		return x != ""
	case List:
		return len(x) > 0
	case *Dict:
		return x.Len() > 0
	case Secret:
		return x.Reveal() != ""
	default:
		return true
	}
}
