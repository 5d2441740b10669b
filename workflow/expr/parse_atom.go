package expr

// constants are the names that always mean the same.
var constants = map[string]any{
	"None": nil, "True": true, "False": false,
	"none": nil, "null": nil, "true": true, "false": false,
}

// atom parses a literal, a name, a template, or something in brackets.
func (p *parser) atom() (node, error) {
	switch t := p.peek(); t.kind {
	case tokenName:
		p.pos++
		if v, ok := constants[t.text]; ok {
			return &constant{v: v}, nil
		}
		p.read = append(p.read, t.text)
		return &nameRef{name: t.text}, nil
	case tokenNumber:
		p.pos++
		return &constant{v: t.v}, nil
	case tokenText:
		return p.texts()
	case tokenTemplate:
		p.pos++
		p.read = append(p.read, t.path.Root)
		return &templateRef{path: t.path, text: t.text}, nil
	case tokenOp:
		return p.bracketed()
	case tokenEnd:
		return nil, p.unexpected()
	default:
		return nil, p.unexpected()
	}
}

func (p *parser) bracketed() (node, error) {
	switch {
	case p.accept("("):
		return p.parenthesis()
	case p.accept("["):
		return p.list()
	case p.accept("{"):
		return p.braces()
	default:
		return nil, p.unexpected()
	}
}

func (p *parser) parenthesis() (node, error) {
	if p.accept(")") {
		return &constant{v: tuple{}}, nil
	}
	first, err := p.starOrExpr()
	if err != nil {
		return nil, err
	}
	if p.is("for") {
		n, err := p.comprehension(generatorKind, first, nil)
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	}
	if !p.is(",") {
		if err := p.noStar(first, nil); err != nil {
			return nil, err
		}
		return first, p.expect(")")
	}
	items, err := p.rest(first, ")")
	return &sequence{kind: tupleKind, items: items}, err
}

func (p *parser) list() (node, error) {
	if p.accept("]") {
		return &sequence{kind: listKind}, nil
	}
	first, err := p.starOrExpr()
	if err != nil {
		return nil, err
	}
	if p.is("for") {
		n, err := p.comprehension(listKind, first, nil)
		if err != nil {
			return nil, err
		}
		return n, p.expect("]")
	}
	items, err := p.rest(first, "]")
	return &sequence{kind: listKind, items: items}, err
}

// rest parses ", item …" up to and with the closing bracket.
func (p *parser) rest(first node, closing string) ([]node, error) {
	items := []node{first}
	for p.accept(",") {
		if p.is(closing) {
			break
		}
		item, err := p.starOrExpr()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, p.expect(closing)
}

// braces parses a dict or a set after its opening brace.
func (p *parser) braces() (node, error) {
	if p.accept("}") {
		return &dictDisplay{}, nil
	}
	if p.is("**") {
		return p.dict(&dictDisplay{})
	}
	first, err := p.starOrExpr()
	if err != nil {
		return nil, err
	}
	if !p.accept(":") {
		if p.is("for") {
			n, err := p.comprehension(setKind, first, nil)
			if err != nil {
				return nil, err
			}
			return n, p.expect("}")
		}
		items, err := p.rest(first, "}")
		return &sequence{kind: setKind, items: items}, err
	}
	if err := p.noStar(first, nil); err != nil {
		return nil, err
	}
	val, err := p.expr()
	if err != nil {
		return nil, err
	}
	if p.is("for") {
		n, err := p.comprehension(dictKind, first, val)
		if err != nil {
			return nil, err
		}
		return n, p.expect("}")
	}
	d := &dictDisplay{keys: []node{first}, values: []node{val}}
	if p.accept("}") {
		return d, nil
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	return p.dict(d)
}

// dict parses the entries of a dict up to its closing brace.
func (p *parser) dict(d *dictDisplay) (node, error) {
	for !p.accept("}") {
		var key node
		var err error
		if !p.accept("**") {
			if key, err = p.expr(); err != nil {
				return nil, err
			}
			if err := p.expect(":"); err != nil {
				return nil, err
			}
		}
		val, err := p.expr()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, key), append(d.values, val)
		if !p.accept(",") {
			return d, p.expect("}")
		}
	}
	return d, nil
}
