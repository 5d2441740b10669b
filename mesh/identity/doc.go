// Package identity holds what makes a machine a robot of one mesh, and what makes a mesh one: keys, certificates, the mesh's
// certificate authority and the text of a join token.
//
// A robot is its Ed25519 key. Its id is a hash of the public key, so a repeated join with the same key gives the same id, and
// whoever sees a public key can check the id that it claims. The certificate binds both to a mesh and a role in its only name,
//
//	casare://<mesh id>/robot/<robot id>?role=<role>
//
// which is compared as a whole: the subject of a certificate means nothing here.
//
// Certificates last 90 days. Between robots that know each other's key the clock is clamped into the certificate's window, so
// that neither five weeks of holidays nor an empty clock battery separates them (see Authority.Check).
package identity
