"""Records what CPython makes of random lists and dicts, as python.json: run it in this folder (recorded with CPython 3.11).

Each case is a node type with the values on its wires, the outputs as repr() prints them, or the error's text."""
import json
import random

rnd = random.Random(11)


def text():
    return rnd.choice(["", "a", "b", "B", "ab", "é", "ß", "ǆx", " a\t", "\u00a0x ", "10", "-3", "1.5", " 7 ", "1_0", "x1", "İ", "日本", "😀", "None", "[1]", "{'a': 1}", "2"])


def number():
    return rnd.choice([0, 1, 2, 3, -1, 10, 2.0, 1.0, 0.1, 0.2, 2.5, -0.0, 1e16, 1e300, 10**20, -(10**20), True, False])


def row():
    return {k: rnd.choice([number, text, lambda: None])() for k in rnd.sample(["n", "m", "a.b", "é"], rnd.randrange(4))}


def deep(depth=2):
    kind = rnd.randrange(9 if depth else 6)
    if kind < 2:
        return number()
    if kind < 4:
        return text()
    if kind == 4:
        return None
    if kind == 5:
        return rnd.choice([float("nan"), float("inf"), float("-inf")])
    if kind < 8:
        return [deep(depth - 1) for _ in range(rnd.randrange(4))]
    return {rnd.choice("abc"): deep(depth - 1) for _ in range(rnd.randrange(3))}


def items(most=9):
    n = rnd.randrange(most)
    kind = rnd.randrange(6)
    if kind < 2:
        return [number() for _ in range(n)]
    if kind == 2:
        return [text() for _ in range(n)]
    if kind == 3:
        return [row() for _ in range(n)]
    if kind == 4:
        return [[number() for _ in range(rnd.randrange(3))] for _ in range(n)]
    return [deep() for _ in range(n)]


def fresh(v):
    """No NaN that is the same object as one in the list: Python finds that one by its identity."""
    return json.loads(json.dumps(v))


def at(item, path):
    for key in path.split(".") if path else []:
        if not isinstance(item, dict) or key not in item:
            return None
        item = item[key]
    return item


def place():
    return rnd.choice([None, None, 0, 1, 2, 3, -1, -2, -5, 7, 100, -100])


def sort():
    xs, reverse, path = items(70 if rnd.random() < 0.1 else 9), rnd.random() < 0.4, rnd.choice(["", "", "n", "n.m"])
    return {"list": xs, "reverse": reverse, "key_path": path}, lambda: {"result": sorted(xs, key=lambda x: at(x, path), reverse=reverse)}


def cut():
    xs, start, end = items(), place(), place()
    return {"list": xs, "start": start, "end": end}, lambda: {"result": xs[start or 0 : end]}


def unique():
    xs = [rnd.choice([deep(1), 1, "1", [1]]) for _ in range(rnd.randrange(9))]

    def run():
        kept = {}
        for x in xs:
            kept.setdefault(str(x) if isinstance(x, (list, dict)) else x, x)
        return {"result": list(kept.values())}

    return {"list": xs}, run


def contains():
    xs = items()
    x = fresh(rnd.choice(xs) if xs and rnd.random() < 0.6 else deep())
    return {"list": xs, "item": x}, lambda: {"contains": x in xs, "index": xs.index(x) if x in xs else -1}


def reduce():
    xs, op, path, initial = items(), rnd.choice("sum product min max avg count first last join".split()), rnd.choice(["", "", "n"]), rnd.choice([None, None, "-", 5])

    def run():
        vs = [v for v in (at(x, path) for x in xs) if v is not None]
        if not vs:
            return {"result": initial if initial is not None else 0 if op in ("sum", "product", "avg", "count") else None}
        if op in ("sum", "avg"):
            total = 0.0
            for v in vs:
                total += float(v)
            return {"result": total if op == "sum" else total / len(vs)}
        if op == "product":
            total = 1.0
            for v in vs:
                total *= float(v)
            return {"result": total}
        whole = {"min": min, "max": max, "count": len, "first": lambda v: v[0], "last": lambda v: v[-1]}
        return {"result": whole[op](vs) if op in whole else str(initial or "").join(map(str, vs))}

    return {"list": xs, "operation": op, "key_path": path, "initial": initial}, run


