"""Records what CPython's re answers: python3 record.py > python_re.json (CPython 3.11).

python3 record.py random SEED COUNT writes that many made-up cases instead, for a comparison that is not kept.
"""
import json
import random
import re
import sys
import warnings

warnings.simplefilter("ignore")

FLAGS = {"i": re.I, "m": re.M, "s": re.S, "x": re.X, "a": re.A}


def spans(m):
    return None if m is None else [list(m.span(i)) for i in range(m.re.groups + 1)]


def attempt(f):
    try:
        return f()
    except (re.error, IndexError, OverflowError, ValueError) as e:
        return {"error": str(e)}


def record(pattern, flags, text, template):
    case = {"pattern": pattern, "flags": flags, "text": text, "template": template}
    value = 0
    for letter in flags:
        value |= FLAGS[letter]
    try:
        p = re.compile(pattern, value)
    except (re.error, OverflowError, ValueError) as e:
        case["error"] = str(e)
        return case
    case["groups"] = p.groups
    case["names"] = dict(p.groupindex)
    case["search"] = spans(p.search(text))
    case["match"] = spans(p.match(text))
    case["fullmatch"] = spans(p.fullmatch(text))
    case["finditer"] = [spans(m) for m in p.finditer(text)]
    case["findall"] = [[x] if isinstance(x, str) else list(x) for x in p.findall(text)]
    case["split"] = p.split(text)
    case["split2"] = p.split(text, 2)
    case["sub"] = attempt(lambda: list(p.subn(template, text)))
    case["sub1"] = attempt(lambda: list(p.subn(template, text, 1)))
    return case


