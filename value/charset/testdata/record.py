"""Records what CPython's codecs answer into python.jsonl."""
import base64, json, re

def text_of(e):
    wrapped = re.fullmatch(r"(?:de|en)coding with '.*' codec failed \(\w+: (.*)\)", str(e))
    return wrapped.group(1) if wrapped else str(e)
DECODERS = ["strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace", "nonsense"]
CODECS = ["utf-8", "UTF8", "utf-8-sig", "latin-1", "iso-8859-1", "ascii", "us-ascii", "cp1252", "windows-1252", "cp437", "cp850", "koi8-r",
          "iso8859-15", "mac-roman", "cp037", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "UTF-32BE", "utf_8", "L1", "cp65001"]
ASIAN = ["gbk", "shift_jis", "big5", "euc-kr", "euc-jp", "gb18030"]
DATA = [b"", b"abc\r\n", b"\xff", b"a\x81b", b"\xc3\xa9", b"\xe2\x82", b"\xe2\x82a", b"\xe2\x28\xa1", b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80",
        b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\xef\xbb\xbfhi", b"\xff\xfea\x00", b"\xfe\xff\x00a", b"a\x00\x3d\xd8", b"a\x00\x3d\xd8a\x00", b"\x00\xdca\x00",
        b"\x3d\xd8\x00\xde", b"abc", b"a\x00\x00\x00", b"\x00\x00\x11\x00", b"\x00\xd8\x00\x00", bytes(range(128, 256))]
TEXTS = ["", "abc\n", "é", "€uro", "a€b😀c", "日本", "ÿĀ", "\ufeffx", "x\x00y", "Ж", "😀"]
FULL = ["utf-8", "utf-8-sig", "ascii", "cp1252", "utf-16"]
with open("python.jsonl", "w") as f:
    def put(**k): f.write(json.dumps(k) + "\n")
    for name in ["nope", "utf-9", ""]:
        try: "".encode(name) if name else None
        except LookupError as e: put(op="lookup", codec=name, error=str(e))
    for codec in CODECS:
        for h in DECODERS if codec in FULL else ["strict", "replace"]:
            for d in DATA:
                k = dict(op="decode", codec=codec, handler=h, data=base64.b64encode(d).decode())
                try: k["text"] = d.decode(codec, h)
                except Exception as e: k["error"] = text_of(e)
                put(**k)
            for t in TEXTS:
                k = dict(op="encode", codec=codec, handler=h, text=t)
                try: k["data"] = base64.b64encode(t.encode(codec, h)).decode()
                except Exception as e: k["error"] = text_of(e)
                put(**k)
    for codec in ASIAN:
        for t in ["abc", "日本語", "한국어", "中文", "a😀"]:
            for h in ["ignore", "replace"]:
                d = t.encode(codec, h)
                put(op="encode", codec=codec, handler=h, text=t, data=base64.b64encode(d).decode())
                put(op="decode", codec=codec, handler="strict", data=base64.b64encode(d).decode(), text=d.decode(codec))
