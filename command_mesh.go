package casare

// InitMesh is the first command of a mesh.
type InitMesh struct {
	MeshID    string     `cbor:"1,keyasint"`
	CACert    []byte     `cbor:"2,keyasint"` // DER
	Robot     Robot      `cbor:"3,keyasint"`
	Keys      SealedKeys `cbor:"4,keyasint"`
	AdminKey  APIKey     `cbor:"5,keyasint"`
	JoinToken Token      `cbor:"6,keyasint"`
}

// PutRobot replaces what a robot says of itself; identity fields keep what JoinRobot wrote.
type PutRobot struct {
	Robot Robot `cbor:"1,keyasint"`
}

// CreateToken adds a join token.
type CreateToken struct {
	Token Token `cbor:"1,keyasint"`
}

// JoinRobot admits a robot on a token. The same robot id and public key again is no second use. Expired or spent tokens are
// judged by Now, which the leader put in: the state compares data with data.
type JoinRobot struct {
	TokenID    string `cbor:"1,keyasint"`
	SecretHash []byte `cbor:"2,keyasint"`
	Robot      Robot  `cbor:"3,keyasint"`           // Role is what the token says
	Expired    bool   `cbor:"4,keyasint,omitempty"` // the leader's verdict on the token's time
}

// CreateKey adds an API key.
type CreateKey struct {
	Key APIKey `cbor:"1,keyasint"`
}

// RevokeKey ends an API key.
type RevokeKey struct {
	KeyID string `cbor:"1,keyasint"`
}

// SealKeys stores the mesh's keys sealed to one more coordinator.
type SealKeys struct {
	Keys SealedKeys `cbor:"1,keyasint"`
}

// PruneEvents forgets the events up to and including a cursor.
type PruneEvents struct {
	Through Cursor `cbor:"1,keyasint"`
}

// MarkGrown records that the mesh has had three voters once: from then on a robot must have been healthy for 30 s to be promoted.
type MarkGrown struct{}

// Type implements Command.
func (InitMesh) Type() CommandType { return CommandInitMesh }

// Type implements Command.
func (PutRobot) Type() CommandType { return CommandPutRobot }

// Type implements Command.
func (CreateToken) Type() CommandType { return CommandCreateToken }

// Type implements Command.
func (JoinRobot) Type() CommandType { return CommandJoinRobot }

// Type implements Command.
func (CreateKey) Type() CommandType { return CommandCreateKey }

// Type implements Command.
func (RevokeKey) Type() CommandType { return CommandRevokeKey }

// Type implements Command.
func (SealKeys) Type() CommandType { return CommandSealKeys }

// Type implements Command.
func (PruneEvents) Type() CommandType { return CommandPruneEvents }

// Type implements Command.
func (MarkGrown) Type() CommandType { return CommandMarkGrown }
