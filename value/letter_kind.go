package value

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsUpper is Python's str.isupper for one code point: capitals, and what only looks like one (Ⅷ, Ⓐ).
func IsUpper(r rune) bool { return unicode.Is(unicode.Lu, r) || unicode.Is(unicode.Other_Uppercase, r) }

// IsLower is Python's str.islower for one code point: small letters, and what only looks like one (ª, ⅷ, ⓐ).
func IsLower(r rune) bool { return unicode.Is(unicode.Ll, r) || unicode.Is(unicode.Other_Lowercase, r) }

// IsTitle says whether a code point is a capital followed by a small letter in one (ǅ).
func IsTitle(r rune) bool { return unicode.Is(unicode.Lt, r) }

// digits are the code points that stand for a digit and are none: set above or below a line, in circles, of scripts without a zero.
var digits = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0xb2, 0xb3, 1},
		{0xb9, 0xb9, 1},
		{0x1369, 0x1371, 1},
		{0x19da, 0x19da, 1},
		{0x2070, 0x2070, 1},
		{0x2074, 0x2079, 1},
		{0x2080, 0x2089, 1},
		{0x2460, 0x2468, 1},
		{0x2474, 0x247c, 1},
		{0x2488, 0x2490, 1},
		{0x24ea, 0x24ea, 1},
		{0x24f5, 0x24fd, 1},
		{0x24ff, 0x24ff, 1},
		{0x2776, 0x277e, 1},
		{0x2780, 0x2788, 1},
		{0x278a, 0x2792, 1},
	},
	R32: []unicode.Range32{
		{0x10a40, 0x10a43, 1}, {0x10e60, 0x10e68, 1}, {0x11052, 0x1105a, 1}, {0x1f100, 0x1f10a, 1},
	},
	LatinOffset: 2,
}

// IsDigit is Python's str.isdigit for one code point: decimal digits of any script, and digits in another form (², ⑦).
func IsDigit(r rune) bool { return unicode.IsDigit(r) || unicode.Is(digits, r) }

// ideographs are letters that stand for a number.
const ideographs = "\u3405\u3483\u382a\u3b4d\u4e00\u4e03\u4e07\u4e09\u4e5d\u4e8c\u4e94\u4e96\u4ebf\u4ec0\u4edf\u4ee8\u4f0d\u4f70\u5104\u5146" +
	"\u5169\u516b\u516d\u5341\u5343\u5344\u5345\u534c\u53c1\u53c2\u53c3\u53c4\u56db\u58f1\u58f9\u5e7a\u5efe\u5eff\u5f0c\u5f0d" +
	"\u5f0e\u5f10\u62fe\u634c\u67d2\u6f06\u7396\u767e\u8086\u842c\u8cae\u8cb3\u8d30\u9621\u9646\u964c\u9678\u96f6\uf96b\uf973" +
	"\uf978\uf9b2\uf9d1\uf9d3\uf9fd\U00020001\U00020064\U000200e2\U00020121\U0002092a\U00020983\U0002098c\U0002099c\U00020aea" +
	"\U00020afd\U00020b19\U00022390\U00022998\U00023b1b\U0002626d\U0002f890"

// IsNumeric is Python's str.isnumeric for one code point: digits, fractions, other numbers, and ideographs that stand for one.
func IsNumeric(r rune) bool {
	return unicode.IsNumber(r) || r >= 0x3400 && unicode.IsLetter(r) && strings.ContainsRune(ideographs, r)
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isCased says whether a code point is of either case.
func isCased(r rune) bool { return IsUpper(r) || IsLower(r) || IsTitle(r) }

// innerMarks are the code points inside words that final sigma looks past, besides marks, formats and modifiers.
const innerMarks = "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a"

// isPassed says whether case looks past a code point: Unicode's Case_Ignorable.
func isPassed(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || strings.ContainsRune(innerMarks, r)
}
