// Package dnsserver is a DNS server for the laboratory: it answers from zone lines, over UDP and TCP, and can misbehave
// by name. It sees the network through transport.Net and runs in virtual time as well as on sockets.
//
// A zone line is a name, an optional time to live in seconds, a type and its data:
//
//	example.test NAPTR 10 10 s SIP+D2U _sip._udp.example.test
//	_sip._udp.example.test SRV 10 0 5060 nowhere
//	x.test 60 A bob
//	www.test CNAME x.test
//	xcap.test TXT "https://xcap.test/root"
//	slow.test TIMEOUT
//
// The data of A and AAAA is an address or the name of a host of the laboratory; names without dots in SRV and NAPTR are
// such hosts too. What a zone does not know is asked of Config.Lookup, so that all hosts can be found. TIMEOUT (no answer
// at all), SERVFAIL, REFUSED, NXDOMAIN and GARBAGE (octets that are no DNS) hold for the name and all names below it,
// except those that have records of their own.
package dnsserver
