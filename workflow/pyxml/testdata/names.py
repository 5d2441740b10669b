"""Writes ../names.go: which characters expat takes in names. python3 names.py > ../names.go && gofmt -w ../names.go"""
import pyexpat


def parses(text):
    try:
        pyexpat.ParserCreate("utf-8").Parse(text.encode("utf-8"), True)
        return True
    except (pyexpat.ExpatError, UnicodeEncodeError):
        return False


def ranges(takes):
    out = []
    for c in range(0x80, 0x10000):
        if takes(chr(c)):
            if out and out[-1][1] == c - 1:
                out[-1][1] = c
            else:
                out.append([c, c])
    return out


print("package pyxml\n\nimport \"unicode\"\n")
print("// nameStart and nameMore hold the characters beyond ASCII that may begin a name and stand in it: those of XML 1.0, fourth edition,")
print("// as expat has them. Made by testdata/names.py.")
print("var (")
for name, text in (("nameStart", "<%s/>"), ("nameMore", "<a%s/>")):
    print("%s = &unicode.RangeTable{R16: []unicode.Range16{" % name)
    for lo, hi in ranges(lambda c: parses(text % c)):
        print("{0x%04x, 0x%04x, 1}," % (lo, hi))
    print("}}")
print(")")
