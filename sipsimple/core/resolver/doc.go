// Package resolver finds SIP servers: RFC 3263 over NAPTR, SRV, A and AAAA records, and the other look-ups of the
// middleware (STUN servers, MSRP relays, XCAP roots).
//
// A [Resolver] asks name servers over UDP, and over TCP where an answer did not fit, through transport.Net. Its methods
// block and follow a context; a [DNSLookup] is one look-up that runs in the background and posts notifications. The
// [Manager] watches over the list of name servers.
//
// A resolver trusts nobody: whatever does not match the question is ignored, answers are bounded in number and size, a
// chain of aliases in length, and the time of it all together.
package resolver
