"""Records what CPython's csv and pathlib answer: csv.json, glob.json."""
import csv, io, itertools, json, os, pathlib, random, tempfile
random.seed(7)
read, write = [], []
def outcome(f):
    try: return {"rows": f()}
    except Exception as e: return {"error": str(e)}
texts = ["", "\n", "a", "a,", "a,b\n\n1,2\n", 'a,"b\nc",d\n', '"open\nx', 'a"b,c\n', '"a"b,c\n', '"a""b"\n', ' "x",y\n', "a,b\n\n", 'é;"ü;"\n', ",\n,", '""\n', '"",\n', '"a"\n"b"', "a\\,b\n", 'a\\', '"a\\"b"\n', "\\\n", '"\n"\n']
texts += ["".join(random.choice('ab,"\n\\; é') for _ in range(random.randint(1, 14))) for _ in range(400)]
for t in texts:
    for kw in [{}, {"strict": True}, {"delimiter": ";", "quotechar": "'"}, {"escapechar": "\\"}, {"escapechar": "\\", "doublequote": False}]:
        read.append(dict(text=t, **kw, **outcome(lambda: list(csv.reader(io.StringIO(t), **kw)))))
cells = ["", None, "a", "a,b", 'q"', "l\nm", "r\r", " s", 1, 2.5, True, "é;", ";", "'"]
for n in range(4):
    for _ in range(60):
        row = [random.choice(cells) for _ in range(n)]
        for d in ",;":
            o = io.StringIO(); csv.writer(o, delimiter=d).writerow(row)
            write.append({"row": row, "delimiter": d, "text": o.getvalue()})
json.dump({"read": read, "write": write}, open("csv.json", "w"))
tree = ["a.txt", "b.csv", ".hidden", "A.TXT", "sub/c.txt", "sub/deep/d.txt", "sub/deep/e", "x[1].txt", "[x]", "-", "sub2/a.txt", "sub/.dot/f.txt", "z!", "tx"]
patterns = ["*", "*.txt", "?.csv", "**", "**/*", "**/*.txt", "sub/*", "*/c.txt", "*/*", "sub/**", "sub/**/*.txt", "[ab].*", "[!a].*", "[a-c].*", "x[[]1].txt", "x[1].txt", "[[]x]", "[]", "[", "[!]", "a.txt", "none", "none/*",
            "*.TXT", ".*", "sub/", "*/", "./*", "sub//c.txt", "[]-]", "[-]", "z[!]", "[z-a]*", "t[x", "**/deep", "**/**/d.txt", "a**", "", "/", "."]
out = []
with tempfile.TemporaryDirectory() as d:
    for f in tree:
        p = pathlib.Path(d, f); p.parent.mkdir(parents=True, exist_ok=True); p.write_text("")
    for p, rec in itertools.product(patterns, [False, True]):
        k = {"pattern": p, "recursive": rec}
        try:
            base = pathlib.Path(d)
            k["matches"] = sorted(set(os.path.relpath(m, d) for m in (base.rglob(p) if rec else base.glob(p))))
        except Exception as e: k["error"] = str(e)
        out.append(k)
json.dump({"tree": tree, "cases": out}, open("glob.json", "w"))
