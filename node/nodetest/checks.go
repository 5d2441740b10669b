package nodetest

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"casare/value"
)

// check looks at an output whose exact value no recording can hold, such as a random number or the time; "" is nothing wrong.
func check(c *value.Dict, r *Result) string {
	port := c.GetText("output")
	got := r.Output(port)
	for name, want := range c.All() {
		if name != "output" && !holds(fmt.Sprint(name), want, got) {
			return fmt.Sprintf("output %s is %s, against %v: %s", port, value.Repr(got), name, value.Repr(want))
		}
	}
	return ""
}

// holds makes one check. One it does not know holds never, so that nobody takes it for passed.
func holds(name string, want, got value.Value) bool {
	number := func(v value.Value) float64 {
		f, err := value.ToFloat(v)
		if err != nil {
			return math.NaN()
		}
		return f
	}
	switch name {
	case "regex":
		found, err := regexp.MatchString(value.Str(want), value.Str(got))
		return err == nil && found
	case "min":
		return number(got) >= number(want)
	case "max":
		return number(got) <= number(want)
	case "integer":
		f := number(got)
		return want != true || f == math.Trunc(f)
	case "one_of":
		list, _ := want.(value.List)
		return slices.ContainsFunc(list, func(v value.Value) bool { return Equal(v, got) })
	case "length":
		return number(want) == float64(length(got))
	case "permutation_of":
		return Equal(ordered(want), ordered(got))
	case "sorted_compare":
		return true // Compare sorts the list before it compares
	}
	return false
}

func length(v value.Value) int {
	switch x := v.(type) {
	case string:
		return len([]rune(x))
	case value.List:
		return len(x)
	case *value.Dict:
		return x.Len()
	}
	return -1
}

// ordered returns a list in an order of its own, the same for each order it may come in; other values as they are.
func ordered(v value.Value) value.Value {
	list, ok := v.(value.List)
	if !ok {
		return v
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b value.Value) int { return strings.Compare(value.Repr(a), value.Repr(b)) })
	return sorted
}

// unordered says whether the order of a list output is the file system's.
func unordered(checks value.List, port value.Value) bool {
	return slices.ContainsFunc(checks, func(v value.Value) bool {
		c, _ := v.(*value.Dict)
		sorted, _ := c.Get("sorted_compare")
		output, _ := c.Get("output")
		return sorted == true && output == port
	})
}
