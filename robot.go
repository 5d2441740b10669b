package casare

// Role is what a certificate allows a robot to be.
type Role string

// The roles of a robot. A coordinator may become a Raft voter, a robot never does, an edge robot only dials out.
const (
	RoleCoordinator Role = "coordinator"
	RoleRobot       Role = "robot"
	RoleEdge        Role = "edge"
)

// ParseRole reads the text of a role. The error is CodeInvalid on field "role".
func ParseRole(text string) (Role, error) {
	switch r := Role(text); r {
	case RoleCoordinator, RoleRobot, RoleEdge:
		return r, nil
	}
	return "", Errorf(CodeInvalid, "role %q is none of coordinator, robot, edge", text).On("role")
}

// Robot is one machine of the mesh as the replicated state knows it: identity and what it said of itself in its last hello.
// Whether it is alive, and how loaded, only the leader's session with it can tell.
type Robot struct {
	ID           string            `cbor:"1,keyasint"`
	Tenant       string            `cbor:"2,keyasint"`
	Name         string            `cbor:"3,keyasint"`
	Role         Role              `cbor:"4,keyasint"`
	PublicKey    []byte            `cbor:"5,keyasint,omitempty"` // of its certificate, PKIX DER
	Recipient    string            `cbor:"6,keyasint,omitempty"` // age X25519 recipient that secrets are sealed to
	JoinedAt     Time              `cbor:"7,keyasint,omitempty"`
	Environment  string            `cbor:"8,keyasint,omitempty"`
	Labels       map[string]string `cbor:"9,keyasint,omitempty"`
	Capabilities []string          `cbor:"10,keyasint,omitempty"` // sorted
	Slots        int               `cbor:"11,keyasint,omitempty"`
	Facts        Facts             `cbor:"12,keyasint,omitempty"`
	HTTP         string            `cbor:"13,keyasint,omitempty"` // host:port of its API, as other machines reach it
	Mesh         string            `cbor:"14,keyasint,omitempty"` // host:port of its mesh endpoint
	UpdatedAt    Time              `cbor:"15,keyasint,omitempty"`
}

// Facts are what a robot knows of its machine and does not change while it runs.
type Facts struct {
	Hostname string `cbor:"1,keyasint,omitempty" json:"hostname"`
	OS       string `cbor:"2,keyasint,omitempty" json:"os"`
	Arch     string `cbor:"3,keyasint,omitempty" json:"arch"`
	CPUs     int    `cbor:"4,keyasint,omitempty" json:"cpus"`
	MemoryMB int    `cbor:"5,keyasint,omitempty" json:"memory_mb"`
	Version  string `cbor:"6,keyasint,omitempty" json:"version"` // of casare
}

// SealedKeys is the mesh's CA key and gossip key, sealed to one coordinator.
type SealedKeys struct {
	RobotID string `cbor:"1,keyasint"`
	Sealed  []byte `cbor:"2,keyasint"`
}

// Token lets a machine join. Only the hash of its secret is kept.
type Token struct {
	ID         string   `cbor:"1,keyasint"`
	SecretHash []byte   `cbor:"2,keyasint"` // SHA-256 of the secret
	Role       Role     `cbor:"3,keyasint"`
	ExpiresAt  Time     `cbor:"4,keyasint"`
	MaxUses    int      `cbor:"5,keyasint"`
	UsedBy     []string `cbor:"6,keyasint,omitempty"` // robot ids; a robot that joins again with the same key counts once
	CreatedAt  Time     `cbor:"7,keyasint"`
	CreatedBy  string   `cbor:"8,keyasint,omitempty"`
}

// APIKey is a credential of the HTTP API. Only the hash of the key is kept.
type APIKey struct {
	ID        string `cbor:"1,keyasint"`
	Tenant    string `cbor:"2,keyasint"`
	Name      string `cbor:"3,keyasint"`
	Role      string `cbor:"4,keyasint"` // "admin" for now
	Hash      []byte `cbor:"5,keyasint"` // SHA-256 of the whole key text
	CreatedAt Time   `cbor:"6,keyasint"`
	ExpiresAt Time   `cbor:"7,keyasint,omitempty"` // 0 = never
	RevokedAt Time   `cbor:"8,keyasint,omitempty"` // 0 = valid
}

// DefaultTenant owns everything until a mesh has more than one tenant.
const DefaultTenant = "default"
