package session

// MaxSealed is the most that the secrets of one job may take, in bytes.
const MaxSealed = 160 << 10

// Secrets is what Assignment.Sealed holds, in CBOR: the secrets that a job may use and the key its checkpoints seal them with. It is sealed
// to the robot's key (age, X25519), and names the attempt so that it is of no use for another one.
type Secrets struct {
	JobID string            `cbor:"1,keyasint"`
	Epoch uint64            `cbor:"2,keyasint"`
	Key   []byte            `cbor:"3,keyasint"` // 32 bytes, the same for every attempt of the job
	Texts map[string]string `cbor:"4,keyasint,omitempty"`
	Root  string            `cbor:"6,keyasint,omitempty"` // the job whose key Key is, when it is not this one: this one began at a checkpoint of that
	Fault string            `cbor:"5,keyasint,omitempty"` // why the job cannot have its secrets: it fails with this sentence
}
