// Package ice finds a pair of addresses by which two parties reach each other through NATs: Interactive Connectivity
// Establishment (RFC 8445, and RFC 5245 as SDP has it) for one media stream of up to two components, RTP and RTCP.
//
// A [Gatherer] asks a STUN server how the sockets look from outside. An [Agent] exchanges checks with the peer until both
// know a pair for each component. Both are machines without clock, sockets, goroutines and locks: datagrams and the time
// go in, datagrams and the next deadline come out, and all chance comes from the reader that was given. One goroutine at
// a time may use one.
//
// A component has one socket, bound to one address. So there is one base for it, and a pair is a base and a candidate of
// the peer; the candidate of ours that a pair ends with is the one that the peer has seen.
package ice
