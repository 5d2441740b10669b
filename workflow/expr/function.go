package expr

import (
	"math"
	"math/big"
	"sync"
	"unicode/utf8"

	"casare/value"
)

// library holds the functions and the methods of texts by name. It is filled at its first use and not where it is declared,
// because what it holds refers back to it through the evaluator.
var library struct {
	once        sync.Once
	functions   map[string]*callable
	textMethods map[string]textMethod
}

// function returns the function an expression may call by this name, or nil.
func function(name string) *callable {
	library.once.Do(fillLibrary)
	return library.functions[name]
}

func fillLibrary() {
	library.functions = functionTable()
	library.textMethods = textMethodTable()
}

func functionTable() map[string]*callable {
	all := map[string]func(m *machine, a *args) (any, error){
		"len": lenOf, "abs": absOf, "round": roundOf, "divmod": divmodOf, "pow": powOf,
		"ord": ordOf, "chr": chrOf, "hex": baseOf("0x", 16), "oct": baseOf("0o", 8), "bin": baseOf("0b", 2),
		"repr": reprOf, "ascii": asciiOf, "format": formatOf, "type": typeOf, "isinstance": isInstance, "callable": isCallable,
		"min": extremum(-1), "max": extremum(1), "sum": sumOf, "any": anyOf, "all": allOf,
		"sorted": sortedOf, "reversed": reversedOf, "enumerate": enumerateOf, "zip": zipOf, "map": mapOf, "filter": filterOf,
		"next": nextOf, "range": rangeOf, "rand": randOf, "randint": randIntOf,
		"int": intOf, "float": floatOf, "str": strOf, "bool": boolOf,
		"list": listOf, "tuple": tupleOf, "set": setOf, "dict": dictOf,
	}
	t := make(map[string]*callable, len(all))
	for name, fn := range all {
		t[name] = &callable{name: name, fn: fn}
	}
	return t
}

func lenOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	switch x := reveal(a.pos[0]).(type) {
	case string:
		if err := m.scan(len(x)); err != nil {
			return nil, err
		}
		return int64(utf8.RuneCountInString(x)), nil
	case value.Bytes:
		return int64(len(x)), nil
	case value.List:
		return int64(len(x)), nil
	case tuple:
		return int64(len(x)), nil
	case *value.Dict:
		return int64(x.Len()), nil
	case *set:
		return int64(len(x.items)), nil
	case *view:
		return int64(len(x.items)), nil
	case *span:
		return x.n, nil
	default:
		return nil, typeError("object of type '%s' has no len()", typeName(x))
	}
}

func absOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	switch x := a.pos[0].(type) {
	case float64:
		return math.Abs(x), nil
	case int64, bool, *big.Int:
		if toBig(x).Sign() < 0 {
			return m.unaryInt("-", x)
		}
		return m.unaryInt("+", x)
	default:
		return nil, typeError("bad operand type for abs(): '%s'", typeName(x))
	}
}

func divmodOf(m *machine, a *args) (any, error) {
	if err := a.check(2, 2); err != nil {
		return nil, err
	}
	if !isNumber(a.pos[0]) || !isNumber(a.pos[1]) {
		return nil, typeError("unsupported operand type(s) for divmod(): '%s' and '%s'", typeName(a.pos[0]), typeName(a.pos[1]))
	}
	q, err := m.arithmetic(opFloor, a.pos[0], a.pos[1])
	if err != nil {
		return nil, err
	}
	rem, err := m.arithmetic(opMod, a.pos[0], a.pos[1])
	return tuple{q, rem}, err
}

func powOf(m *machine, a *args) (any, error) {
	if err := a.check(2, 3, "mod"); err != nil {
		return nil, err
	}
	mod := a.opt(2, "mod", nil)
	if mod == nil {
		return m.binary(opPow, a.pos[0], a.pos[1])
	}
	for _, v := range []any{a.pos[0], a.pos[1], mod} {
		if _, isFloat := v.(float64); isFloat || !isNumber(v) {
			return nil, typeError("pow() 3rd argument not allowed unless all arguments are integers")
		}
	}
	return m.powMod(toBig(a.pos[0]), toBig(a.pos[1]), toBig(mod))
}

