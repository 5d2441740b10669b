"""Records what CPython's xml.etree and minidom do with many documents, for the tests of the package above: python3 record.py > python.json"""
import json, os, random, sys
import xml.etree.ElementTree as ET
from xml.dom import minidom

rng = random.Random(int(os.environ.get("SEED", "7")))
N = int(os.environ.get("CASES", "700"))


def attempt(f):
    try:
        return f()
    except Exception as e:  # what matters is that it fails
        return {"error": type(e).__name__}


def dump(e):
    return [e.tag, [[k, v] for k, v in e.attrib.items()], e.text or "", e.tail or "", [dump(c) for c in e]]


def parse(text):
    if "<!ENTITY" in text:
        raise ValueError("entities are refused")
    return ET.fromstring(text)


def pretty(text):
    if "<!ENTITY" in text:
        raise ValueError("entities are refused")
    return minidom.parseString(text).toprettyxml(indent="  ")


docs = [
    "<r/>", "<r></r>", "<r>a<b>c</b>d</r>", "<r><!-- c --><a/></r>", "<r>a<!-- c -->b<a/>t<?p d?>u</r>", "<r><![CDATA[<raw>]]></r>", "<r>x<![CDATA[]]>y<![CDATA[z]]></r>",
    '<root a="1"><item id="1">One</item><item id="2">Two<b/></item><ns:x xmlns:ns="urn:n">N</ns:x><e/></root>',
    '<?xml version="1.0"?><r/>', '<?xml version="1.0" encoding="latin-1" standalone="yes"?>\n<r>é</r>', '<?xml version="1.0" standalone="no"?><r/>', ' <?xml version="1.0"?><r/>', '<?xml encoding="utf-8"?><r/>',
    '<?xml version="1.0" standalone="maybe"?><r/>', '<?xml version="1.0"encoding="utf-8"?><r/>', "<?xml version='1.1'?><r/>", '<?xml version=""?><r/>', '<?xml version="1.0" encoding=""?><r/>', '<?xml?><r/>', '<?xml version="1.0" ?><r/>', '<?xml version="1.0" standalone="yes" encoding="utf-8"?><r/>',
    "\ufeff<r/>", "\n<r/>\n", "<r/><!-- after --> <?pi?>", "<r/>x", "<r/><r/>", "x<r/>", "", " ", "<", "<r", "<r>", "<r a>", "<r a=>", "<r a=1/>", '<r a="1"b="2"/>', '<r a="1" a="2"/>', '<r a="<"/>', '<r a="x\ty\nz&#10;w"/>', "<r a='\"'/>", '<r a = "1" />', "< r/>", "<r/ >", "<r ></r >", "<r></ r>",
    "<r><b></r></b>", "<r>]]></r>", "<r>]]&gt;</r>", "<r>&lt;&gt;&amp;&apos;&quot;</r>", "<r>&#65;&#x42;&#x1F600;</r>", "<r>&#0;</r>", "<r>&#xD800;</r>", "<r>&#xFFFE;</r>", "<r>&#1114112;</r>", "<r>&#99999999999999;</r>", "<r>&#;</r>", "<r>&#x;</r>", "<r>&nbsp;</r>", "<r>& x</r>", "<r>&amp</r>", '<r a="&nbsp;"/>',
    "<r>\x01</r>", "<r>\x7f\x85</r>", "<r>\ufffe</r>", "<r>\r\n\r\n\r</r>", "<r a='\r\n'/>", "<r><!-- a\r\nb --></r>", "<r><!-- -- --></r>", "<r><!----></r>", "<r><!---></r>", "<r><!-- a --->", "<r><?xml x?></r>", "<r><?XML x?></r>", "<r><?p?></r>", "<r><?p  x ?></r>", "<r><? p?></r>", "<r><?p:q x?></r>",
    "<é>東</é>", "<東 ü='ö'/>", "<1a/>", "<-a/>", "<_a.b-c1/>", "<a:b/>", "<a:b xmlns:a='u'/>", "<:a/>", "<a:/>", "<a:b:c xmlns:a='u'/>", "<a:1 xmlns:a='u'/>", "<r xmlns='u'><a xmlns=''/><b/></r>", "<r xmlns='u' a='1'/>", "<r xmlns:p='u' p:a='1' a='2'/>", "<r xmlns:p='u' xmlns:q='u' p:a='1' q:a='2'/>",
    "<r xmlns:p=''/>", "<r xmlns:xml='u'/>", "<r xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", "<r xmlns:xmlns='u'/>", "<r xmlns:p='http://www.w3.org/XML/1998/namespace'/>", "<r xmlns='http://www.w3.org/2000/xmlns/'/>", "<r xml:lang='de'><a xml:space='preserve'/></r>", "<r xmlns:p='a}b'/>", "<r xmlns:p='a b'/>", "<r xmlns:p=' u '/>", "<r p:a='1'/>",
    "<r xmlns:p='u'><p:a><p:b xmlns:p='v'/><p:c/></p:a></r>", "<!DOCTYPE r><r/>", "<!DOCTYPE r SYSTEM 'x.dtd'><r/>", "<!DOCTYPE r PUBLIC '-//A//B' 'x.dtd'><r/>", "<!DOCTYPE r SYSTEM 'x.dtd'><r a='x&nbsp;y'/>", "<!DOCTYPE r SYSTEM 'x.dtd'><r>&nbsp;</r>", "<!DOCTYPE r PUBLIC 'p'><r/>", "<!DOCTYPE r [<!ELEMENT r (a|b)*>]><r/>",
    "<!DOCTYPE r [<!ATTLIST r a CDATA 'd' b NMTOKENS ' x  y ' c (p|q) #REQUIRED>]><r b=' 1  2 '/>", "<!DOCTYPE r [<!ATTLIST r a CDATA #FIXED 'f'><!ATTLIST r a CDATA 'g'>]><r/>", "<!DOCTYPE r [<!ATTLIST r xmlns CDATA 'u'>]><r/>", "<!DOCTYPE r [<!ENTITY e 'x'>]><r>&e;</r>", "<!DOCTYPE r [<!-- c --><?p d?>\n<!NOTATION n SYSTEM 's'>]><r/>", "<!DOCTYPE r [<!ELEMENT r EMPTY>\n]  ><r/>",
    "<!DOCTYPE r []><r/>", "<!DOCTYPE r [", "<!DOCTYPE r [%x;]><r/>", "<!doctype r><r/>", "<!DOCTYPE><r/>", "<!DOCTYPE r><!DOCTYPE r><r/>", "<r/><!DOCTYPE r>", "<r><!DOCTYPE r></r>", "<!DOCTYPE html><html><body>x</body></html>", "<!DOCTYPE r [<!ELEMENT a (#PCDATA|b)*><!ELEMENT b (c,d?,(e|f)+)>]><r/>", "<!DOCTYPE r [<!ELEMENT a (b,c|d)>]><r/>", "<!DOCTYPE r [<!ELEMENT a (#PCDATA|b)>]><r/>", "<!DOCTYPE r [<!ATTLIST r a NOTATION (n) #IMPLIED b ID #IMPLIED>]><r/>",
    "<r>" + "<a>" * 50 + "x" + "</a>" * 50 + "</r>", "<r><a>1</a> <a>2</a>\n</r>", "<r><a> </a></r>", '<r><x y="a&quot;b&lt;c&gt;d&amp;e"/></r>', "<a xmlns='u' xmlns:p='v'><p:b q='1' p:q='2'/></a>",
]
bits = ["<a>", "</a>", "<b x='1'>", "</b>", "<c/>", "text", "&amp;", "&#65;", " ", "\n", "<!-- c -->", "<?p d?>", "<![CDATA[x]]>", "<p:d xmlns:p='u'/>", "<p:d>", "</p:d>", "é", "<r>", "</r>", "<e y='2' z=\"3\">", "</e>", "]]>", "&", "<", ">", "'", '"', "=", ":", "xmlns:p='u'", "xmlns='v'", "<!DOCTYPE r>", "\r", "\t", "-", "/"]
base = len(docs)
while len(docs) < N:
    if rng.random() < 0.6:
        text = rng.choice(docs[:base])
    else:
        text = "<r xmlns:p='w'>" + "".join(rng.choice(bits[:20]) for _ in range(rng.randint(1, 8))) + "</r>"
    for _ in range(rng.randint(0, 2)):
        at = rng.randint(0, len(text))
        text = rng.choice([text[:at] + rng.choice(bits) + text[at:], text[:at] + text[at + 1:], text[:at]])
    docs.append(text)