# flags | pattern | template | texts...
WRITTEN = r'''
¦\d+¦#¦order 123 and 456¦none¦¦٣٤٥ 12
¦(\w)=(\d)¦\2=\1¦a=1;b=2¦¦é=5
¦(?P<y>\d{4})-(?P<m>\d\d)¦\g<m>/\g<y>¦2024-05-06¦24-05
¦(?P<a>x)(?P=a)¦\g<a>¦xx xy xxx
¦[\w.]+@[\w.]+¦<\g<0>>¦mail a@b.co, c@d.org
¦\w+¦[\g<0>]¦東京2020 naïve ☕ x_y¦é́
¦\W+¦_¦naïve — ☕ x_y
¦\s+¦_¦a  b c\x1cd\x85e
¦\S+¦\\¦a  b c
¦\D+¦.¦12a34٣b
a¦\w+¦-¦naïve
a¦\d+¦-¦12٣
a¦\s+¦-¦a b c
a¦\bx\b¦-¦éxé x
¦\bx\b¦-¦éxé x x.
¦\b¦-¦ab cd¦
¦\B¦-¦ab cd¦¦a
a¦\B¦-¦éa
¦^¦>¦a\nb\n
m¦^¦>¦a\nb\n¦\n\n
¦$¦<¦a\nb\n¦a\nb
m¦$¦<¦a\nb\n¦
¦\Z¦<¦a\nb\n
¦\A¦>¦a\nb
m¦\A¦>¦a\nb
¦a\Z¦x¦a\na¦a\n
¦a$¦x¦a\na¦a\n
¦.¦.¦a\nb
s¦.¦.¦a\nb
¦(?s:.)¦.¦a\nb
¦(?s).¦.¦a\nb
i¦abc¦x¦ABC abc aBc
i¦[a-z]+¦x¦ABC abc ÀB
i¦straße¦x¦STRASSE STRAßE strasſe STRAẞE
i¦ſ¦x¦s S ſ
i¦s¦x¦s S ſ
i¦[s]¦x¦s S ſ
i¦[^s]¦x¦s S ſ t
i¦k¦x¦k K K
i¦K¦x¦k K K
i¦i¦x¦i I ı İ
i¦ı¦x¦i I ı İ
i¦İ¦x¦i I ı İ
i¦µ¦x¦µ μ Μ
i¦[α-ω]¦x¦ΑΒΓ αβγ ς Σ σ
i¦ς¦x¦ς Σ σ
ia¦é¦x¦é É
ia¦[é-ü]¦x¦é É ö Ö
ia¦k¦x¦k K K
ia¦[a-z]¦x¦K ſ A
i¦ﬅ¦x¦ﬅ ﬆ
i¦ΐ¦x¦ΐ ΐ
i¦в¦x¦в В ᲀ
i¦(a)\1¦x¦aA Aa aa
i¦(é)\1¦x¦éÉ
¦(?i:a)b¦x¦Ab AB ab
¦(?i)a¦x¦A
¦(?-i:a)b¦x¦Ab AB ab
i¦(?-i:a)b¦x¦Ab AB aB ab
¦(?i:a(?-i:b)c)¦x¦abC aBc
¦(?a:\w)\w¦x¦éé eé ée
¦(?a)\w¦x¦é e
¦(?u:\w)¦x¦é
¦(?m:^a)¦x¦a\na
¦(?x: a b ) c¦x¦ab c
x¦ a b # comment¦x¦ab
x¦[ a]#¦x¦  a
x¦a\ b¦x¦a b
x¦a #c\n b¦x¦ab
¦(?x) a b¦x¦ab
¦(?x)a#b\n¦x¦a
¦a{2}¦x¦aaaaa
¦a{2,}¦x¦aaaaa a
¦a{,2}¦x¦aaaaa
¦a{,}¦x¦aaa
¦a{2,3}?¦x¦aaaaaa
¦a{¦x¦a{ a
¦a{x}¦x¦a{x}
¦a{}¦x¦a{}
¦a{1¦x¦a{1
¦a{1,¦x¦a{1,
¦a{1,2¦x¦a{1,2
¦{2}¦x¦{2}
¦x{0}¦-¦xx
¦x{0,0}y¦-¦xy
¦(a){0}b¦\1¦ab
¦a*¦-¦aaa¦baac¦
¦a*?¦-¦aaa¦baac
¦a+?¦-¦aaa
¦a??¦-¦aa
¦a*+¦-¦aaa
¦a++b¦-¦aab
¦a*+a¦-¦aaa
¦(?:ab)++¦-¦ababab
¦(?:ab)?+ab¦-¦ab abab
¦a{1,2}+a¦-¦aa aaa
¦a?+a¦-¦a aa
¦(?>a*)a¦-¦aaa
¦(?>ab|a)c¦-¦abc ac
¦(?>a|ab)c¦-¦abc ac
¦(ab|a)(bc|c)?¦\1-\2¦abc
¦(a|ab)(c|bcd)(d*)¦\1,\2,\3¦abcd
¦(a*)*¦-¦b¦aa
¦(a*)+¦-¦b¦aa
¦(a|b*)*¦\1¦abba
¦(?:a*)*¦-¦aab
¦(a)|b¦\1¦ab
¦(a)?b¦[\1]¦ab b
¦(?:(a)|b)*¦[\1]¦ab ba
¦(?:(a)|(b))*¦[\1\2]¦ab ba
¦((a)|b)*¦[\1\2]¦ab ba
¦()¦-¦ab
¦(?:)¦-¦ab
¦¦-¦ab
¦x*¦-¦abxd
¦\b|\w+¦-¦ab cd
¦(?=a)¦-¦aba
¦(?=(a))¦\1¦aba
¦(?!a)¦-¦aba
¦(?<=a)b¦-¦ab bb
¦(?<!a)b¦-¦ab bb
¦(?<=a|b)c¦-¦ac bc cc
¦(?<=ab|cd)e¦-¦abe cde
¦(?<=a{3})b¦-¦aaab aab
¦(?<=(a))b¦\1¦ab
¦(?<=\b)a¦-¦a ba
¦(?<=^)a¦-¦aa
m¦(?<=^)a¦-¦aa\na
¦(?<=(?=a)a)b¦-¦ab
¦(?<=a(?=b))b¦-¦ab
¦(?<!^)a¦-¦aa
¦(?<=[^\W\d])x¦-¦ax 1x
¦foo(?=bar)¦-¦foobar foobaz
¦foo(?!bar)¦-¦foobar foobaz
¦(?=.*\d)(?=.*[a-z])\w+¦-¦abc1 abc
¦(\w+)\s+\1¦-¦the the cat
¦(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10¦\10¦abcdefghijj
¦(a)\01¦-¦a\x01
¦(a)\101¦-¦aA
¦\101¦-¦A
¦\0¦-¦\x00
¦\07¦-¦\x07
¦\x41\u0042\U00000043¦-¦ABC
¦[\x41-\x43]¦-¦ABCD
¦[\u3040-\u30ff]+¦-¦カタ ab
¦[\U0001F600-\U0001F64F]¦-¦😀a
¦😀+¦-¦😀😀a
¦.¦-¦👍🏽
¦[\101\n\t]¦-¦A\n\t
¦[a\]b]¦-¦a]b
¦[]a]¦-¦]a
¦[^]a]¦-¦]ab
¦[a-]¦-¦a-b
¦[-a]¦-¦a-b
¦[a\-z]¦-¦a-mz
¦[\w-]¦-¦a-b.
¦[\w-a]¦-¦a
¦[a-\w]¦-¦a
¦[z-a]¦-¦a
¦[[:alpha:]]¦-¦a:]
¦[[a]¦-¦[a
¦[a&&b]¦-¦a&b
¦[a--b]¦-¦a-b
¦[\d\s]+¦-¦1 2 a
¦[\D\d]¦-¦1a
¦[^\d\s]+¦-¦1 2 ab
¦[\W_]+¦-¦a_b c
¦[^\W_]+¦-¦a_b c
¦[^\W\d_]+¦-¦a_b1 cé
¦[\s\S]¦-¦a\nb
¦[\S\n]+¦-¦a\nb c
¦[^\S\n]+¦-¦a\n b  c
¦[^\D5]¦-¦a567
i¦[^\Wk]¦-¦Kka
¦[\b]¦-¦\x08b
¦[\a\f\v]¦-¦\x07\x0c\x0b
¦[.]¦-¦a.b
¦[$^]¦-¦a$^
¦[^^]¦-¦a^
¦[(-*]¦-¦()*+
¦[+--]¦-¦+,-.
¦\.¦-¦a.b
¦\-¦-¦a-b
¦\/¦-¦a/b
¦\é¦-¦é
¦\ ¦-¦a b
¦a(?#comment)b¦-¦ab
¦a(?#)+¦-¦aa
¦(?(1)a|b)¦-¦ab
¦(a)?(?(1)b|c)¦-¦ab c b
¦(a)?(?(1)b)¦-¦ab c b
¦(?P<q>")?\w+(?(q)")¦-¦"ab" ab "ab
¦(?(2)a|b)(x)¦-¦bx
¦(?(2)a|b)(x)(y)?¦-¦bxy bx
¦(<)?(\w+@\w+)(?(1)>¦$)¦-¦<a@b> a@b¦a@b
¦a|ab¦-¦ab
¦ab|a¦-¦ab
¦(a|ab)(?:c)¦-¦abc
¦(?:a|b|c)+¦-¦abcabc
¦^(?:(\d+)|(\w+))$¦\1:\2¦12¦ab¦a-
¦(\d+)(?:px|em)¦\1¦12px 3em 4
¦"[^"]*"¦-¦say "hi" "there"
¦".*?"¦-¦say "hi" "there"
¦<(\w+)>.*?</\1>¦-¦<b>x</b><i>y</i>
¦^\s*$¦-¦  ¦x
¦^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$¦-¦a.b@c.de¦@b.co¦a@b.c\n
¦^https?://[^\s/$.?#].[^\s]*$¦-¦https://東京.jp¦ftp://a¦http://a b
¦(?P<n>a)¦\g<n>\g<1>\g<0>¦a
¦a¦\\¦a
¦a¦\n\t\a\b\f\r\v¦a
¦a¦\.\-\é¦a
¦a¦$1 ${1} $&¦a
¦a¦\0¦a
¦a¦\012¦a
¦a¦\101¦a
¦a¦\400¦a
¦a¦\q¦a
¦a¦\x41¦a
¦a¦\1¦a
¦(a)¦\2¦a
¦(a)¦\1\1¦ab
¦(a)¦\10¦a
¦(a)¦\g<2>¦a
¦(a)¦\g<x>¦a
¦(a)¦\g¦a
¦(a)¦\g<¦a
¦(a)¦\g<>¦a
¦(a)¦\g<1¦a
¦(a)¦\g<1x>¦a
¦(a)¦\g<-1>¦a
¦(a)¦\g<01>¦a
¦(a)¦\g< 1 >¦a
¦(a)¦a\¦a
¦(x)?a¦[\1]¦a
¦[¦-¦
¦[a¦-¦
¦[]¦-¦
¦[^]¦-¦
¦[^¦-¦
¦(¦-¦
¦)¦-¦
¦a)¦-¦
¦(a¦-¦
¦((a)¦-¦
¦(?¦-¦
¦(?P¦-¦
¦(?P<¦-¦
¦(?P<n¦-¦
¦(?P<n>¦-¦
¦(?P<>a)¦-¦
¦(?P<1>a)¦-¦
¦(?P<a b>a)¦-¦
¦(?P<é>a)\g¦-¦
¦(?P<é>a)¦\g<é>¦a
¦(?P<a>x)(?P<a>y)¦-¦
¦(?P=a)¦-¦
¦(?P=)¦-¦
¦(?P<a>(?P=a))¦-¦
¦(?P>a)¦-¦
¦(?Px)¦-¦
¦(?<a>x)¦-¦
¦(?<¦-¦
¦(?<=¦-¦
¦(?<x¦-¦
¦(?&a)¦-¦
¦(?R)¦-¦
¦(?'a'x)¦-¦
¦(?i¦-¦
¦(?i-¦-¦
¦(?i-i:a)¦-¦
¦(?z)¦-¦
¦(?iz)¦-¦
¦(?-z:a)¦-¦
¦(?-:a)¦-¦
¦(?-i)¦-¦
¦(?-a:x)¦-¦
¦(?L)a¦-¦
¦(?au)a¦-¦
¦(?a-u:x)¦-¦
¦(?i.)¦-¦
¦a(?i)b¦-¦
¦(?i)(?m)^a¦-¦A\na
¦ (?i)a¦-¦
x¦ (?i)a¦-¦A
¦(?i)a|(?m)b¦-¦
¦(?#¦-¦
¦(?#a¦-¦
¦(?:a¦-¦
¦(?=a¦-¦
¦(?>a¦-¦
¦(?(1¦-¦
¦(?(1)¦-¦
¦(?(1)a¦-¦
¦(?(0)a)¦-¦
¦(?(9)a)¦-¦
¦(?(x)a)¦-¦
¦(?(-1)a)¦-¦
¦(?(a b)a)¦-¦
¦(a)(?(1)b|c|d)¦-¦
¦*¦-¦
¦+a¦-¦
¦?¦-¦
¦^*¦-¦
¦$+¦-¦
¦\b?¦-¦
¦a**¦-¦
¦a*+*¦-¦
¦a+++¦-¦
¦a???¦-¦
¦a{1}{2}¦-¦
¦(?:a{2}){3}¦-¦aaaaaa
¦(|*)¦-¦
¦(?i)*¦-¦
¦a|*¦-¦
¦a{3,2}¦-¦
¦a{4294967295}¦-¦
¦a{4294967294}¦-¦a
¦a{0,4294967294}¦-¦aa
¦\¦-¦
¦a\¦-¦
¦\q¦-¦
¦\8¦-¦
¦\1¦-¦
¦(\1)¦-¦
¦(a\1)¦-¦
¦(a)\2¦-¦
¦\x4¦-¦
¦\xg¦-¦
¦\u12¦-¦
¦\U0000004¦-¦
¦\U00110000¦-¦
¦[\8]¦-¦
¦[\400]¦-¦
¦\400¦-¦
¦[\q]¦-¦
¦[\A]¦-¦
¦[\x]¦-¦
¦(?<=a*)b¦-¦
¦(?<=a|bc)d¦-¦
¦(?<!a+)b¦-¦
¦(?<=(a)\1)b¦-¦
¦(a)(?<=\1)¦-¦aa
¦(a*)(?<=\1)¦-¦
¦(?<=(?(1)a))(b)¦-¦
¦a\nb¦-¦a\nb
¦a\n(b¦-¦
¦a(?=b)*c¦-¦ac
¦(?=a)+a¦-¦aa
¦(?:(?=a))*a¦-¦aa
¦(^a)¦\1¦aa
¦(?:^a)+¦-¦aa
¦(^)*a¦-¦aa
¦(?:\b)*a¦-¦aa
¦(a+|b)*?c¦\1¦aabc
¦(a(b)?)+¦\1\2¦aba
¦(?:(a)|b|(c))+¦\1\2¦abc
¦(a)|(b)|(c)¦\1\2\3¦abc
¦,¦-¦a,b,,c
¦(,)¦-¦a,b,,c
¦(,)|(;)¦-¦a,b;c
¦,*¦-¦a,,b
¦\s*,\s*¦-¦a , b ,c
¦(?<=,)¦-¦a,b,c
¦x*¦-¦axbc
¦(?=\d)¦-¦a1b22
¦\W¦-¦a b-c
¦(\W)¦-¦a b-c
¦\w*¦-¦hello world
¦[aeiou]¦-¦hello world
¦(?P<first>\w+) (?P<last>\w+)¦\g<last>, \g<first>¦John Smith
¦(\w+) (\w+)¦\2 \1¦John Smith
¦\b(\w)(\w*)\b¦\2\1ay¦pig latin
¦(?<!\d)\d{4}(?!\d)¦YEAR¦in 1999 and 12345
¦^(?!.*secret).*$¦-¦a secret¦plain
¦(\d{1,3})(?=(?:\d{3})+$)¦\1,¦1234567
¦\$[0-9]+\.[0-9]{2}¦-¦The price is $100.50
¦(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}¦-¦192.168.1.1¦256.1.1.1
¦([a-z]+)(\d*)¦\2\1¦abc12 de3 f
¦\\¦/¦a\b\c
¦\t¦ ¦a\tb
¦[\t\r\n]+¦ ¦a\t\r\nb
¦\r?\n¦;¦a\r\nb\nc
¦^.¦>\g<0>¦abc
m¦^.¦>\g<0>¦abc\ndef
m¦.$¦<\g<0>¦abc\ndef\n
ms¦^.*$¦-¦abc\ndef\n
¦\u2028¦-¦a\u2028b
¦(?s)(?<=a.)b¦-¦a\nb
¦(?:a|(?:b|(c)))*d¦\1¦abcd acbd
¦((((((((((a))))))))))¦\10¦a
¦(?i)(?P<x>é)(?P=x)¦-¦éÉ
¦[À-ÿ]+¦-¦Ünï abc
i¦[À-ÿ]+¦-¦ünÏ ÿŸ
i¦[k-m]¦-¦K L
i¦[^k-m]¦-¦K L n
i¦\w¦-¦Ab
i¦[\dk]¦-¦K5
¦[^\n]¦-¦a\n
¦[^a]¦-¦ab\n
i¦[^a]¦-¦aAb
¦[^\x00-\x7f]+¦-¦abcé東
'''


