package wire

import (
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// parseVia reads one via-parm (RFC 3261 section 20.42):
// protocol / version / transport LWS sent-by *( ; parameter ). The parameters go
// to the memory of those that via has.
func parseVia(s string, via *sip.ViaHeader) error {
	protocol, s, ok1 := strings.Cut(s, "/")
	version, s, ok2 := strings.Cut(s, "/")
	s = trimLeft(s)
	end := strings.IndexAny(s, " \t")
	if !ok1 || !ok2 || end < 0 {
		return errSyntax
	}
	*via = sip.ViaHeader{
		ProtocolName: trim(protocol), ProtocolVersion: trim(version), Transport: s[:end], Params: via.Params[:0],
	}
	if !isToken(via.ProtocolName) || !isToken(via.ProtocolVersion) || !isToken(via.Transport) {
		return errSyntax
	}
	sentBy := trimLeft(s[end:])
	params := ""
	if i := strings.IndexByte(sentBy, ';'); i >= 0 {
		sentBy, params = sentBy[:i], sentBy[i:]
	}
	host, port, ok := parseHostPort(compactSentBy(trimRight(sentBy)))
	if !ok {
		return errSyntax
	}
	via.Host, via.Port = viaHost(host), port
	if err := parseParams(params, &via.Params); err != nil || !once(via.Params, "branch") {
		return errSyntax
	}
	return nil
}

// compactSentBy takes out the white space that is allowed around the colon.
func compactSentBy(s string) string {
	if !strings.ContainsAny(s, " \t") {
		return s
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s
	}
	return trimRight(s[:i]) + ":" + trimLeft(s[i+1:])
}

// viaHost takes the brackets off an IPv6 address, as sip.ViaHeader wants it. It
// puts them back when it writes, except around IPv4-mapped addresses.
func viaHost(host string) string {
	if !strings.HasPrefix(host, "[") {
		return host
	}
	bare := host[1 : len(host)-1]
	if addr, err := netip.ParseAddr(bare); err != nil || addr.Is4In6() {
		return host
	}
	return bare
}
