package expr

import "casare/workflow/template"

// tokenKind says what a token is.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenNumber
	tokenText
	tokenOp // operators, brackets and the words and, or, not, in, is, if, else, for
	tokenTemplate
)

// token is one word of an expression.
type token struct {
	kind   tokenKind
	text   string // name, operator, or the body of a text between its quotes
	prefix string // of a text, in lower case: r, b, f and combinations
	pos    int    // byte offset in the source
	v      any    // of a number
	path   template.Path
}

// operand says whether an operator can follow the token. It decides what % and {{ mean.
func (t token) operand() bool {
	switch t.kind {
	case tokenName, tokenNumber, tokenText, tokenTemplate:
		return true
	case tokenOp:
		return t.text == ")" || t.text == "]" || t.text == "}"
	case tokenEnd:
		return false
	default:
		return false
	}
}

// words are the names that are operators.
var words = map[string]bool{"and": true, "or": true, "not": true, "in": true, "is": true, "if": true, "else": true, "for": true}

// refused are the words of Python that an expression here does not have.
var refused = map[string]string{
	"lambda": "lambda is not supported: use a comprehension",
	"await":  "await is not supported", "async": "async is not supported", "yield": "yield is not supported",
	"import": "import is not supported", "def": "def is not supported", "class": "class is not supported",
	"del": "del is not supported", "return": "return is not supported", "while": "while is not supported",
	"with": "with is not supported", "assert": "assert is not supported", "raise": "raise is not supported",
}

// operators in the order in which they are tried: longer ones first. The right side is the spelling the parser knows.
var operators = []struct{ written, meant string }{
	{"===", "=="},
	{"!==", "!="},
	{"**", "**"},
	{"//", "//"},
	{"<<", "<<"},
	{">>", ">>"},
	{"<=", "<="},
	{">=", ">="},
	{"==", "=="},
	{"!=", "!="},
	{"&&", "and"},
	{"||", "or"},
	{"+", "+"},
	{"-", "-"},
	{"*", "*"},
	{"/", "/"},
	{"%", "%"},
	{"@", "@"},
	{"&", "&"},
	{"|", "|"},
	{"^", "^"},
	{"~", "~"},
	{"<", "<"},
	{">", ">"},
	{"!", "!"},
	{"(", "("},
	{")", ")"},
	{"[", "["},
	{"]", "]"},
	{"{", "{"},
	{"}", "}"},
	{",", ","},
	{":", ":"},
	{".", "."},
	{"=", "="},
}