def written():
    for line in WRITTEN.strip("\n").split("\n"):
        flags, pattern, template, *texts = line.split("¦")
        pattern = re.sub(r"\\n(?=\(b$| b$|$)", "\n", pattern) if "#" in pattern or pattern.endswith("(b") else pattern
        for text in texts or [""]:
            yield flags, pattern, template, unescape(text)


def unescape(text):
    for a, b in (("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\u2028", "\u2028")):
        text = text.replace(a, b)
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)


def made_up(r):
    places = ["^", "$", "\\b", "\\B", "\\A", "\\Z"]
    chars = ["a", "b", "c", "A", "1", " ", "é", "\\w", "\\W", "\\d", "\\s", "\\S", ".", "[ab]", "[^a]", "[a-c]", "[\\W_]", "[^\\W1]",
             "[^\\s]", "\n", "s", "ſ", "k"]
    repeats = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{2,}", "*+", "++", "?+", "{0}", "{1,2}?"]
    groups = 0
    closed = []

    def atom(depth):
        nonlocal groups
        x = r.random()
        if depth <= 0 or x < 0.5:
            if r.random() < 0.15:
                return r.choice(places), False
            return r.choice(chars), True
        if x < 0.72:
            groups += 1
            n = groups
            inside = alternatives(depth - 1)
            closed.append(n)
            return "(" + inside + ")", True
        if x < 0.80:
            return "(?:" + alternatives(depth - 1) + ")", True
        if x < 0.84:
            return "(?" + r.choice("=!") + alternatives(depth - 1) + ")", True
        if x < 0.87:
            return "(?<" + r.choice("=!") + r.choice(["a", "ab", "[ab]", "\\b", "^", "a|b", "..", "\\w"]) + ")", True
        if x < 0.90:
            return "(?>" + alternatives(depth - 1) + ")", True
        if x < 0.96 and closed:
            if r.random() < 0.6:
                return "\\" + str(r.choice(closed)) + "(?:)", False
            return "(?(%d)%s|%s)" % (r.choice(closed), sequence(depth - 1), sequence(depth - 1)), True
        return "(?" + r.choice(["i", "s", "m", "a", "-i", "i-s"]) + ":" + alternatives(depth - 1) + ")", True

    def sequence(depth):
        out = ""
        for _ in range(r.randint(1, 3)):
            text, repeatable = atom(depth)
            out += text
            if repeatable and r.random() < 0.35:
                out += r.choice(repeats)
        return out

    def alternatives(depth):
        return "|".join(sequence(depth) for _ in range(r.choice([1, 1, 1, 2, 3])))

    pattern = alternatives(r.choice([1, 2, 2, 3]))
    flags = "".join(f for f in "imsa" if r.random() < 0.15)
    text = "".join(r.choice("aaabbbcA1 _é\nsSk") for _ in range(r.randint(0, 9)))
    template = r.choice(["-", "[\\g<0>]"] + ["<\\%d>" % n for n in range(1, min(groups, 3) + 1)])
    return flags, pattern, template, text


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "random":
        r = random.Random(int(sys.argv[2]))
        cases = [made_up(r) for _ in range(int(sys.argv[3]))]
    else:
        r = random.Random(1)
        cases = list(written()) + [made_up(r) for _ in range(400)]
    out = []
    for flags, pattern, template, text in cases:
        try:
            out.append(record(pattern, flags, text, template))
        except SystemError as e:  # CPython has bugs of its own in captures that are undone
            print(repr(pattern), repr(text), e, file=sys.stderr)
    print("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in out) + "\n]")


main()
