package nodetest

import (
	"encoding/base64"
	"math"
	"regexp"
	"slices"
	"strings"

	"casare/value"
)

// anything stands in an expectation for any value, or inside a text for any run of characters.
const anything = "<any>"

// Equal is the comparison of the recorded cases: numbers by value with a relative tolerance of 1e-12, booleans only with booleans,
// texts exactly but for <any>, dicts without regard to order; {"$float": …} and {"$bytes": …} stand for what JSON cannot hold.
func Equal(expected, actual value.Value) bool {
	switch want := special(expected).(type) {
	case string:
		got, ok := actual.(string)
		return want == anything || ok && Match(want, got)
	case bool, nil:
		return want == actual
	case value.Bytes:
		return want == actual
	case *value.Dict:
		got, ok := actual.(*value.Dict)
		return ok && want.Len() == got.Len() && Within(want, got)
	case value.List:
		got, ok := actual.(value.List)
		return ok && slices.EqualFunc(want, got, func(a, b value.Value) bool { return Equal(a, b) })
	default:
		return equalNumber(want, actual)
	}
}

// Within says whether the actual dict has every key of the expected one, with an equal value.
func Within(expected, actual *value.Dict) bool {
	for key, want := range expected.All() {
		if got, ok := actual.Get(key); !ok || !Equal(want, got) {
			return false
		}
	}
	return true
}

// Match compares texts, <any> in the expected one standing for any run of characters.
func Match(expected, actual string) bool {
	parts := strings.Split(expected, anything)
	if len(parts) == 1 {
		return expected == actual
	}
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*") + `\z`).MatchString(actual)
}

func equalNumber(want, actual value.Value) bool {
	switch actual.(type) {
	case bool, string, nil:
		return false
	}
	if value.Equal(want, actual) {
		return true
	}
	a, errA := value.ToFloat(want)
	b, errB := value.ToFloat(actual)
	if errA != nil || errB != nil {
		return false
	}
	return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b))
}

// special turns a stand-in for what JSON cannot hold into the value.
func special(v value.Value) value.Value {
	d, ok := v.(*value.Dict)
	if !ok || d.Len() != 1 {
		return v
	}
	if text, err := base64.StdEncoding.DecodeString(d.GetText("$bytes")); err == nil && d.At(0).Key == "$bytes" {
		return value.Bytes(text)
	}
	switch d.GetText("$float") {
	case "inf":
		return math.Inf(1)
	case "-inf":
		return math.Inf(-1)
	case "nan":
		return math.NaN()
	}
	return v
}
