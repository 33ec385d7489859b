// Package natdetect finds out what kind of NAT a host is behind, by the classic tests of RFC 3489 section 10.1 with the
// messages of RFC 5389. The answer is a hint for diagnosis and no more: RFC 5780 tells why.
//
// [Detect] does it all. The decisions are in a small machine that knows nothing of sockets and time.
package natdetect
