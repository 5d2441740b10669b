package expr

import (
	"slices"
	"strings"
)

// parser turns tokens into a tree, one method per level of precedence.
type parser struct {
	src       string
	templates bool
	tokens    []token
	pos       int
	depth     int
	read      []string // names in the order they are met
	bound     []string // names bound by comprehensions
}

// whole parses a source that is one expression.
func (p *parser) whole(src string) (node, error) {
	l := lexer{src: src, templates: p.templates}
	tokens, err := l.all()
	if err != nil {
		return nil, err
	}
	p.src, p.tokens, p.pos = src, tokens, 0
	if tokens[0].kind == tokenEnd {
		return nil, syntaxError(src, 0, "the expression is empty")
	}
	n, err := p.listOrExpr()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected()
	}
	return n, nil
}

// nested parses a source inside this one: the expression in the braces of an f-string.
func (p *parser) nested(src string, at int) (node, error) {
	inner := parser{templates: p.templates, depth: p.depth + 1}
	n, err := inner.whole(src)
	if err != nil {
		return nil, syntaxError(p.src, at, "in the braces of a text: %v", err)
	}
	p.read = append(p.read, inner.read...)
	p.bound = append(p.bound, inner.bound...)
	return n, nil
}

func (p *parser) freeNames() []string {
	var names []string
	for _, name := range p.read {
		if !slices.Contains(p.bound, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) take() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEnd {
		p.pos++
	}
	return t
}

// is says whether the next token is one of the operators.
func (p *parser) is(ops ...string) bool {
	t := p.peek()
	return t.kind == tokenOp && slices.Contains(ops, t.text)
}

// accept takes the next token if it is the operator.
func (p *parser) accept(op string) bool {
	if p.is(op) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(op string) error {
	if p.accept(op) {
		return nil
	}
	return syntaxError(p.src, p.peek().pos, "%q is missing", op)
}

func (p *parser) unexpected() error {
	t := p.peek()
	switch {
	case t.kind == tokenEnd:
		return syntaxError(p.src, t.pos, "the expression ends too early")
	case t.kind == tokenOp && t.text == "=":
		return syntaxError(p.src, t.pos, "= assigns, which an expression cannot; to compare write ==")
	case t.kind == tokenOp || t.kind == tokenName || t.kind == tokenTemplate:
		return syntaxError(p.src, t.pos, "unexpected %q", t.text)
	default:
		return syntaxError(p.src, t.pos, "unexpected text or number")
	}
}

// enter counts one level of nesting; leave undoes it.
func (p *parser) enter() error {
	p.depth++
	if p.depth > MaxNesting {
		return limit("the expression nests deeper than %d levels", MaxNesting)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// listOrExpr parses what may stand bare at the top or in an index: an expression, or several with commas, which are a tuple.
func (p *parser) listOrExpr() (node, error) {
	first, err := p.starOrExpr()
	if err != nil || !p.is(",") {
		return first, p.noStar(first, err)
	}
	items := []node{first}
	for p.accept(",") {
		if t := p.peek(); t.kind == tokenEnd || p.is("]", ")") {
			break
		}
		item, err := p.starOrExpr()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return &sequence{kind: tupleKind, items: items}, nil
}

func (p *parser) noStar(n node, err error) error {
	if _, ok := n.(*starred); ok && err == nil {
		return syntaxError(p.src, p.peek().pos, "a * can stand only in a list or a call")
	}
	return err
}

func (p *parser) starOrExpr() (node, error) {
	if !p.accept("*") {
		return p.expr()
	}
	x, err := p.operand(bitOr)
	if err != nil {
		return nil, err
	}
	return &starred{x: x}, nil
}

// expr parses one expression: the level of "a if c else b".
func (p *parser) expr() (node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	yes, err := p.or()
	if err != nil || !p.accept("if") {
		return yes, err
	}
	cond, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.expect("else"); err != nil {
		return nil, err
	}
	no, err := p.expr()
	if err != nil {
		return nil, err
	}
	return &conditional{cond: cond, yes: yes, no: no}, nil
}

func (p *parser) or() (node, error)  { return p.either("or", p.and) }
func (p *parser) and() (node, error) { return p.either("and", p.not) }

func (p *parser) either(word string, operand func() (node, error)) (node, error) {
	first, err := operand()
	if err != nil || !p.is(word) {
		return first, err
	}
	items := []node{first}
	for p.accept(word) {
		next, err := operand()
		if err != nil {
			return nil, err
		}
		items = append(items, next)
	}
	return &either{or: word == "or", items: items}, nil
}

func (p *parser) not() (node, error) {
	if !p.accept("not") {
		return p.comparison()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.not()
	if err != nil {
		return nil, err
	}
	return &unary{op: "not", x: x}, nil
}

func (p *parser) comparison() (node, error) {
	first, err := p.operand(bitOr)
	if err != nil {
		return nil, err
	}
	c := &comparison{first: first}
	for {
		op := p.comparisonOp()
		if op == "" {
			break
		}
		next, err := p.operand(bitOr)
		if err != nil {
			return nil, err
		}
		c.ops, c.rest = append(c.ops, op), append(c.rest, next)
	}
	if len(c.ops) == 0 {
		return first, nil
	}
	return c, nil
}

func (p *parser) comparisonOp() string {
	switch {
	case p.is("==", "!=", "<", "<=", ">", ">=", "in"):
		return p.take().text
	case p.accept("is"):
		if p.accept("not") {
			return "is not"
		}
		return "is"
	case p.is("not") && p.tokens[p.pos+1].kind == tokenOp && p.tokens[p.pos+1].text == "in":
		p.pos += 2
		return "not in"
	default:
		return ""
	}
}

// operand parses the binary operators that bind at least as strongly as level.
func (p *parser) operand(level int) (node, error) {
	if level > product {
		return p.unary()
	}
	l, err := p.operand(level + 1)
	if err != nil {
		return nil, err
	}
	for p.peek().kind == tokenOp {
		op, ok := binaryOperators[p.peek().text]
		if !ok || op.level != level {
			break
		}
		p.pos++
		r, err := p.operand(level + 1)
		if err != nil {
			return nil, err
		}
		l = &binary{op: op.op, l: l, r: r}
	}
	return l, nil
}

func (p *parser) unary() (node, error) {
	if !p.is("-", "+", "~", "!") {
		return p.power()
	}
	op := p.take().text
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.unary()
	if err != nil {
		return nil, err
	}
	if op == "!" {
		op = "not"
	}
	if c, ok := x.(*constant); ok && op == "-" {
		if i, ok := c.v.(int64); ok && i > 0 { // -1 is a constant, not an operation
			return &constant{v: -i}, nil
		}
	}
	return &unary{op: op, x: x}, nil
}

func (p *parser) power() (node, error) {
	base, err := p.postfix()
	if err != nil || !p.accept("**") {
		return base, err
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	exp, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &binary{op: opPow, l: base, r: exp}, nil
}

// isName says whether s can be the name of a keyword argument.
func isName(s string) bool { return !strings.HasPrefix(s, "__") }
