"""Records what CPython answers for the operations of text steps: python3 record.py > python_text.json (CPython 3.11)."""
import difflib
import json
import random

r = random.Random(7)
ALPHABET = list("aabbcAB  \t\n\r\x0b\x0c\x1c\x1e1.,'-ßŉǆǅΣσςİıéÉʼªⅧⓐﬁა東👍🏽̈") + ["\x85", "\u2028", "\u00a0", "\u3000"]


def text(n=12):
    return "".join(r.choice(ALPHABET) for _ in range(r.randint(0, n)))


def outcome(f):
    try:
        return f()
    except (ValueError, TypeError, OverflowError) as e:
        return {"error": str(e)}


cases = []


def add(node, config, outputs):
    cases.append({"type": node, "config": config, "outputs": outputs})


for _ in range(120):
    s = text()
    for case in ("upper", "lower", "title", "capitalize", "swapcase"):
        add("TextCaseNode", {"text": s, "case": case}, {"result": getattr(s, case)()})
for _ in range(120):
    s, n, sep = text(20), r.choice([-1, -1, 0, 1, 2, 50]), r.choice(["", "", "a", " ", "ab", ".", "b"])
    parts = s.split(sep or None, n)
    add("TextSplitNode", {"text": s, "separator": sep, "max_split": n}, {"result": parts, "count": len(parts)})
for _ in range(100):
    s, old, new, n = text(20), r.choice(["", "a", "ab", " ", "ß"]), text(2), r.choice([-1, -1, 0, 1, 3])
    add("TextReplaceNode", {"text": s, "old_value": old, "new_value": new, "count": n},
        {"result": s.replace(old, new, n), "replacements": s.count(old) if n < 0 else min(n, s.count(old))})
for _ in range(100):
    s, chars = text(), r.choice(["", "", "ab", " \n", "1.,", "a東"])
    mode = r.choice(["both", "left", "right"])
    f = {"both": str.strip, "left": str.lstrip, "right": str.rstrip}[mode]
    add("TextTrimNode", {"text": s, "mode": mode, "characters": chars}, {"result": f(s, chars or None)})
for _ in range(120):
    s, n, fill = text(6), r.randint(-2, 15), r.choice([" ", "*", "東", "", "ab"])
    mode = r.choice(["left", "right", "center"])
    f = {"left": str.rjust, "right": str.ljust, "center": str.center}[mode]
    add("TextPadNode", {"text": s, "length": n, "mode": mode, "fill_char": fill}, {"result": f(s, n, fill if len(fill) == 1 else " ")})
for _ in range(40):
    s = text()
    add("TextReverseNode", {"text": s}, {"result": s[::-1]})
for _ in range(100):
    s, drop = text(20), r.random() < 0.5
    parts = [x for x in s.splitlines() if x or not drop]
    add("TextLinesNode", {"text": s, "remove_empty": drop}, {"lines": parts, "count": len(parts)})
for _ in range(120):
    s, a, b = text(), r.choice([None, *range(-14, 15)]), r.choice([None, *range(-14, 15)])
    config = {k: v for k, v in (("text", s), ("start", a), ("end", b)) if v is not None}
    add("TextSubstringNode", config, {"result": s[a:b], "length": len(s[a:b])})
for _ in range(120):
    s, part, case = text(15), r.choice(["", "a", "B", "ab", "ß", "SS", "σ", " "]), r.random() < 0.5
    x, y = (s, part) if case else (s.lower(), part.lower())
    add("TextContainsNode", {"text": s, "search": part, "case_sensitive": case}, {"contains": y in x, "position": x.find(y), "count": x.count(y)})
    add("TextStartsWithNode", {"text": s, "prefix": part, "case_sensitive": case}, {"result": x.startswith(y)})
    add("TextEndsWithNode", {"text": s, "suffix": part, "case_sensitive": case}, {"result": x.endswith(y)})
for _ in range(100):
    s, mode, drop = text(20), r.choice(["characters", "words", "lines"]), r.random() < 0.5
    n = {"words": len(s.split()), "lines": len(s.splitlines())}.get(mode, len("".join(s.split()) if drop else s))
    add("TextCountNode", {"text": s, "mode": mode, "exclude_whitespace": drop}, {"count": n})
for a in (0, 1, -1, 2.9, -2.9, "3", " 4 ", "2.5", "x", "", True, False, [1], {}, "1_0", "٣", 10**30, -10**30):
    def safe(v, d):
        if v is None or v == "":
            return d
        try:
            return int(v)
        except (ValueError, TypeError):
            return d
    s = "abcdefghijklm"
    add("TextSubstringNode", {"text": s, "start": a, "end": 12}, {"result": s[safe(a, 0):12]})
    add("TextSplitNode", {"text": "a b c d e", "separator": " ", "max_split": safe(a, -1) if abs(safe(a, -1)) < 100 else 100},
        {"result": "a b c d e".split(" ", min(max(safe(a, -1), -1), 100))})
for v in (12, 0, -1, 2.0, 1e20, True, False, None, [], [1, "a", None], {}, {"a": [True]}, 10**20):
    add("TextCaseNode", {"text": v, "case": "lower"}, {"result": str(v or "").lower()})
print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")
