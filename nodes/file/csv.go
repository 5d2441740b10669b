package file

import (
	"strings"
	"unicode/utf8"

	"casare/node"
	"casare/value"
)

// dialect says how a CSV file is written, in the terms of Python's csv module. QUOTE_MINIMAL is the only way of quoting.
type dialect struct {
	delimiter, quote, escape rune // escape 0: none
	doubled                  bool // two quotes within quotes are one
	strict                   bool
}

// newDialect checks what a document says.
func newDialect(delimiter, quote, escape string, doubled, strict bool) (dialect, error) {
	d := dialect{doubled: doubled, strict: strict}
	if delimiter == `\t` {
		delimiter = "\t" // what a form can hold
	}
	for _, part := range []struct {
		name, text string
		to         *rune
		optional   bool
	}{{"delimiter", delimiter, &d.delimiter, false}, {"quotechar", quote, &d.quote, false}, {"escapechar", escape, &d.escape, true}} {
		switch r, n := utf8.DecodeRuneInString(part.text); {
		case part.text == "" && part.optional:
		case n == 0 || n < len(part.text):
			return d, node.Fail("", `"%s" must be a 1-character string`, part.name)
		case r == '\n' || r == '\r':
			return d, node.Fail("", "bad %s value", part.name)
		default:
			*part.to = r
		}
	}
	return d, nil
}

// csvState is where a csvReader stands in a field, as Python's reader names it.
type csvState int

const (
	startRecord csvState = iota
	startField
	inField
	escaped
	inQuotes
	escapedInQuotes
	quoteInQuotes
	escapedNewline
)

// csvReader is Python's csv.reader over a text whose lines end with \n.
type csvReader struct {
	dialect

	text  string
	state csvState
	field strings.Builder
	row   value.List
	line  int
}

// next returns the next row; false at the end.
func (c *csvReader) next() (value.List, bool, error) {
	c.row, c.state = nil, startRecord
	c.field.Reset()
	for {
		if c.text == "" {
			if c.state == startRecord {
				return nil, false, nil
			}
			return c.end()
		}
		line := c.text
		if i := strings.IndexByte(c.text, '\n'); i >= 0 {
			line = c.text[:i+1]
		}
		c.text = c.text[len(line):]
		c.line++
		for _, r := range line {
			if err := c.char(r); err != nil {
				return nil, false, err
			}
		}
		if !strings.HasSuffix(line, "\n") {
			if err := c.lineEnd(); err != nil {
				return nil, false, err
			}
		}
		if c.state == startRecord {
			if c.row == nil {
				return value.List{}, true, nil // an empty line
			}
			return c.row, true, nil
		}
	}
}

// end finishes a row that the text breaks off.
func (c *csvReader) end() (value.List, bool, error) {
	if c.strict {
		return nil, false, c.bad("unexpected end of data")
	}
	c.save()
	return c.row, true, nil
}

func (c *csvReader) bad(text string) error {
	return node.Fail("", "%s (line %d)", text, c.line)
}

func (c *csvReader) save() {
	c.row = append(c.row, c.field.String())
	c.field.Reset()
}

// lineEnd is what the end of a last line without \n does.
func (c *csvReader) lineEnd() error {
	switch c.state {
	case startField, inField, quoteInQuotes:
		c.save()
		c.state = startRecord
	case escaped:
		c.field.WriteByte('\n')
		c.state = inField
	case escapedInQuotes:
		c.field.WriteByte('\n')
		c.state = inQuotes
	case inQuotes:
		if c.strict {
			return c.bad("unexpected end of data")
		}
	case startRecord, escapedNewline:
		c.state = startRecord
	}
	return nil
}

// char takes one character in.
func (c *csvReader) char(r rune) error {
	switch c.state {
	case startRecord:
		if r == '\n' {
			return nil
		}
		c.state = startField
		return c.begin(r)
	case startField:
		return c.begin(r)
	case escaped:
		c.field.WriteRune(r)
		c.state = inField
		if r == '\n' {
			c.state = escapedNewline
		}
	case escapedNewline, inField:
		c.plain(r)
	case inQuotes:
		c.quoted(r)
	case escapedInQuotes:
		c.field.WriteRune(r)
		c.state = inQuotes
	case quoteInQuotes:
		return c.afterQuote(r)
	}
	return nil
}

func (c *csvReader) begin(r rune) error {
	switch {
	case r == '\n':
		c.save()
		c.state = startRecord
	case r == c.quote:
		c.state = inQuotes
	case c.escape != 0 && r == c.escape:
		c.state = escaped
	case r == c.delimiter:
		c.save()
		c.state = startField
	default:
		c.field.WriteRune(r)
		c.state = inField
	}
	return nil
}

func (c *csvReader) plain(r rune) {
	switch {
	case r == '\n':
		c.save()
		c.state = startRecord
	case c.escape != 0 && r == c.escape:
		c.state = escaped
	case r == c.delimiter:
		c.save()
		c.state = startField
	default:
		c.field.WriteRune(r)
		c.state = inField
	}
}

func (c *csvReader) quoted(r rune) {
	switch {
	case c.escape != 0 && r == c.escape:
		c.state = escapedInQuotes
	case r == c.quote && c.doubled:
		c.state = quoteInQuotes
	case r == c.quote:
		c.state = inField
	default:
		c.field.WriteRune(r)
	}
}

func (c *csvReader) afterQuote(r rune) error {
	switch {
	case r == c.quote:
		c.field.WriteRune(r)
		c.state = inQuotes
	case r == c.delimiter:
		c.save()
		c.state = startField
	case r == '\n':
		c.save()
		c.state = startRecord
	case c.strict:
		return c.bad("'" + string(c.delimiter) + "' expected after '" + string(c.quote) + "'")
	default:
		c.field.WriteRune(r)
		c.state = inField
	}
	return nil
}

// csvWriter is Python's csv.writer: quotes only where they are needed, lines end with \r\n.
type csvWriter struct {
	delimiter rune
	out       strings.Builder
}

// write writes one row.
func (w *csvWriter) write(row value.List) {
	for i, v := range row {
		if i > 0 {
			w.out.WriteRune(w.delimiter)
		}
		text := ""
		if v != nil {
			text = value.Str(v)
		}
		if strings.ContainsAny(text, "\"\r\n") || strings.ContainsRune(text, w.delimiter) || text == "" && len(row) == 1 {
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		w.out.WriteString(text)
	}
	w.out.WriteString("\r\n")
}
