// Package msrp is the Message Session Relay Protocol (RFC 4975) with relays as a client (RFC 4976) and the connection
// roles of RFC 6135: what chat, file transfer and desktop sharing travel in.
//
// [Open] reserves what SDP has to tell, an [Endpoint] with a path; after offer and answer [Endpoint.Establish] connects
// or waits for the peer, binds the connection to the session, and gives a [Session]. Give it a [Handler] with
// [Session.Run], send with [Session.Send], stop with [Session.Close] or [Session.Abort]; everything is over when
// [Session.Done] is closed.
//
// A [Framer] takes the octets apart. Its result does not depend on how they were split, and it holds no body: memory
// stays bounded whatever a peer announces. [Assembler] puts chunks together again, for messages small enough to be held.
//
// Subpackage cpim has the message format of RFC 3862, subpackage iscomposing that of RFC 3994.
package msrp
