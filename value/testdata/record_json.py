"""Records what CPython's json module answers, as python_json.json: run it in this folder (recorded with CPython 3.11)."""
import json
import random

rnd = random.Random(7)
LETTERS = 'ab"\\/\b\f\n\r\t\x00\x1f\x7f\x80é東😀\u2028<>&\' '


def text():
    return "".join(rnd.choice(LETTERS) for _ in range(rnd.randrange(6)))


def value(depth=0):
    kind = rnd.randrange(10 if depth < 3 else 7)
    if kind == 0:
        return rnd.choice([None, True, False])
    if kind == 1:
        return rnd.randrange(-100, 100)
    if kind == 2:
        return rnd.choice([2**63, -(2**63), 10**30, 0, -1, 2**53 + 1])
    if kind == 3:
        return rnd.choice([0.0, -0.0, 1.5, 1e16, 1e-5, 1e15, 15.0, 1e300, 5e-324, float("inf"), float("-inf"), 0.1 + 0.2])
    if kind == 4:
        return rnd.uniform(-1, 1) * 10 ** rnd.randrange(-20, 20)
    if kind in (5, 6):
        return text()
    if kind in (7, 8):
        return [value(depth + 1) for _ in range(rnd.randrange(4))]
    return {text(): value(depth + 1) for _ in range(rnd.randrange(4))}


def whole(v):
    """Go has no halves of surrogate pairs."""
    if isinstance(v, str):
        return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in v)
    if isinstance(v, list):
        return [whole(x) for x in v]
    if isinstance(v, dict):
        return {whole(k): whole(x) for k, x in v.items()}
    return v


def loaded(source):
    try:
        return {"text": source, "repr": repr(whole(json.loads(source)))}
    except json.JSONDecodeError as e:
        return {"text": source, "error": str(e)}


BY_HAND = [
    "", " ", "\n", "nul", "null", "nullx", "true", "tru", "false", "NaN", "-NaN", "Infinity", "-Infinity", "Infinit", "-Infinit", "-", "--1", "+1", "01", "-01", "0", "-0",
    "1.", ".5", "1.e5", "1e", "1e+", "1e5", "1E+5", "1e999", "-1e999", "1e-999", "0.5e", "1.5E-3x", "123456789012345678901234567890", "1_0", "0x10", "12 34", "[", "]", "[]", "[ ]",
    "[1", "[1,", "[1,]", "[1 2]", "[,]", "[1,,2]", "{", "}", "{}", "{ }", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', "{a:1}", "{'a':1}", "{1:2}", '{"a":1 "b":2}',
    '{"a":1,"a":2,"b":3}', '{"b":1,"a":2,"b":3}', '{,}', '"', '"a', '"\\', '"\\"', '"\\x"', '"\\u', '"\\u12"', '"\\u12x4"', '"\\u123', '"\\u1234', '"\\u1234"', '"\\u12345"', '"\\uzzzz"',
    '"\\ud83d\\ude00"', '"\\ud83d\\ude00', '"\\ud83d"', '"\\ud83dx"', '"\\ude00"', '"\\ud83d\\u0041"', '"\\ud83d\\uzzzz"', '"\\ud83d\\u12"', '"\\ud83d\\n"', '"\\ud83d\\ud83d\\ude00"',
    '"a\nb"', '"a\tb"', '"\x7f\x80"', '"é\\x"', '["é",\n "東", x]', '{"é": "é"\n x}', "\ufeff1", "1\ufeff", "\x0b1", "\u00a01", '"\\/\\b\\f\\n\\r\\t\\"\\\\"', '"\\u00E9\\u00e9"', '"\\u+123"',
    '{"$bytes": "YQ=="}', '{"$handle": {"kind": "a", "id": "b"}}', "[1]x", '"a"b', "nan", "None", "True", '\'a\'', "1,2", "\n\n  [1,\n  2,\n  é]", '"\\u 123"', '"\\u12 4"',
]


def mutated():
    source = list(json.dumps(value(), ensure_ascii=rnd.random() < 0.5, indent=rnd.choice([None, None, 1])))
    for _ in range(rnd.randrange(3)):
        at = rnd.randrange(len(source) + 1)
        what = rnd.randrange(3)
        if what == 0 and source:
            del source[min(at, len(source) - 1)]
        elif what == 1:
            source.insert(at, rnd.choice('{}[]",:\\u0123456789-+.eE abntf\n\té😀'))
        else:
            source = source[:at]
    return "".join(source)


cases = [loaded(s) for s in BY_HAND]
while len(cases) < 1500:
    cases.append(loaded(mutated()))
dumps = []
while len(dumps) < 600:
    v = value()
    indent, sort_keys, ascii_ = rnd.choice([None, None, 0, 1, 2, 4, -3]), rnd.random() < 0.3, rnd.random() < 0.5
    want = json.dumps(v, indent=indent, sort_keys=sort_keys, ensure_ascii=ascii_)
    dumps.append({"text": json.dumps(v), "indent": indent, "sort_keys": sort_keys, "ascii": ascii_, "want": want})
with open("python_json.json", "w", encoding="utf-8") as f:
    rows = ",\n".join(json.dumps(c, ensure_ascii=True) for c in cases)
    more = ",\n".join(json.dumps(c, ensure_ascii=True) for c in dumps)
    f.write('{"loads": [\n' + rows + '\n], "dumps": [\n' + more + "\n]}\n")