TRANSFORMS = {
    "get_property": lambda v: v,
    "to_string": lambda v: "" if v is None else str(v),
    "to_int": lambda v: 0 if v is None else int(v),
    "to_float": lambda v: 0.0 if v is None else float(v),
    "to_upper": lambda v: str(v).upper() if v else "",
    "to_lower": lambda v: str(v).lower() if v else "",
    "trim": lambda v: str(v).strip() if v else "",
    "length": lambda v: len(v) if v else 0,
    "nonsense": lambda v: v,
}


def map_():
    xs, transform, path = items(), rnd.choice(list(TRANSFORMS)), rnd.choice(["", "", "n"])
    return {"list": xs, "transform": transform, "key_path": path}, lambda: {"result": [TRANSFORMS[transform](at(x, path)) for x in xs]}


CONDITIONS = {
    "equals": lambda v, w: v == w,
    "not_equals": lambda v, w: v != w,
    "contains": lambda v, w: w in str(v) if v else False,
    "starts_with": lambda v, w: str(v).startswith(str(w)) if v else False,
    "ends_with": lambda v, w: str(v).endswith(str(w)) if v else False,
    "greater_than": lambda v, w: v is not None and v > w,
    "less_than": lambda v, w: v is not None and v < w,
    "is_not_none": lambda v, w: v is not None,
    "is_none": lambda v, w: v is None,
    "is_truthy": lambda v, w: bool(v),
    "is_falsy": lambda v, w: not v,
    "nonsense": lambda v, w: True,
}


def filter_():
    xs, condition, path = items(), rnd.choice(list(CONDITIONS)), rnd.choice(["", "", "n"])
    w = fresh(at(rnd.choice(xs), path) if xs and rnd.random() < 0.5 else deep(1))

    def run():
        marks = [CONDITIONS[condition](at(x, path), w) for x in xs]
        return {"result": [x for x, m in zip(xs, marks) if m], "removed": [x for x, m in zip(xs, marks) if not m]}

    return {"list": xs, "condition": condition, "key_path": path, "value": w}, run


def flat(xs, depth):
    out = []
    for x in xs:
        if isinstance(x, list) and depth > 0:
            out += flat(x, depth - 1)
        else:
            out.append(x)
    return out


def flatten():
    xs, depth = [deep(3) for _ in range(rnd.randrange(5))], rnd.choice([1, 2, 3, 0, -1, 9])
    return {"list": xs, "depth": depth}, lambda: {"result": flat(xs, depth)}


def join():
    xs, separator = items(), rnd.choice(["", ", ", "é"])
    return {"list": xs, "separator": separator}, lambda: {"result": separator.join(map(str, xs))}


def super_slice():
    xs, start, end, step = items(), place(), place(), rnd.choice([1, 2, 3, -1, -2, 100, -100])
    return {"action": "Slice", "list": xs, "start": start, "end": end, "step": step}, lambda: {"slice": xs[start:end:step]}


def super_sort():
    xs, descending, key = items(), rnd.random() < 0.4, rnd.choice(["", "", "n"])

    def run():
        tries = [lambda x: x.get(key, "") if isinstance(x, dict) else "", None] if key else [None, str]
        for k in tries:
            try:
                return {"sorted": sorted(xs, key=k, reverse=descending), "length": len(xs)}
            except TypeError as e:
                last = e
        raise last

    return {"action": "Sort", "list": xs, "descending": descending, "sort_key": key}, run


def super_unique():
    xs = [rnd.choice([deep(1), 1, 1.0, {"a": 1}, {"a": True}]) for _ in range(rnd.randrange(9))]

    def run():
        kept = []
        for x in xs:
            if x not in kept:
                kept.append(x)
        return {"unique": kept, "length": len(kept), "duplicates_removed": len(xs) - len(kept)}

    return {"action": "Unique", "list": xs}, run