shelf = """<lib xmlns:m="urn:m" kind="public"><book id="1" lang="en"><title>One</title><author>A<b>B</b>C</author></book>
<book id="2"><title>Two</title><title>Zwei</title></book><m:book id="3"><title/></m:book><box><book id="4" lang="de"><title>Vier</title><!-- c --></book><m:note>n</m:note><a.b>dot</a.b></box>tail</lib>"""
paths = [
    "book", "./book", ".//book", "//book", "*", ".//*", ".", "..", "book/..", ".//title/..", "book/title", "book//title", ".//book/title", "book[1]", "book[2]", "book[3]", "book[0]", "book[-1]", "book[last()]", "book[last()-1]", "book[last()-9]", "book[last()+1]", "book[first()]",
    ".//book[1]", ".//title[2]", "*[1]", ".//*[1]", "book[@id]", "book[@id='2']", "book[@id!='2']", 'book[@id="1"]', ".//book[@lang='de']", "book[title]", "book[title='Two']", "book[title!='Two']", ".//book[author='ABC']", ".//title[.='Vier']", ".//title[.!='Vier']", ".//title[text()='Vier']", "{urn:m}book", "{*}book", "{urn:m}*", "{}*", "{}book", "{*}*", ".//{urn:m}note", ".//{*}book",
    ".//{urn:m}*", ".//{}*", "m:book", ".//m:book", "book/@id", "@id", "book[@lang]/title", "book[@lang][title='One']", "book[@id='1' and @lang='en']", "book[@id=1]", "book[position()=1]", "book/", "book//", ".//", "./", "/", "/lib", "/lib/book", "book[", "book[]", "book]", "book[@id='2", "book['x']", "book[.]", "book[*]", "book | box", "a.b", ".//a.b", "box/a.b", "box/a.b/..", "book/../box",
    "../book", "book/../..", ".//b/..", ".//b/../..", "./.", ".//.", "//", ".//..", "book [1]", " book", "book ", "book/ title", "book[ 1 ]", "book[ @id = '2' ]", "book[title = 'Two']", "text()", "book/text()", "()", "!", "book!box", "'x'", "'book", "box/*", "box/*[2]", "box//*", ".//*[@id]", ".//*[title]", ".//*[.='n']", ".//*[@id='4']/title", "*[@id]/title[1]", "::", "child::book", "book:", ":book",
    "book[title][1]", "book[1][title]", ".//title[last()]", "book[１]", "{urn:m", "{urn:m}", "{}", "{*}", "*/*/*", ".//*//*", "...", "book[@{urn:m}x]", "box[m:note]", "box[{urn:m}note]", "box[{*}note='n']", "lib", ".//box//book//title", "book[99999999999999999999]", "book[@id='']", "book[title='']", ".//title['']", "box/{urn:m}note/../book",
]
while len(paths) < N // 2:
    text = rng.choice(paths[:120])
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(text))
        text = rng.choice([text[:at] + rng.choice(["/", "//", "*", ".", "..", "[1]", "[@id]", "[title]", "['", "book", "title", " ", "@", "=", "!", "(", ")", "{*}", "box", "[last()]", "'1'", "-1"]) + text[at:], text[:at] + text[at + 1:], text[:at]])
    paths.append(text)


