// Package api is the HTTP and WebSocket interface that every robot serves: the contract that old clients rely on
// (superset JSON, alias paths, both auth headers), plus what the command line and the console need.
//
// A request meets two layers.
//
// The front (front.go, and live_pump.go for WebSockets) is the same on every robot and knows nothing of jobs or robots. It buffers
// the body, gives the request a command id, and gets the request answered by the leader: by the local layer when this robot
// leads, else by forwarding the whole request, with the user's own credential, to the robot that does. When the leader is lost on
// the way it waits for the next one and repeats the request under the same command id, for up to 25 s, so that a change of
// leader is a pause and not an error, and a repeat is not a second job. If it is still not answered then, it says which of two
// things holds: nothing was ever proposed (503 with Retry-After: send it again), or nobody can say (500 OUTCOME_UNKNOWN with
// the job's id; never a status that old clients answer by sending a new job).
//
// The local layer (routes.go and one file a resource) checks the credential against the replicated state, decodes, calls one
// interface, encodes. Whoever answers checks: a robot that only forwards holds no keys. The command id of a submit becomes the
// job's id, so the state answers a repeat with the job that exists.
//
// Reads go to the leader unless the request says consistency=stale; a robot with a copy of the state answers them itself, marked
// with X-Casare-Stale, while nobody leads.
package api
