"""Records what a few lines of Python make of XML and JSON, for the tests of the package above: python3 record.py > python.json"""
import json, random, sys
import xml.etree.ElementTree as ET
from xml.dom import minidom

rng = random.Random(11)


def to_json(text, attributes, text_key):
    def element(e):
        out = {}
        if attributes and e.attrib:
            out["@attributes"] = dict(e.attrib)
        text = (e.text or "").strip()
        if text:
            if not len(e) and not out:
                return text
            out[text_key] = text
        for child in e:
            content = element(child)
            if child.tag not in out:
                out[child.tag] = content
            elif isinstance(out[child.tag], list):
                out[child.tag].append(content)
            else:
                out[child.tag] = [out[child.tag], content]
        return out or ""

    root = ET.fromstring(text)
    return json.dumps({root.tag: element(root)}, indent=2, ensure_ascii=False)


def to_xml(data, root_tag, pretty):
    def fill(e, v):
        if isinstance(v, dict):
            for key, content in v.items():
                if key == "@attributes":
                    for name, text in content.items():
                        e.set(name, str(text))
                elif key == "#text":
                    e.text = str(content)
                else:
                    for item in content if isinstance(content, list) else [content]:
                        fill(ET.SubElement(e, key), item)
        elif isinstance(v, list):
            for item in v:
                fill(ET.SubElement(e, "item"), item)
        else:
            e.text = "" if v is None else str(v)

    if isinstance(data, str):
        data = json.loads(data)
    root = ET.Element(root_tag)
    fill(root, data)
    text = ET.tostring(root, encoding="unicode")
    if pretty:
        try:
            text = "\n".join(line for line in minidom.parseString(text).toprettyxml(indent="  ").split("\n") if line.strip())
        except Exception:
            pass
    return text


def attempt(f):
    try:
        return f()
    except Exception:
        return None


tags = ["a", "b", "é", "x-1", "p:q", "{u}n", "c"]
texts = ["", "x", " y ", "1", "\n  ", "é<&>\"'", "two\nlines\n\n", "\u00a0z\u3000"]


def some_xml(depth):
    tag = rng.choice(["a", "b", "c", "é", "text"])
    attrs = "".join(" %s='%s'" % (n, rng.choice(["1", "", "é"])) for n in rng.sample(["k", "l", "xmlns", "xml:lang"], rng.choice([0, 0, 1, 2])))
    body = "".join(rng.choice([some_xml(depth - 1) if depth else "", rng.choice(texts).replace("&", "&amp;").replace("<", "&lt;"), "<!--c-->"]) for _ in range(rng.randint(0, 4)))
    return "<%s%s>%s</%s>" % (tag, attrs, body, tag)


def some_json(depth):
    kind = rng.randint(0, 6 if depth else 4)
    if kind <= 2:
        return rng.choice(texts + ["\x01", "]]>", "\r\n"])
    if kind <= 4:
        return rng.choice([0, -1, 2.5, 15.0, 1e300, True, False, None, 10 ** 30])
    if kind == 5:
        return [some_json(depth - 1) for _ in range(rng.randint(0, 3))]
    out = {}
    for _ in range(rng.randint(0, 4)):
        out[rng.choice(tags)] = some_json(depth - 1)
    if rng.random() < 0.3:
        out["@attributes"] = {n: rng.choice([1, "x\ty\n", "é\"<", None, True]) for n in rng.sample(["k", "xmlns:p", "p:k", "{u}l"], rng.randint(0, 3))}
    if rng.random() < 0.3:
        out["#text"] = rng.choice(["t", " ", 1, None, [1], "a\nb"])
    return out


cases = []
for _ in range(250):
    text = some_xml(3)
    if rng.random() < 0.1:
        text = text[: rng.randint(0, len(text))]
    config = {"xml_string": text, "include_attributes": rng.random() < 0.7, "text_key": rng.choice(["#text", "#text", "text", "a", ""])}
    want = attempt(lambda: to_json(text, config["include_attributes"], config["text_key"])) if text else None
    cases.append({"type": "XMLToJsonNode", "config": config, "output": "json_string", "want": want})
for _ in range(350):
    data = some_json(3)
    if data is None:
        continue
    if rng.random() < 0.2:
        data = json.dumps(data)
    config = {"json_data": data, "root_tag": rng.choice(["root", "root", "r", "p:r", "{u}r"]), "pretty_print": rng.random() < 0.6}
    cases.append({"type": "JsonToXMLNode", "config": config, "output": "xml_string", "want": attempt(lambda: to_xml(data, config["root_tag"], config["pretty_print"]))})
json.dump(cases, sys.stdout, indent=0, separators=(",", ":"))
