"""Records what CPython makes of the values of Transform and Validate steps: python3 record.py > python.json (CPython 3.11).

A result is {"result": …} or {"error": the exception's text}; of Validate it is the message, empty for a valid value.
"""
import json
import re

VALUES = [None, True, False, 0, 1, -7, 3.9, -2.9, 15.0, 1e300, 10**20, "", " ", "a", "abc", " 42 ", "3.5", "1e3", "true", " Yes", "ON", "1",
          "a,b;c", "aÉß東", '{"a": [1, 2.0]}', "[1", "x1y22", [], [1, "a", None, ""], ["a", "b"], [[1], {}], {}, {"a": 1, "k": None}, [{"a": 1}, {"b": 2}, 5]]

TRANSFORMS = {
    "to_string": ([None], lambda v, p: "" if v is None else str(v)),
    "to_integer": ([None], lambda v, p: int(v)),
    "to_float": ([None], lambda v, p: float(v)),
    "to_boolean": ([None], lambda v, p: v.lower() in ("true", "1", "yes", "on") if isinstance(v, str) else bool(v)),
    "to_list": ([None], lambda v, p: v if isinstance(v, list) else list(v) if isinstance(v, str) else
                [list(x) for x in v.items()] if isinstance(v, dict) else [v]),
    "to_json": ([None], lambda v, p: json.dumps(v, default=str)),
    "from_json": ([None], lambda v, p: json.loads(v) if isinstance(v, str) else v),
    "uppercase": ([None], lambda v, p: str(v).upper()),
    "lowercase": ([None], lambda v, p: str(v).lower()),
    "trim": ([None], lambda v, p: str(v).strip()),
    "split": ([None, ";", "b", 5], lambda v, p: str(v).split(p or ",")),
    "join": ([None, "", "--", 5], lambda v, p: (p or ",").join(str(x) for x in v)),
    "replace": ([{"old": "a", "new": "XX"}, {"old": "1"}, {"new": "-"}, {"old": 1}, {"old": "a", "new": None}],
                lambda v, p: str(v).replace(p.get("old", ""), p.get("new", ""))),
    "regex_extract": (["\\d+", "(a)(b)?", "^$", "(", 5], lambda v, p: (lambda m: m and m.group(0))(re.search(p, str(v)))),
    "get_key": (["a", "zz", None, 1, ["a"]], lambda v, p: v.get(p)),
    "get_index": ([None, 0, 1, -1, -2, 99, "1", 1.9, "x", [1]], lambda v, p: (lambda i: v[i] if abs(i) < len(v) else None)(int(p) if p is not None else 0)),
    "map_values": ([None, "a", 0], lambda v, p: v if not p else [x.get(p) if isinstance(x, dict) else x for x in v]),
    "filter_values": ([None], lambda v, p: [x for x in v if x is not None and x != ""]),
}
ONLY = {"get_key": dict, "get_index": (list, str), "map_values": list, "filter_values": list}


def bound(measure, sign, what, word):
    def check(v, p):
        m = measure(v)
        if (m < p) if sign == "<" else (m > p):
            return f"{what} {m} {sign} {word} {p}"
        return ""
    return check


VALIDATIONS = {
    "matches_regex": (["[a-z]+\\d", "a", "(", 5], str, lambda v, p: "" if re.match(p, v) else f"Value does not match pattern: {p}"),
    "min_length": ([0, 1, 2.5, "2"], (str, list, dict), bound(len, "<", "Length", "minimum")),
    "max_length": ([0, 1, 2.5, "2"], (str, list, dict), bound(len, ">", "Length", "maximum")),
    "min_value": ([0, 3.9, 10**20, "2", True], (int, float), bound(lambda v: v, "<", "Value", "minimum")),
    "max_value": ([0, 3.9, 10**20, "2", True], (int, float), bound(lambda v: v, ">", "Value", "maximum")),
    "in_list": ([[1, "a", None], [], {"a": 1}, "xabcx", 5], object, lambda v, p: "" if v in p else f"Value not in allowed list: {p}"),
}

cases = []


def record(node, kind, v, p, f):
    case = {"type": node, "kind": kind, "value": v, "param": p}
    try:
        case["result"] = f(v, p)
        json.dumps(case, allow_nan=False)
    except (ValueError, TypeError, OverflowError, AttributeError, re.error) as e:
        case["error"] = str(e)
    cases.append(case)


for kind, (params, f) in TRANSFORMS.items():
    for v in VALUES:
        if isinstance(v, ONLY.get(kind, object)):
            for p in params:
                record("TransformNode", kind, v, p, f)
for kind, (params, types, f) in VALIDATIONS.items():
    for v in VALUES:
        if isinstance(v, types) and not (kind == "in_list" and isinstance(v, (list, dict))):
            for p in params:
                record("ValidateNode", kind, v, p, f)
print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")
