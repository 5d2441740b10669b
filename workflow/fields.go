package workflow

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"casare/value"
)

// fields reads an object key by key; what was not asked for stays in rest.
type fields struct {
	from *value.Dict
	rest *value.DictBuilder
}

// text returns the first non-blank text (or number) among the keys and takes it out of rest. Keys that hold something else stay.
func (f *fields) text(keys ...string) string {
	for _, key := range keys {
		val, has := f.from.Get(key)
		if !has {
			continue
		}
		text, ok := plainText(val)
		if val == nil || ok && strings.TrimSpace(text) == "" {
			f.rest.Delete(key)
			continue
		}
		if ok {
			f.rest.Delete(key)
			return text
		}
	}
	return ""
}

// is says whether the key holds this text.
func (f *fields) is(key, text string) bool {
	got, ok := plainText(first(f.from.Get(key)))
	return ok && got == text
}

// first drops the second result of a look-up: a key that is missing and one that is null mean the same here.
func first(v value.Value, _ bool) value.Value { return v }

// asFloat reads a finite number, or a text that is one.
func asFloat(v value.Value) (float64, bool) {
	var f float64
	switch v := v.(type) {
	case int64:
		f = float64(v)
	case float64:
		f = v
	case *big.Int:
		f, _ = new(big.Float).SetInt(v).Float64()
	case string:
		parsed, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil {
			return 0, false
		}
		f = parsed
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

// asBool reads a boolean, a number, or one of the texts that mean true or false; ok is false for anything else.
func asBool(v value.Value) (b, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case int64:
		return v != 0, true
	case float64:
		return v != 0, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "1", "yes", "on":
			return true, true
		case "false", "0", "no", "off", "":
			return false, true
		}
	}
	return false, false
}

// number returns f as an integer when it is a whole number that JSON readers keep exactly, else as it is.
func number(f float64) value.Value {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 && (f != 0 || !math.Signbit(f)) {
		return int64(f)
	}
	return f
}
