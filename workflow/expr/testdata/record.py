"""Records what CPython answers to everyday expressions: python3 record.py > python_expr.json (CPython 3.11)."""
import json

variables = {
    "x": 10, "y": 3, "neg": -7, "f": 2.5, "big": 12345678901234567890, "name": "Alice", "text": "Hello, World",
    "uni": "naïve ☕", "csv": "a,b,,c", "pad": "  pad \n", "flag": True, "off": False, "nul": None, "empty": "",
    "items": [3, 1, 2], "words": ["pear", "Apple", "fig"], "nested": [[1, 2], [3, 4], []], "mixed": [1, "a", None, 2.0, True],
    "cfg": {"a": 1, "b": {"c": [10, 20]}, "name": "n"}, "rows": [{"id": 1, "n": "x", "v": 2.5}, {"id": 2, "n": "y", "v": 1.5}],
    "price": 19.99, "one": 1, "zero": 0, "num": "42", "date": "2024-03-05",
}

expressions = r'''
x + y
x - y * 2
x / 4
x // 3
x % 3
neg // 3
neg % 3
-7 // -2
7 % -3
-7.5 // 2
-7.5 % 2
7.5 % -2
2 ** 10
2 ** -1
2 ** 0.5
-2 ** 2
(-2) ** 3
2 ** 3 ** 2
2 ** 64
2 ** 100 - 1
big + 1
big * big
big // 7
big % 1000
big / 3
-big // 7
9223372036854775807 + 1
-9223372036854775808 - 1
-9223372036854775808 // -1
9223372036854775807 * 2
4611686018427387904 * 2
10 ** 20 / 10 ** 19
10 ** 400 / 10 ** 399
5 / 2
6 / 2
0.1 + 0.2
1e16
1e15
123456789012345678.0
1e-5
0.0001
1e22
-0.0
1.5e300 * 1e10
3.0
1_000_000
0xff
0o17
0b101
1 / 3
100 * 1.1
divmod(17, 5)
divmod(-17, 5)
divmod(7.5, 2)
pow(2, 10)
pow(3, 4, 5)
pow(3, -1, 7)
abs(neg)
abs(-2.5)
abs(True)
~5
5 & 3
5 | 3
5 ^ 3
1 << 10
1 << 70
-1 >> 5
True & False
True + True
True == 1
1 == 1.0
1 is 1
flag == 1
flag is True
nul is None
nul is not None
x is not None
not flag
not not x
x > 5 and y < 5
x > 50 or y < 5
x and y
zero and y
zero or name
empty or 'default'
nul or 0
1 < x < 20
1 < x < 5
1 < 2 < 3 < 4
3 > 2 == True
x == 10 == 10.0
x != y != 5
'a' < 'b' < 'c'
'a' < 'B'
[1, 2] < [1, 3]
[1, 2] < [1, 2, 0]
(1, 'a') < (1, 'b')
big > 1e19
big == 12345678901234567890.0
9007199254740993 == 9007199254740992.0
9007199254740993 > 9007199254740992.0
float('nan') == float('nan')
float('inf') > big
'yes' if x > 5 else 'no'
'a' if off else 'b' if x else 'c'
name
name[0]
name[-1]
name[1:3]
name[::-1]
name[:2] + name[3:]
name[10:]
name[-3:]
uni[2]
uni[::-1]
uni[1:4]
len(uni)
items[0]
items[-1]
items[1:]
items[::-1]
items[::2]
items[-2:]
nested[0][1]
nested[1:][0]
(1, 2, 3)[1:]
range(10)[2:8:3]
list(range(10)[::-2])
range(10)[-1]
cfg['a']
cfg['b']['c'][1]
cfg.get('zzz')
cfg.get('zzz', 5)
'a' in cfg
'z' not in cfg
1 in cfg.values()
('a', 1) in cfg.items()
list(cfg)
list(cfg.keys())
list(cfg.items())
len(cfg)
cfg.keys()
cfg.values()
{'a': 1}.items()
3 in items
5 not in items
'li' in name
'' in name
4 in range(10)
4.0 in range(10)
10 in range(0, 20, 3)
[1, 2] + [3]
[0] * 3
'ab' * 3
3 * 'ab'
'ab' * 0
'ab' * -1
(1,) * 2
(1, 2) + (3,)
[1, 'a', None, True, 2.5]
[]
()
(1,)
{}
{'a': 1, 'b': [1, 2]}
{1: 'x', 2: 'y'}
{**cfg, 'z': 1}
{'a': 5} | {'b': 6}
[*items, 4]
(*items, 4)
[*range(3), *'ab']
{1, 2, 2, 3}
set()
len({1, 1.0, True})
sorted({3, 1, 2} | {5})
sorted({1, 2, 3} & {2, 3, 4})
sorted({1, 2, 3} - {2})
sorted({1, 2} ^ {2, 3})
{1, 2} <= {1, 2, 3}
{1, 2} == {2, 1}
{1, 2}.issubset([1, 2, 3])
sorted({1, 2}.union([3], [4]))
{1}.isdisjoint({2})
str(x)
str(2.0)
str(True)
str(None)
str([1, 'a'])
str((1,))
repr('it\'s')
repr("both ' and \"")
repr('a\nb\t\\')
repr('\x00\x7f\xa0é☕\u200b\U0001F600')
ascii('é☕')
repr(b'a\x00\xff"')
b'abc'[0]
b'abc'[1:]
b'a' + b'b'
len(b'abc')
'abc'.encode()
b'abc'.decode()
int('42')
int(' -7 ')
int('1_000')
int('ff', 16)
int('0xff', 0)
int('0b11', 2)
int(3.99)
int(-3.99)
int(True)
int('12345678901234567890')
int(1e20)
float('1.5')
float(' 1e3 ')
float('inf')
float('-Infinity')
float(3)
float('1_0.5')
bool('')
bool('False')
bool([])
bool([0])
bool(0.0)
round(2.5)
round(3.5)
round(-2.5)
round(2.675, 2)
round(1234.5678, 2)
round(1234.5678, -2)
round(1250, -2)
round(1350, -2)
round(-1250, -2)
round(5, 2)
round(0.5)
round(1e20)
round(1.0)
round(1.0, 0)
round(150.0, -2)
round(250.0, -2)
round(250.5, -2)
min(items)
max(items)
min(3, 1, 2)
max('a', 'b')
max(words, key=len)
min(words, key=str.lower)
max([], default=0)
max(cfg, key=len)
sum(items)
sum([0.5, 1])
sum([[1], [2]], [])
sum(i * i for i in range(5))
sum(r['v'] for r in rows)
any([0, '', None])
any(i > 2 for i in items)
all(i > 0 for i in items)
all([])
sorted(items)
sorted(items, reverse=True)
sorted(words)
sorted(words, key=str.lower)
sorted(words, key=len)
sorted(words, key=len, reverse=True)
sorted('hello')
sorted([(2, 'b'), (1, 'z'), (2, 'a')])
list(reversed(items))
''.join(reversed(name))
list('abc')
tuple([1, 2])
list((1, 2))
list({'a': 1})
dict([('a', 1), ('b', 2)])
dict(b=1, a=2)
dict(cfg, z=3)
dict(zip(['a', 'b'], [1, 2]))
list(enumerate('ab'))
list(enumerate(items, 1))
list(zip([1, 2, 3], 'ab'))
list(zip())
list(map(str, items))
list(map(int, ['1', '2']))
list(map(max, [1, 5], [4, 2]))
list(map(str.upper, words))
list(filter(None, mixed))
list(range(5))
list(range(2, 5))
list(range(10, 0, -3))
range(3)
range(1, 10, 2)
len(range(10, 0, -3))
range(0) == range(2, 2)
ord('A')
ord('☕')
chr(9749)
hex(255)
hex(-255)
oct(8)
bin(10)
isinstance(x, int)
isinstance(flag, int)
isinstance(name, (int, str))
isinstance(f, int)
isinstance(None, str)
type(x) == int
type(name).__name__
type(None).__name__
type([]) == list
[i * 2 for i in items]
[i for i in items if i > 1]
[i for i in range(20) if i % 2 if i % 3]
[(i, j) for i in range(2) for j in 'ab']
[j for row in nested for j in row]
[[j * 2 for j in row] for row in nested]
[k for k, v in cfg.items() if v == 1]
[a + b for a, b in [(1, 2), (3, 4)]]
[a for (a, (b, c)) in [(1, (2, 3))]]
{k: v for k, v in zip('ab', [1, 2])}
{r['id']: r['n'] for r in rows}
{i % 3 for i in range(10)}
[r['n'] for r in rows if r['v'] > 2]
next((r for r in rows if r['id'] == 2), None)
next((r for r in rows if r['id'] == 9), None)
','.join(r['n'] for r in rows)
','.join(str(i) for i in items)
name.upper()
name.lower()
'straße'.upper()
'ΑΣ'.lower()
'hello world'.title()
"they're bill's".title()
'hello World'.capitalize()
'Hello'.swapcase()
'ß'.casefold()
pad.strip()
pad.lstrip()
pad.rstrip()
'xxhixx'.strip('x')
'abcba'.lstrip('ab')
csv.split(',')
csv.split(',', 1)
csv.rsplit(',', 1)
'  a  b '.split()
' a b c '.split(None, 1)
' a b c '.rsplit(None, 1)
'a\nb\r\nc\n'.splitlines()
'a\nb'.splitlines(True)
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('=')
text.replace('l', 'L')
text.replace('l', 'L', 1)
'abc'.replace('', '-')
text.startswith('Hello')
text.startswith(('x', 'H'))
text.startswith('World', 7)
text.endswith('ld')
text.find('o')
text.find('o', 5)
text.find('zzz')
text.rfind('o')
text.index('W')
text.count('l')
uni.find('☕')
'abc'.count('')
'42'.isdigit()
''.isdigit()
'²'.isdigit()
'4a'.isalnum()
'abc'.isalpha()
'ABC'.isupper()
'abc1'.islower()
' \t'.isspace()
'Hello World'.istitle()
'½'.isnumeric()
'½'.isdecimal()
'abc'.isascii()
'a1'.isidentifier()
'42'.zfill(5)
'-42'.zfill(5)
'ab'.center(6)
'ab'.center(7, '*')
'abc'.center(6, '*')
'ab'.ljust(5, '.') + '|'
'ab'.rjust(5)
'a\tb'.expandtabs(4)
'prefix-x'.removeprefix('prefix-')
'file.txt'.removesuffix('.txt')
'-'.join(['a', 'b', 'c'])
''.join([])
items.index(1)
items.count(3)
(1, 2, 1).count(1)
(5).bit_length()
2.0.is_integer()
f"{name} is {x}"
f"{x:>5}|{x:<5}|{x:^5}|"
f"{price:.1f}"
f"{price:8.3f}|"
f"{x:05d}"
f"{neg:+d} {x:+d} {x: d}"
f"{big:,}"
f"{1234567.891:,.2f}"
f"{1234567:_}"
f"{255:x} {255:X} {255:#x} {5:b} {8:o} {255:#010b}"
f"{0.256:.1%}"
f"{name!r}"
f"{name!s:>8}"
f"{x=}"
f"{x + y = }"
f"{name:{x}}|"
f"{price:{x}.{y}f}"
f"{{literal}} {x}"
f"{'nested'}"
f"{cfg['a']}"
f"{x if x > 5 else y}"
f"{1e10:g} {1e-7:g} {123456789:g} {0.0001:g}"
f"{1.0:g} {100000.0:g} {1000000.0:g}"
f"{12345.678:e}"
f"{12345.678:.2E}"
f"{3.14159:.3}"
f"{100000.0:.3}"
f"{1e100:.3}"
f"{2.0}"
f"{True:d} {True}"
f"{-5:05d}"
f"{'é':*^7}"
f"{'abcdef':.3}"
f"{65:c}"
f"{-0.0:.1f} {0.0:+.2f}"
f"{1234.5:010,.2f}"
f"{float('nan'):.2f} {float('inf')}"
f"{items} {cfg['b']}"
f"{nul}"
"a" "b" 'c'
'x' f"{x}" 'y'
r'a\nb'
'tab\there'
'\u00e9\x41\101'
"""triple "quoted" text"""
'{} {}'.format(1, 'a')
'{0} {1} {0}'.format('a', 'b')
'{name} {age:>4}'.format(name='Bob', age=5)
'{:.2f}'.format(price)
'{0[a]} {0[b][c][1]}'.format(cfg)
'{!r:>6}'.format('a')
'{:{}}|'.format('a', 5)
'{{}} {}'.format(1)
'{:,}'.format(1234567)
'{:%}'.format(0.5)
'%s is %d' % (name, x)
'%.2f' % price
'%5d|%-5d|%05d' % (x, x, x)
'%x %X %o %#x' % (255, 255, 8, 255)
'%e %g %G' % (12345.678, 0.00001, 1e20)
'%r %s %%' % ('a', None)
'%s' % x
'%s' % [1, 2]
'%s' % (1,)
'%(a)s %(name)s' % cfg
'%c%c' % ('a', 98)
'%+d % d' % (5, 5)
'%*d|' % (5, x)
'%.3s|' % 'abcdef'
'%10.2f|' % price
'%-10s|' % 'a'
'%d' % 3.99
'%i' % True
'%5.3d|' % 7
format(price, '.1f')
format(x, '#x')
format('a', '>3')
name + ' ' + str(x)
[name] * 2 == ['Alice', 'Alice']
x in (1, 10, 100)
date.split('-')[1]
int(date[:4]) + 1
len([r for r in rows if r['n'] == 'x'])
rows[0]['n'] + rows[-1]['n']
[1, 2, 3] == [1.0, 2.0, 3.0]
[1, 2] == (1, 2)
{'a': 1, 'b': 2} == {'b': 2, 'a': 1}
None == False
0 == False
'' == False
'1' == 1
mixed
nested
max(r['v'] for r in rows) - min(r['v'] for r in rows)
sum(len(w) for w in words) / len(words)
round(sum([1, 2, 4]) / 3, 3)
not x == 10
-x ** 2
+x
- -x
x.bit_length()
(x)
((x + y) * (x - y)) // 2
1if x else 2
[i for i in 'abc'][-1]
{'k': [i for i in range(3)]}['k'][1:]
str(1e100)
str(1.0e-10)
str(123456.789e3)
1e308 * 10
0.1 + 0.7
1 - 0.9
5e-324
1.7976931348623157e308
x + name
name + x
name - 1
items + (1,)
'5' * '5'
1 / 0
1 // 0
1 % 0
1.0 / 0
1.0 // 0
0 ** -1
undefined_thing
x > 5 or undefined_thing
x > 50 or undefined_thing
items[10]
name[99]
cfg['missing']
cfg.nothing_here if False else 1
name.nothing
int('abc')
int('')
int('1.5')
int(None)
int(float('nan'))
int(float('inf'))
float('abc')
x < name
[1] < ['a']
None < 1
len(5)
5[0]
items['a']
name['a']
for_x if False else 2
x()
max([])
'abc'.index('z')
[1].index(5)
'%d' % 'a'
'%s %s' % 'a'
'%s' % (1, 2)
'{}'.format()
'{a}'.format()
f"{name:d}"
f"{x:s}"
f"{x:.2d}"
chr(-1)
ord('ab')
[a for a, b in [(1, 2, 3)]]
[a for a, b in [5]]
{[1]: 2}
{[1]}
'a' in 5
5 in 'a'
sum(['a', 'b'])
sorted([1, 'a'])
round('a')
abs('a')
-'a'
~2.5
1 << -1
range(1, 5, 0)
range(1.5)
list(5)
dict([1])
dict([(1, 2, 3)])
pow(2, -1, 4)
'a'.join([1])
''.join(5)
name.split('')
name.upper(1)
len()
len(1, 2)
10 ** 400 * 1.0
'\x41' 'b'
'a' 'b' * 2
"'" + '"'
[1, 2, 3][True]
'abc'[False]
{1: 'a'}[True]
{1: 'a'}[1.0]
{1: 'a'}.get(True)
[x for x in [1, 2]] + [x]
[y for x in [[1], [2]] for y in x]
[x for x in x for x in x] if False else 3
list(x for x in range(3) if x)
[*'abc'][0]
max(1, 2.0, True)
max(2, 2.0)
1 < 2 in [2, 3]
'a' 'b' in 'xaby'
(1, 2) in [(1, 2)]
not (1 in [1])
1 not in [1]
[[]] == [[]]
() == []
nul == 0
words[0].upper().lower().title()
[w.capitalize() for w in words if w[0].islower()]
'abc' < 'abd' and 'abc' != 'ab'
len(str(2 ** 200))
str(2 ** 200)
-(2 ** 63)
2 ** 63 - 1
(2 ** 63) // -1
-2 ** 63 % 10
1e3 == 1000
int(1e3)
0.1 * 3
1e23
-1.5 // 1
-1.5 % 1
5 // 0.3
5 % 0.3
1e300 * 1e300
-5 % 3
-5 // 3
5 % -3
5 // -3
True / 2
True - 5
False * 'a'
'é' > 'z'
'Z' < 'a'
'10' < '9'
"%s" % {'a': 1}
"%s %s" % ({'a': 1}, [2])
"100%%" % ()
str(b'x')
repr([b'x', (1,), {1: 2}, {3}])
[1, [2, [3, [4]]]]
{'a': {'b': {'c': (1, 2)}}}
'\\' + "\""
'ab\
cd'
'tab	in'
'a'.ljust(3, 'é') + 'x'
'naïve'.upper()
'İ'.lower()
'ŉ'.upper()
'ǆ'.title()
'ﬁ'.upper()
'1st place'.title()
'x'.join('abc')
'abc'.find('')
'abc'.rfind('')
'abc'.find('', 10)
'abcabc'.rfind('b', 0, 3)
'abcabc'.count('b', 2)
'a,b;c'.replace(',', ';').split(';')
'a b'.split(' ')
''.split()
''.split(',')
'a\x0bb\x0cc\x1cd\x85e\u2028f'.splitlines()
'aXbXc'.rsplit('X')
'one two  three'.split(' ')
int('٣')
int('-0')
int('+5')
float('.5')
float('5.')
float('1e-400')
float('1e400')
float('nan')
bool('0')
bool(nul)
bool(range(0))
bool({})
str(-0.0)
round(-0.4)
round(-0.4, 0)
round(1e300, -299)
round(12345678901234567890, -5)
round(True)
round(2.5, None)
sum([])
sum([], 5)
sum([True, True])
min('hello')
max([1, 5, 3], [1, 6])
sorted([3, 1.5, True])
sorted({'b': 1, 'a': 2})
sorted(cfg)
list(reversed('abc'))
list(reversed(range(4)))
list(zip(range(3), 'abc', [True, False, None]))
dict(enumerate('ab'))
list(map(len, words))
list(map(str, range(3)))
list(filter(str.isdigit, ['1', 'a', '2']))
list(map(abs, [-1, 2]))
all(w.islower() for w in words)
any(w.islower() for w in words)
len(list(filter(None, [0, 1, 2])))
tuple(i for i in range(3))
tuple('ab')
set('a')
list(set([1]))
isinstance([], (list, tuple))
isinstance((), tuple)
isinstance({}, dict)
isinstance(1.0, float)
isinstance(True, bool)
isinstance(1, bool)
'yes' if 'key' in {'key': None} else 'no'
{'a': 1}.get('b', {}).get('c', 'deep')
(cfg.get('b') or {}).get('c', [])[0]
cfg['b'].get('c')[-1] * 2
[i for i, w in enumerate(words) if 'p' in w.lower()]
{w: len(w) for w in words}
{len(w): w for w in words}
sorted({w: len(w) for w in words}.items(), key=len)
f"{'a' if flag else 'b'}-{len(items)}"
f"{items[0]}{items[1:]}"
f"{x:,} {x:>{y}} {x!r:>{y + 2}}"
f"{'a':>{'5'}}"
f'{name.upper()!r}'
f"{ {'a': 1}['a'] }"
f"{x!s}" + f'{y}'
f"{1_000_000:,d}"
f"{-1234567.5:,.1f}|{-42:08.2f}|{42:<8}|{'s':<4}|"
f"{0.1 + 0.2:.17g}"
f"{1e16:.0f} {1.5:.0f} {2.5:.0f}"
f"{123.456:.0e} {0:e} {0.0:g} {1e-5:g} {123456.0:g} {1234567.0:g}"
f"{5:%} {0.123456:.2%}"
f"{10:#o} {10:#b} {10:n} {1.5:n}"
f"{True:>6}|{None!s:>6}|{flag!r}"
f"{12:+.2f} {-12: .1f} {12: }"
f"{3.0:.1f}{3:.1f}"
f"{1234:06,} {1234567:012,d} {1.5:06}"
f"{'x':=^5}{'y':05}{7:=5}"
f"{255:02X}{10:02X}"
f"{2**70:,} {2**70:x} {2**70:e}"
7 << 62
1 << 64 >> 60
(1 << 70) >> 69
-(1 << 70) >> 80
(1 << 70) & 0xff
(1 << 70) | 1
(1 << 70) ^ (1 << 70)
-(1 << 70) & 0xff
~(1 << 70)
+(1 << 70)
abs(-(1 << 70))
(1 << 70) // 3
-(1 << 70) % 7
(1 << 70) / (1 << 68)
(1 << 2000) / 2
0 ** 0
0 ** 10 ** 20
(-1) ** (10 ** 20)
1 ** (10 ** 30)
(2 ** 70) ** -1
2.0 ** 0.5
0.0 ** -1
(-8.0) ** 2
10.0 ** 400
pow(2.0, 3)
pow(2, 3, 0)
pow(-3, 3, 7)
pow(3, 3, -7)
pow(2.0, 3, 5)
divmod(5, 0)
divmod('a', 1)
float(1 << 70)
float(1 << 2000)
[] is []
nested is nested
nested is not items
name is 'Alice'
(1, 2) is None
() is ()
{'a': 1} == {'a': 2}
{'a': 1} == {'b': 1}
{'a': 1} == [1]
cfg == cfg
b'a' in b'abc'
97 in b'abc'
300 in b'abc'
'a' in b'abc'
list(b'ab')
[c for c in b'ab']
b'ab'[-1]
b'abc'[::-1]
b'ab' * 2
b'a' < b'b'
b'a' == 'a'
b'a' + 'b'
b'\x00\xff'.hex()
b'\xff'.decode()
bytes_like if False else b''
{**{'a': 1}, **{'a': 2, 'b': 3}}
{**5}
dict(**{'a': 1}, b=2)
dict(**5)
'{a}{b}'.format(**{'a': 1, 'b': 2})
max(*[3, 1, 2])
max(*[3], 1)
'{.a}'.format(5)
'{0[b][c][0]}'.format(cfg)
'{0[9]}'.format([1])
'{0[a'.format(cfg)
'{0!x}'.format(1)
'{} {0}'.format(1)
'{0} {}'.format(1)
'{'.format()
'}'.format()
'{a:{b}}'.format(a=5, b='>4')
'{:>{}}'.format('x', 4)
'{:5}{:<5}{:^5}|'.format(1, 2, 3)
f"{'abc':d}"
f"{'abc':+}"
f"{'abc':=10}"
f"{'abc':#}"
f"{1:.3}"
f"{1:q}"
f"{1.5:d}"
f"{[1]:>5}"
f"{None:>5}"
f"{1:,x}"
f"{'a':,}"
f"{1.5:,.1f}" + f"{10**10:_d}" + f"{255:_b}"
f"{1.5:.}"
f"{5:>>5}{5:<<5}"
f"{'x':>1}{'x':<0}"
f"{1e100:.0f}"
f"{-1.5:z.0f}{-0.04:z.1f}"
f"{1.0:#g} {1:#.0f}"
callable(len)
callable(5)
isinstance(1, 5)
isinstance(1, (int, 5))
str.upper('a')
str.upper(5)
str.nothing
list(map(str.strip, [' a ', 'b ']))
sorted(['b', 'A'], key=str.casefold)
sorted(cfg, key=cfg.get) if False else 1
max(words, key=lambda_x) if False else 2
next(5)
next(iter_x) if False else 3
next(x for x in [])if False else 4
reversed(5)
reversed({1})
list(reversed({'a': 1, 'b': 2}))
enumerate(5)
list(enumerate('ab', start=5))
zip(1, 2)
list(zip([1], [2], strict=True))
list(zip([1], [], strict=True))
all([1, 0])
any(5)
sum(5)
sum([1], [2])
sum([1, 'a'])
min(1)
min()
max(1, 'a')
sorted(5)
sorted([3, 1], reverse=1)
sorted([1], nokey=2)
len({})
len(set())
len(b'')
len((1,))
len({'a': 1}.items())
bool(set())
bool({1})
bool({}.keys())
bool(())
list({}.values())
(5,) == (5.0,)
{1, 2} > {1}
{1, 2} < {1, 2}
{1} >= {1}
{1} == [1]
{1} | [2]
{1} - {1}
set([1, 2]) - {2}
{'a': 1}.keys() & {'a', 'b'}
{'a': 1}.keys() == {'a'}
{1, 'a', None, (1, 2), 2.5} == {2.5, (1, 2), None, 'a', 1}
{(1, 'a'), (1.0, 'a')}
((1,),) in {((1,),)}
{2 ** 70, 2.0 ** 70} == {2 ** 70}
{[1]: 1}
{1, 2}.difference({2}, {5})
{1, 2}.symmetric_difference({2, 3})
{1, 2}.issuperset({1})
{1, 2}.nothing()
'abc'.isprintable()
'a\n'.isprintable()
''.isprintable()
'a'.encode('ascii')
'é'.encode('ascii')
'abc'.count('a', 1)
'abc'.partition('')
'abc'.partition(5)
'abc'.replace('a')
'abc'.replace(1, 2)
'abc'.startswith(5)
'abc'.find(5)
'abc'.center('x')
'abc'.center(10, 'ab')
'abc'.zfill('x')
'abc'.strip(5)
'abc'.upper(x=1)
'a,b'.split(sep=',')
'a,b,c'.split(',', maxsplit=1)
'a\tb'.expandtabs()
'a\tb\n\tc'.expandtabs(tabsize=2)
'a\tb'.expandtabs(0)
(5).nothing
5.0.nothing()
None.x
items.nothing
cfg['b']['nope']
[1, 2].index(2, 0, 2)
[1, 2].index(2, 0, 1)
(1, 2).index(3)
items.append(4) if False else 0
'a' * 'b'
[1] * [2]
[1] * 1.5
1.5 * 'a'
{} * 2
None + 1
[] + 1
() + []
1 + []
-[]
+'a'
~'a'
~True
-True
not []
3 @ 4
1.5 << 1
1.5 & 1
'a' | 'b'
'a' - 'b'
'%s'
'%' % ()
'%(a)s' % 5
'%(a)s' % {}
'%q' % 1
'%x' % 1.5
'%c' % 'ab'
'%s' % ()
'%-5s|%5s|' % ('a', 'b')
'%+.1e' % 12345.6
'%#o %#X' % (8, 255)
'% 5d|%+5d|%-+5d|' % (1, 2, 3)
'%05d %05.1f %+05d' % (-5, -1.5, 5)
'%.2s|%.0s|' % ('abc', 'abc')
'%a' % 'é'
'%d %s' % (True, False)
'%f' % 'x'
'%s %(a)s' % {'a': 1}
x if True else undefined
[1, 2, 3][1:][0]
'abc'[1:][0]
(1, 2, 3)['a']
'abc'[1.5]
[1][1:'a']
[1][::0]
range(5)[10]
range(5)[1:3][0]
5[1:2]
{}[0]
{'a': 1}[None]
{'a': 1}[[1]]
items[True]
items[10 ** 30]
'abc'[:10 ** 30]
'abc'[-10 ** 30:]
round(5.5, 'a')
round(-1234, -2)
round(1234567, -10)
round(1.5, 400)
round(1.5, -400)
round(float('inf'), 2)
round(float('inf'))
round(2.5, -1)
round(25.0, -1)
round(35.0, -1)
int('z', 36)
int('12', 1)
int(5, 10)
int('-0b11', 0)
int('0x', 16)
int([])
int()
float()
str()
bool()
list()
tuple()
dict()
float([])
chr(1114112)
chr('a')
ord(5)
hex(1.5)
hex(2 ** 70)
bin(-5)
repr(None)
ascii('a\u20ac\U0001F600\x80')
format(5)
format(5, 5)
format([1], '')
type(1.5).__name__
type({1}).__name__
range('a')
range(0, 10 ** 15)[10 ** 14]
len(range(-5, 5))
-1 in range(-5, 5)
2.5 in range(5)
'a' in range(5)
range(3) == range(0, 3, 1)
f"{y:<08}|{'a':<08}|{3.0:^08}|{5:x<08}"
1e16 ** -2
7 ** -2
(1 / 3) ** 3
2.5 ** 100
1e-200 ** 2
2.0 ** -1074
4 ** 0.5
range(5)[::2]
range(10)[2:7:3]
range(5) in cfg
'%c' % 2 ** 70
1.5 & 2 ** 5000
'''.split('\n')

# a line that ends in a backslash goes on: everything else is one expression a line
cases, pending = [], ""
for line in expressions:
    if pending:
        line, pending = pending + "\n" + line, ""
    if line.endswith("\\") and not line.endswith("\\\\"):
        pending = line
        continue
    if not line.strip():
        continue
    try:
        cases.append({"expr": line, "repr": repr(eval(line, dict(variables)))})
    except SyntaxError as e:
        raise SystemExit(f"{line!r}: {e}")
    except Exception as e:
        cases.append({"expr": line, "error": type(e).__name__, "message": str(e)})

print(json.dumps({"variables": variables, "cases": cases}, ensure_ascii=True, indent=1))
