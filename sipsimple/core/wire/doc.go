// Package wire moves SIP messages between sockets and the transactions.
//
// A Transport owns the listeners (UDP, TCP, TLS), the connections it accepts
// and those it dials, all opened through one transport.Net. Octets that
// arrive pass the guard (Inspect): a message is handed on whole and valid,
// refused with a stateless response, or dropped. What the guard hands on has
// its header fields unfolded, white space around separators and compact names
// normalised, and the top Via of a request carries received and rport
// (RFC 3261 section 18.2.1, RFC 3581).
//
// Listen opens a Transport, Config.Handler hears the messages, Send writes
// one, Close ends everything and waits for it.
package wire
