// Package transaction is the transaction layer of SIP: RFC 3261 section 17 with
// the corrections of RFC 6026.
//
// There are four state machines, one a file: inviteClient, client, inviteServer
// and server. They are pure: an input (a message, a timer, a transport error)
// gives outputs (send, start a timer, tell the user, done). A Layer owns
// their timers, matches messages to them and runs everything on one executor,
// so that no lock is needed.
//
// The user of a layer starts requests with Layer.Request, feeds everything that
// arrives to Layer.Receive, hears new requests in LayerConfig.OnRequest and
// answers them with Server.Respond. The 2xx to INVITE and its ACK belong to
// the user (RFC 3261 sections 13.2.2.4 and 13.3.1.4).
package transaction
