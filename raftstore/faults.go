package raftstore

// faults lets a test break one named operation: the function is called with the operation's name before it happens, and what it
// returns is what the operation fails with. A test that wants the process to die at that point panics in it.
type faults func(operation string) error

// The operations a test can break.
const (
	opStateCommit     = "state.commit"     // the end of an applied batch
	opStateSync       = "state.sync"       // the transaction of several batches
	opLogWrite        = "log.write"        // appending to the log
	opStableWrite     = "log.stable"       // term and vote
	opSnapshotCreate  = "snapshot.create"  // the first write of a received snapshot
	opSnapshotClose   = "snapshot.close"   // the received snapshot is complete
	opRestoreVerify   = "restore.verify"   // before the received file is opened and checked
	opRestoreSync     = "restore.sync"     // before it is synced
	opRestoreClose    = "restore.close"    // before the live file is closed
	opRestoreRename   = "restore.rename"   // before the received file takes its place
	opRestoreSyncDir  = "restore.sync_dir" // after the rename, before the folder is synced
	opRestoreReopen   = "restore.reopen"   // before the new file is opened
	opRestoreFinished = "restore.finished" // all done, raft does not know yet
)

func (f faults) before(operation string) error {
	if f == nil {
		return nil
	}
	return f(operation)
}
