"""Writes tables.txt: what CPython's own codecs with one byte a character mean, and the names they go by."""
import encodings, encodings.aliases, importlib, pkgutil

MULTI = ["utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "ascii", "latin_1",
         "gbk", "gb2312", "gb18030", "big5", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949"]
names, out = set(MULTI), []
for m in sorted(pkgutil.iter_modules(encodings.__path__), key=lambda m: m.name):
    table = getattr(importlib.import_module("encodings." + m.name), "decoding_table", None) if m.name not in ("mbcs", "oem") else None
    if m.name in MULTI or not isinstance(table, str) or len(table) != 256:
        continue
    names.add(m.name)
    ascii = all(ord(c) == i for i, c in enumerate(table[:128]))
    out.append("codec %s %s" % (m.name, " ".join("%x" % ord(c) for c in (table[128:] if ascii else table))))
for alias, name in sorted(encodings.aliases.aliases.items()):
    if name in names:
        out.append("alias %s %s" % (alias, name))
open("tables.txt", "w").write("\n".join(out) + "\n")
