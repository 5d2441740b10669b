"""Records what the original's few lines of urllib make of many addresses, for the tests of the package above: python3 record.py > python.json"""
import json, os, random, sys
from urllib.parse import urlencode, urljoin

rng = random.Random(int(os.environ.get("SEED", "5")))
N = int(os.environ.get("CASES", "600"))
bases = ["http://h", "https://api.example.com/v1/", "https://api.example.com/v1", "http://h/a/b/c?x=1#f", "HTTP://H/", "h", "h/a", "/a/b", "//h/a", "ftp://u:p@h:21/x;type=i", "mailto:a@b", "data:text/plain,x", "file:///etc/x", "http://[::1]:80/x",
         "http://[::1", "http://[1.2.3.4]/", "http://[v1.a]/", "http://[v]/", "http://[zz]/", "http:///x", "http:", "http:a", "://h", "1http://h", "svn+ssh://h/x", "custom://h/x", "http://h?x=1", "http://h/#f", "http://é/ü", "http://℀/x", " http://h/", "http://h\t/a", "a:b", "https://h//a//b/", "ws://h/x", "tel:+1;x=2", "http://h/;p", "http://h/a;p?q", "?x", "#f"]
paths = ["", "users", "/users", "users/123", "../x", "../../../x", "./x", ".", "..", "a/./b/../c", "x?y=1", "?y=1", "#z", "x#z", ";p", "x;p", "http://other/x", "https:x", "http:x", "a:b", "//other/x", "é b", " x", "x ", "a//b", "///", "\tx", "x\n", "mailto:x", "?", "#", "a;b/c;d", "..;p", "%20", "custom:x", "1:2", "x:", ":x"]
params = [{}, {"a": 1}, {"q": "a b&c=d", "é": "東"}, {"n": None, "b": True, "f": 1.5, "l": [1, "x"], "d": {"k": 'v"'}}, {"": ""}, {"t": "_.-~!*'()/+%"}, '{"a": "b"}', "bad json", "[1]", "", "5", [], [1], 5, 0, None]
letters = ["/", ".", "..", ":", "?", "#", ";", "a", "//", "@", "[", "]", "é", " ", "%", "\t", "http:"]


def mutate(text):
    for _ in range(rng.choice([0, 0, 1, 2])):
        at = rng.randint(0, len(text))
        text = rng.choice([text[:at] + rng.choice(letters) + text[at:], text[:at] + text[at + 1:]])
    return text


def build(base, path, params):
    if not base:
        raise ValueError
    if isinstance(params, str):
        try:
            params = json.loads(params)
        except json.JSONDecodeError:
            params = {}
    url = base
    if path:
        url = urljoin(base.rstrip("/") + "/", path.lstrip("/"))
    if params:
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
    return url


def attempt(f):
    try:
        return f()
    except Exception:
        return None


cases = []
for _ in range(N):
    c = [mutate(rng.choice(bases)), mutate(rng.choice(paths)), rng.choice(params)]
    cases.append(c + [attempt(lambda: build(*c))])
json.dump(cases, sys.stdout, indent=0, separators=(",", ":"))
