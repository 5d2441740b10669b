// Package client speaks to the HTTP API of a mesh. Any robot takes any request, so a Client may be given several URLs: it stays
// with the one that answers and goes on to the next when it does not.
//
// Every call may be repeated without harm: reads change nothing, a submit carries an Idempotency-Key of its own, so that the
// mesh answers a repeat with the job that exists. So a Client repeats on a lost connection, on 503 and on an unknown outcome,
// until its patience or the caller's context ends. Every error is a *casare.Error.
package client
