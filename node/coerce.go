package node

import (
	"fmt"

	"casare/value"
)

// coerce converts a value to a kind, once for all node types. Texts become numbers by Python's int() and float(), truth by
// true/1/yes/on; anything becomes text by Python's str(). nil never comes here.
func coerce(kind Kind, v Value) (Value, error) {
	switch kind {
	case KindText:
		if text, ok := v.(string); ok {
			return text, nil
		}
		return value.Str(v), nil
	case KindInt:
		return toInt(v)
	case KindFloat:
		return value.ToFloat(v)
	case KindBool:
		if text, ok := v.(string); ok {
			return value.ToBool(text), nil
		}
		return value.Truth(v), nil
	case KindBytes:
		return toBytes(v)
	case KindList:
		if list, ok := v.(value.List); ok {
			return list, nil
		}
		return nil, fmt.Errorf("%s is a %s, not a list", value.Repr(v), value.TypeName(v))
	case KindDict:
		if dict, ok := v.(*value.Dict); ok {
			return dict, nil
		}
		return nil, fmt.Errorf("%s is a %s, not a dict", value.Repr(v), value.TypeName(v))
	case KindAny, KindExpr:
		return v, nil
	case KindSecret:
		if secret, ok := v.(value.Secret); ok {
			return secret, nil
		}
		return value.NewSecret(value.Str(v)), nil
	}
	return nil, fmt.Errorf("no such kind: %s", kind)
}

// toInt also refuses what does not fit 64 bits: no parameter of a step has a use for it.
func toInt(v Value) (Value, error) {
	n, err := value.ToInt(v)
	if err != nil {
		return nil, err
	}
	if small, ok := n.(int64); ok {
		return small, nil
	}
	return nil, fmt.Errorf("%s does not fit 64 bits", value.Str(n))
}

// toBytes takes bytes as they are and a text as UTF-8; Python has no bytes of anything else either.
func toBytes(v Value) (Value, error) {
	switch x := v.(type) {
	case value.Bytes:
		return x, nil
	case string:
		return value.Bytes(x), nil
	}
	return nil, fmt.Errorf("a bytes-like object is required, not '%s'", value.TypeName(v))
}
