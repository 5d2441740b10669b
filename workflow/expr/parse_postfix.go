package expr

import "strings"

// postfix parses an atom and what follows it: .name, [index], (arguments).
func (p *parser) postfix() (node, error) {
	n, err := p.atom()
	for err == nil {
		switch {
		case p.accept("."):
			n, err = p.attribute(n)
		case p.accept("["):
			n, err = p.subscript(n)
		case p.accept("("):
			n, err = p.call(n)
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *parser) attribute(x node) (node, error) {
	t := p.take()
	if t.kind != tokenName && (t.kind != tokenOp || !words[t.text]) {
		return nil, syntaxError(p.src, t.pos, "a name follows the point")
	}
	if strings.HasPrefix(t.text, "_") && t.text != "__name__" {
		return nil, syntaxError(p.src, t.pos, "names that start with _ cannot be reached: %q", t.text)
	}
	return &attribute{x: x, name: t.text}, nil
}

func (p *parser) subscript(x node) (node, error) {
	var from, to, by node
	var err error
	if !p.is(":") {
		if from, err = p.listOrExpr(); err != nil {
			return nil, err
		}
		if p.accept("]") {
			return &subscript{x: x, index: from}, nil
		}
	}
	if err = p.expect(":"); err != nil {
		return nil, err
	}
	if !p.is(":", "]") {
		if to, err = p.expr(); err != nil {
			return nil, err
		}
	}
	if p.accept(":") && !p.is("]") {
		if by, err = p.expr(); err != nil {
			return nil, err
		}
	}
	return &slicing{x: x, from: from, to: to, by: by}, p.expect("]")
}

func (p *parser) call(fn node) (node, error) {
	c := &call{fn: fn}
	if name, ok := fn.(*nameRef); ok && function(name.name) != nil {
		p.read = p.read[:len(p.read)-1] // the function, not a variable
	}
	for !p.accept(")") {
		if len(c.args)+len(c.named) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
			if p.accept(")") {
				break
			}
		}
		if err := p.argument(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (p *parser) argument(c *call) error {
	t := p.peek()
	switch {
	case p.accept("**"):
		x, err := p.expr()
		c.names, c.named, c.unpacked = append(c.names, ""), append(c.named, x), true
		return err
	case p.accept("*"):
		x, err := p.expr()
		c.args, c.unpacked = append(c.args, &starred{x: x}), true
		return err
	case t.kind == tokenName && p.tokens[p.pos+1].kind == tokenOp && p.tokens[p.pos+1].text == "=" && isName(t.text):
		p.pos += 2
		x, err := p.expr()
		c.names, c.named = append(c.names, t.text), append(c.named, x)
		return err
	}
	x, err := p.expr()
	if err != nil {
		return err
	}
	if p.is("for") { // f(x for x in xs)
		if x, err = p.comprehension(generatorKind, x, nil); err != nil {
			return err
		}
	}
	if len(c.named) > 0 {
		return syntaxError(p.src, t.pos, "a positional argument follows a named one")
	}
	c.args = append(c.args, x)
	return nil
}

// comprehension parses the clauses that follow the element.
func (p *parser) comprehension(kind sequenceKind, elem, val node) (node, error) {
	if _, ok := elem.(*starred); ok {
		return nil, syntaxError(p.src, p.peek().pos, "a * cannot stand in a comprehension")
	}
	c := &comprehension{kind: kind, elem: elem, value: val}
	for p.accept("for") {
		t, err := p.targets()
		if err != nil {
			return nil, err
		}
		if err := p.expect("in"); err != nil {
			return nil, err
		}
		cl := clause{target: t}
		if cl.source, err = p.or(); err != nil {
			return nil, err
		}
		for p.accept("if") {
			cond, err := p.or()
			if err != nil {
				return nil, err
			}
			cl.conds = append(cl.conds, cond)
		}
		c.clauses = append(c.clauses, cl)
	}
	return c, nil
}

// targets parses "x", "k, v" or "(a, (b, c))".
func (p *parser) targets() (target, error) {
	first, err := p.target()
	if err != nil || !p.is(",") {
		return first, err
	}
	many := []target{first}
	for p.accept(",") {
		if p.is("in", ")", "]") {
			break
		}
		next, err := p.target()
		if err != nil {
			return target{}, err
		}
		many = append(many, next)
	}
	return target{many: many}, nil
}

func (p *parser) target() (target, error) {
	t := p.take()
	if t.kind == tokenName {
		p.bound = append(p.bound, t.text)
		return target{name: t.text}, nil
	}
	if t.kind != tokenOp || t.text != "(" && t.text != "[" {
		return target{}, syntaxError(p.src, t.pos, "a name follows for")
	}
	if err := p.enter(); err != nil {
		return target{}, err
	}
	defer p.leave()
	inner, err := p.targets()
	if err != nil {
		return target{}, err
	}
	if inner.many == nil && t.text == "[" {
		inner = target{many: []target{inner}}
	}
	return inner, p.expect(map[string]string{"(": ")", "[": "]"}[t.text])
}