def found(path):
    root = parse(shelf)
    order = list(root.iter())
    return [order.index(e) for e in root.findall(path)]


def first(path):
    root = parse(shelf)
    e = root.find(path)
    return None if e is None else list(root.iter()).index(e)


def tree(spec):
    e = ET.Element(spec[0], dict(spec[1]))
    e.text, e.tail = spec[2], spec[3]
    e.extend(tree(c) for c in spec[4])
    return e


names = ["a", "b", "{u}a", "{v}b", "{http://www.w3.org/XML/1998/namespace}lang", "{http://www.w3.org/2001/XMLSchema}element", "é", "bad name", "@id", "{u", "{}x"]
texts = ["", "x", "a<b>&\"'c", "\r\n\t", "é東😀", " ", "]]>"]


def spec(depth):
    return [rng.choice(names), [[n, rng.choice(texts)] for n in dict.fromkeys(rng.choice(names) for _ in range(rng.randint(0, 2)))], rng.choice(texts), rng.choice(texts),
            [spec(depth - 1) for _ in range(rng.randint(0, 2))] if depth else []]


specs = [spec(3) for _ in range(N // 5)]

json.dump({
    "python": sys.version.split()[0],
    "docs": [[t, attempt(lambda: dump(parse(t))), attempt(lambda: pretty(t))] for t in docs],
    "shelf": shelf,
    "paths": [[p, attempt(lambda: found(p)), attempt(lambda: first(p))] for p in paths],
    "writes": [[s, attempt(lambda: ET.tostring(tree(s), encoding="unicode"))] for s in specs],
}, sys.stdout, ensure_ascii=True, indent=0, separators=(",", ":"))
