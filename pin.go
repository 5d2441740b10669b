package casare

import "slices"

// MaxPin is how many bytes of what pins a job to its robot are kept.
const MaxPin = 1024

// StrandJob leaves a job to a person that waits for the robot it is pinned to. Reason says for which robot, and why.
type StrandJob struct {
	JobID  string `cbor:"1,keyasint"`
	Epoch  uint64 `cbor:"2,keyasint"`
	Reason string `cbor:"3,keyasint"`
}

// Type implements Command.
func (StrandJob) Type() CommandType { return CommandStrandJob }

// BoundTo returns the robot that the job can go on at, and nowhere else, "" for any: a step has left something there, named by Pin,
// that no other robot has.
func (j *Job) BoundTo() string {
	if j.Pin == "" {
		return ""
	}
	return j.RobotID
}

// Strand leaves a job that waits in the queue for its robot to a person. Should the robot come back with the attempt before anybody has
// decided, the job goes on.
func (j *Job) Strand(epoch uint64, reason string, now Time) error {
	if epoch != j.Epoch {
		return Errorf(CodeStaleEpoch, "job %s is at epoch %d, not %d", j.ID, j.Epoch, epoch)
	}
	if j.State != JobQueued || j.Pin == "" {
		return j.refuse("strand")
	}
	j.State, j.Reason, j.Lost, j.UpdatedAt = JobNeedsAttention, reason, true, now
	return nil
}

// refusedByItsRobot says whether the only robot that the job can go on at does not want it.
func (j *Job) refusedByItsRobot() bool {
	return j.Pin != "" && slices.Contains(j.RejectedBy, j.RobotID)
}

// onlyThere is why a person must decide about a job whose robot does not want it.
func (j *Job) onlyThere() string {
	return "The job can go on only where it left " + j.Pin + ", and that robot rejects it."
}

// waits is what a job in the queue waits for, "" for any free robot.
func (j *Job) waits() string {
	if j.Pin == "" {
		return ""
	}
	return "The job waits for its robot, which alone has " + j.Pin + "."
}
