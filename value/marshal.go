package value

import "casare"

// Box carries any Value through encoding/json and CBOR encoders inside other structs, with this package's codecs.
type Box struct{ Value Value }

// MarshalJSON writes the value; see AppendJSON.
func (b Box) MarshalJSON() ([]byte, error) { return JSON(b.Value) }

// UnmarshalJSON reads the value; see ParseJSON.
func (b *Box) UnmarshalJSON(raw []byte) (err error) {
	b.Value, err = ParseJSON(raw)
	return err
}

// MarshalCBOR writes the value; see EncodeCBOR.
func (b Box) MarshalCBOR() ([]byte, error) { return EncodeCBOR(b.Value) }

// UnmarshalCBOR reads the value; see DecodeCBOR.
func (b *Box) UnmarshalCBOR(raw []byte) (err error) {
	b.Value, err = DecodeCBOR(raw)
	return err
}

// MarshalJSON writes the dict in its order.
func (d *Dict) MarshalJSON() ([]byte, error) { return JSON(d) }

// UnmarshalJSON reads an object into a fresh dict; null gives an empty one. Only a decoder that made d may call it.
func (d *Dict) UnmarshalJSON(raw []byte) error {
	v, err := ParseJSON(raw)
	if err != nil {
		return err
	}
	return d.become(v)
}

// MarshalCBOR writes the dict in its order.
func (d *Dict) MarshalCBOR() ([]byte, error) { return EncodeCBOR(d) }

// UnmarshalCBOR reads a map into a fresh dict; null gives an empty one. Only a decoder that made d may call it.
func (d *Dict) UnmarshalCBOR(raw []byte) error {
	v, err := DecodeCBOR(raw)
	if err != nil {
		return err
	}
	return d.become(v)
}

func (d *Dict) become(v Value) error {
	switch x := v.(type) {
	case nil:
		*d = Dict{}
	case *Dict:
		*d = *x
	default:
		return casare.Errorf(casare.CodeInvalid, "a %s stands where an object should be", TypeName(v))
	}
	return nil
}

// MarshalJSON writes the list; see AppendJSON.
func (l List) MarshalJSON() ([]byte, error) { return JSON(l) }

// MarshalCBOR writes the list; see EncodeCBOR.
func (l List) MarshalCBOR() ([]byte, error) { return EncodeCBOR(l) }

// UnmarshalJSON reads an array; null gives an empty list.
func (l *List) UnmarshalJSON(raw []byte) error {
	v, err := ParseJSON(raw)
	if err != nil {
		return err
	}
	return l.become(v)
}

// UnmarshalCBOR reads an array; null gives an empty list.
func (l *List) UnmarshalCBOR(raw []byte) error {
	v, err := DecodeCBOR(raw)
	if err != nil {
		return err
	}
	return l.become(v)
}

func (l *List) become(v Value) error {
	switch x := v.(type) {
	case nil:
		*l = nil
	case List:
		*l = x
	default:
		return casare.Errorf(casare.CodeInvalid, "a %s stands where a list should be", TypeName(v))
	}
	return nil
}