func ordOf(_ *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	switch x := a.pos[0].(type) {
	case string:
		if n := utf8.RuneCountInString(x); n != 1 {
			return nil, typeError("ord() expected a character, but string of length %d found", n)
		}
		r, _ := utf8.DecodeRuneInString(x)
		return int64(r), nil
	case value.Secret:
		return nil, typeError("a secret is not turned into a number")
	default:
		return nil, typeError("ord() expected string of length 1, but %s found", typeName(x))
	}
}

func chrOf(_ *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	i, err := a.integer(0, "", nil)
	if err != nil {
		return nil, err
	}
	if i < 0 || i > utf8.MaxRune {
		return nil, valueError("chr() arg not in range(0x110000)")
	}
	return string(rune(i)), nil
}

// baseOf is hex, oct and bin.
func baseOf(prefix string, base int) func(m *machine, a *args) (any, error) {
	return func(m *machine, a *args) (any, error) {
		if err := a.check(1, 1); err != nil {
			return nil, err
		}
		if _, isFloat := a.pos[0].(float64); isFloat || !isNumber(a.pos[0]) {
			return nil, typeError("'%s' object cannot be interpreted as an integer", typeName(a.pos[0]))
		}
		b := toBig(a.pos[0])
		if err := m.text(b.BitLen() + 8); err != nil {
			return nil, err
		}
		sign := ""
		if b.Sign() < 0 {
			sign = "-"
		}
		return sign + prefix + new(big.Int).Abs(b).Text(base), nil
	}
}

func reprOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	return m.repr(a.pos[0])
}

func asciiOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	return m.ascii(a.pos[0])
}

// ascii is repr with everything outside ASCII escaped.
func (m *machine) ascii(v any) (string, error) {
	s, err := m.repr(v)
	if err != nil || isASCII(s) {
		return s, err
	}
	if err := m.text(10 * len(s)); err != nil {
		return "", err
	}
	var out []byte
	for _, r := range s {
		if r < utf8.RuneSelf {
			out = utf8.AppendRune(out, r)
			continue
		}
		out = value.AppendEscaped(out, r)
	}
	return string(out), nil
}

func formatOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 2); err != nil {
		return nil, err
	}
	spec, err := a.text(1, "", "")
	if err != nil {
		return nil, err
	}
	b := builder{m: m}
	if err := m.field(&b, a.pos[0], 0, spec); err != nil {
		return nil, err
	}
	return b.result(), nil
}

var noneType = &callable{name: "NoneType", fn: func(*machine, *args) (any, error) { return nil, nil }}

func typeOf(_ *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	name := typeName(a.pos[0])
	switch f := function(name); {
	case name == "NoneType":
		return noneType, nil
	case f != nil:
		return f, nil
	default:
		return nil, typeError("type() of a %s is not supported", name)
	}
}

func isInstance(_ *machine, a *args) (any, error) {
	if err := a.check(2, 2); err != nil {
		return nil, err
	}
	types, ok := a.pos[1].(tuple)
	if !ok {
		types = tuple{a.pos[1]}
	}
	name := typeName(a.pos[0])
	for _, t := range types {
		f, ok := t.(*callable)
		if !ok || samples[f.name] == nil && f.name != "bool" && f != noneType && f.name != "range" {
			return nil, typeError("isinstance() arg 2 must be a type or a tuple of types")
		}
		if f.name == name || f.name == "int" && name == "bool" {
			return true, nil
		}
	}
	return false, nil
}

func isCallable(_ *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	_, ok := a.pos[0].(*callable)
	return ok, nil
}

func random(m *machine) (float64, error) {
	source, ok := m.env.(Randomizer)
	if !ok {
		return 0, value.Faultf(value.NameError, "random numbers are not available in an expression")
	}
	return source.Rand(), nil
}

func randOf(m *machine, a *args) (any, error) {
	if err := a.check(0, 0); err != nil {
		return nil, err
	}
	return random(m)
}

// randIntOf is randint(top): a whole number from 0 to below top.
func randIntOf(m *machine, a *args) (any, error) {
	if err := a.check(1, 1); err != nil {
		return nil, err
	}
	top, err := a.integer(0, "", nil)
	if err != nil {
		return nil, err
	}
	f, err := random(m)
	return int64(f * float64(top)), err
}
