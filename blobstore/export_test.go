package blobstore

// The operations that tests break.
const (
	OpWrite   = opWrite
	OpSync    = opSync
	OpRename  = opRename
	OpSyncDir = opSyncDir
	OpRead    = opRead
)

// Breaking returns c with a function that is called before each operation of the disk and may make it fail.
func (c Config) Breaking(fault func(operation string) error) Config {
	c.fault = fault
	return c
}
