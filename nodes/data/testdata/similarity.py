"""Records how alike CPython's difflib finds texts: python3 similarity.py > similarity.json (CPython 3.11)."""
import difflib
import json
import random

r = random.Random(3)


def text(alphabet, most):
    return "".join(r.choice(alphabet) for _ in range(r.randint(0, most)))


def changed(s):
    out = list(s)
    for _ in range(r.randint(0, 6)):
        at = r.randint(0, len(out))
        out[at:at + r.randint(0, 2)] = list(text("abcdé東 ", 2))
    return "".join(out)


pairs = [("kitten", "sitting"), ("", ""), ("", "a"), ("a", ""), ("Straße", "STRASSE"), ("qabxcd", "abycdf"), ("private", "privates")]
for _ in range(200):
    s = text(r.choice(["ab", "abcdefghij", "abcdé東👍 "]), 25)
    pairs.append((s, changed(s) if r.random() < 0.7 else text("abcd", 25)))
for _ in range(40):  # long ones: characters that stand too often count only beside others
    s = text(r.choice(["ab", "abcdefghijklmnopqrstuvwxyz ", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]), 500)
    pairs.append((s, changed(changed(s)) if r.random() < 0.7 else text("abcdef ", 400)))
print("[\n" + ",\n".join(json.dumps([a, b, difflib.SequenceMatcher(None, a, b).ratio()]) for a, b in pairs) + "\n]")
