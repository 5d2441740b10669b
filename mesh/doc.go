// Package mesh knows who is there and carries bytes between robots.
//
// # One UDP port
//
// Everything goes through one quic.Transport on one UDP socket. ALPN names the plane: gossip, raft, rpc, robot sessions, join.
// All planes but join demand a certificate of the mesh on both sides; who dials names the robot it wants and gets exactly that
// robot or an error. A client hello that offers the join plane gets a configuration with only that plane in it, so that no
// other can be had without a certificate. What belongs to gossip but fits no stream goes as raw packets whose first byte
// has its two top bits clear, which QUIC leaves alone.
//
// A listener has one idle time for all, and the smaller of both sides counts, so the dialler sets it by plane. Reset and token
// keys are kept on disk: a robot that was restarted answers packets of old connections with a stateless reset, and its peers
// dial again at once instead of waiting for silence.
//
// # Streams
//
// A connection of the raft, robot and gossip planes carries one stream; those of the rpc and blob planes carry many and are kept for the next.
// A stream begins with a greeting both ways: the signed record of the dialler, answered by that of the listener. It makes
// Dial's success mean that the peer accepted, tells each side the other's current addresses, and it is long enough that a
// restarted peer answers it with a stateless reset (shorter packets get none).
//
// Closing a net.Conn over a stream must lose nothing that was written before. The side that closes first ends its stream and
// leaves the connection alone; the one that closes second, when nobody reads any more, closes the connection. If the other
// side never closes, the connection goes after lingerTime.
//
// # Gossip
//
// memberlist runs over these packets and streams and addresses robots by id: the address it sees is made up from the id and
// never changes, so neither a new port nor a new network is a conflict to it. Real addresses are in records (see record.go)
// signed by the robot: in gossip, in greetings and in the peers file. Gossip is a hint: it never decides anything.
// memberlist does not heal a split of 30 s or more, so a rejoin loop dials everybody known who is not alive.
package mesh
