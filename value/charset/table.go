package charset

import (
	_ "embed" // the tables
	"strconv"
	"strings"
	"sync"
)

// tables.txt holds, for each codec with one byte a character, the code points of its 256 bytes (of the upper 128, where the lower are
// ASCII), fffe for none, and the further names of all codecs; tables.py writes it.
//
//go:embed tables.txt
var tablesText string

// undefined stands in the tables for a byte that means nothing.
const undefined = 0xFFFE

// table is a codec with one byte a character.
type table struct {
	runes [256]rune
	bytes map[rune]byte
}

func (t *table) decode(data []byte) (rune, int, string) {
	if r := t.runes[data[0]]; r != undefined {
		return r, 1, ""
	}
	return 0, 1, "character maps to <undefined>"
}

func (t *table) encode(dst []byte, r rune) ([]byte, bool) {
	b, ok := t.bytes[r]
	if !ok {
		return dst, false
	}
	return append(dst, b), true
}

type parsed struct {
	tables  map[string]*table
	aliases map[string]string
}

var parse = sync.OnceValue(func() parsed {
	p := parsed{tables: map[string]*table{}, aliases: map[string]string{}}
	for line := range strings.Lines(tablesText) {
		words := strings.Fields(line)
		if words[0] == "alias" {
			p.aliases[canonical(words[1])] = words[2]
			continue
		}
		p.tables[words[1]] = newTable(words[2:])
	}
	return p
})

func newTable(points []string) *table {
	t := &table{bytes: make(map[rune]byte, 256)}
	for i := range 256 - len(points) {
		t.runes[i] = rune(i)
	}
	for i, text := range points {
		n, err := strconv.ParseUint(text, 16, 21)
		if err != nil {
			panic("charset: tables.txt: " + err.Error()) // it is part of the program, and a test reads it
		}
		t.runes[256-len(points)+i] = rune(n)
	}
	for b, r := range t.runes {
		if _, taken := t.bytes[r]; !taken && r != undefined {
			t.bytes[r] = byte(b)
		}
	}
	return t
}

func tables() map[string]*table  { return parse().tables }
func aliases() map[string]string { return parse().aliases }