def super_append():
    xs, x, extend, position, index = items(5), fresh(deep()), rnd.random() < 0.5, rnd.choice(["end", "start", "index", "?"]), rnd.randrange(-6, 7)

    def run():
        new = x if extend and isinstance(x, list) else [x]
        if position == "index":
            out = list(xs)
            for i, v in enumerate(new):
                out.insert(index + i, v)
        else:
            out = new + xs if position == "start" else xs + new
        return {"list": out, "length": len(out)}

    return {"action": "Append", "list": xs, "item": x, "extend": extend, "position": position, "insert_index": index}, run


def super_reduce():
    xs, op, initial = items(), rnd.choice("sum product min max concat".split()), rnd.choice([None, None, 2, [0]])
    if op == "product" and any(not isinstance(x, (int, float)) or abs(x) > 100 for x in xs):
        op = "sum"

    def run():
        if not xs:
            return {"result": initial}
        if op == "sum":
            return {"result": sum(xs, 0 if initial is None else initial)}
        if op == "product":
            total = 1 if initial is None else initial
            for x in xs:
                total = total * x
            return {"result": total}
        if op == "concat":
            return {"result": "".join(xs) if isinstance(xs[0], str) else flat(xs, 1)}
        return {"result": {"min": min, "max": max}[op](xs)}

    return {"action": "Reduce", "list": xs, "reduce_operation": op, "initial": initial}, run


def super_merge():
    def some(depth):
        return {k: some(depth - 1) if depth and rnd.random() < 0.5 else deep(0) for k in rnd.sample("abcde", rnd.randrange(5))}

    a, b, deep_, overwrite = some(2), some(2), rnd.random() < 0.5, rnd.random() < 0.5

    def merged(x, y):
        out = dict(x)
        for k, v in y.items():
            if isinstance(out.get(k), dict) and isinstance(v, dict):
                out[k] = merged(out[k], v)
            elif overwrite or k not in out:
                out[k] = v
        return out

    def run():
        out = merged(a, b) if deep_ else {**a, **b} if overwrite else {**b, **a}
        return {"merged": out, "count": len(out)}

    return {"action": "Merge", "dict1": a, "dict2": b, "deep_merge": deep_, "overwrite": overwrite}, run


def super_property():
    d = {k: deep(3) for k in "abc"}
    path = ".".join(rnd.choice(["a", "b", "c", "0", "1", "-1", " 1 ", "x"]) for _ in range(rnd.randrange(4)))

    def run():
        v = d
        for part in path.split(".") if path else []:
            try:
                v = v[part] if isinstance(v, dict) else v[int(part)] if isinstance(v, list) else {}[part]
            except (KeyError, ValueError, IndexError):
                return {"value": "none", "found": False}
        return {"value": v, "found": True}

    return {"action": "Get Property", "dict": d, "path": path, "default_value": "none"}, run


KINDS = [
    ("ListSortNode", sort, 250), ("ListSliceNode", cut, 100), ("ListUniqueNode", unique, 100), ("ListContainsNode", contains, 100), ("ListReduceNode", reduce, 250),
    ("ListMapNode", map_, 250), ("ListFilterNode", filter_, 300), ("ListFlattenNode", flatten, 60), ("ListJoinNode", join, 60), ("ListSuperNode", super_slice, 150),
    ("ListSuperNode", super_sort, 150), ("ListSuperNode", super_unique, 100), ("ListSuperNode", super_append, 120), ("ListSuperNode", super_reduce, 200),
    ("DictSuperNode", super_merge, 150), ("DictSuperNode", super_property, 120),
]
rows = []
for typ, make, n in KINDS:
    for _ in range(n):
        given, run = make()
        case = {"type": typ, "given": given}
        try:
            case["outputs"] = {k: repr(v) for k, v in run().items()}
        except Exception as e:
            case["error"] = str(e)
        rows.append(json.dumps(case))
with open("python.json", "w", encoding="utf-8") as f:
    f.write("[\n" + ",\n".join(rows) + "\n]\n")
