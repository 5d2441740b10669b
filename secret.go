package casare

// Limits of secrets.
const (
	MaxSecret     = 64 << 10 // bytes of one secret's text
	MaxSecretName = 64       // bytes
	MaxSecrets    = 1000     // of one tenant
)

// Secret is a text that workflows use by its name, as {{$secret:name}}. The state holds it sealed: only the coordinators of the mesh
// can open it, and nobody can read it through the API.
type Secret struct {
	Tenant      string `cbor:"1,keyasint"`
	Name        string `cbor:"2,keyasint"`
	Description string `cbor:"3,keyasint,omitempty"`
	Sealed      []byte `cbor:"4,keyasint"`
	Version     int    `cbor:"5,keyasint"` // counts changes, from 1; counted by the state
	CreatedAt   Time   `cbor:"6,keyasint"`
	UpdatedAt   Time   `cbor:"7,keyasint"`
	UpdatedBy   string `cbor:"8,keyasint,omitempty"`
}

// CheckSecretName says what is wrong with the name of a secret: it has 1 to 64 letters, digits, "_", "-" and ".". The error is
// CodeValidation on field "name".
func CheckSecretName(name string) error {
	if name == "" || len(name) > MaxSecretName {
		return Errorf(CodeValidation, "the name of a secret has 1 to %d bytes", MaxSecretName).On("name")
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.':
		default:
			return Errorf(CodeValidation, "the name of a secret has only letters, digits, '_', '-' and '.', not %q", c).On("name")
		}
	}
	return nil
}

// PutSecret adds a secret or replaces it. The tenant is that of the proposal.
type PutSecret struct {
	Secret Secret `cbor:"1,keyasint"`
}

// DeleteSecret forgets a secret. Jobs that run have it still.
type DeleteSecret struct {
	Name string `cbor:"1,keyasint"`
}

// Type implements Command.
func (PutSecret) Type() CommandType { return CommandPutSecret }

// Type implements Command.
func (DeleteSecret) Type() CommandType { return CommandDeleteSecret }
