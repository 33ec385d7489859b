package configuration

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// SIPAddress is an address of record, without scheme. The user part is as in a
// URI: what needs it is escaped.
type SIPAddress struct{ Username, Domain string }

// ParseSIPAddress reads user@domain. The domain is a host name or an IP address
// (IPv6 in brackets); "sip:" before it is left out, and more than one @ become
// "%40", all but the last.
func ParseSIPAddress(text string) (SIPAddress, error) {
	for _, scheme := range []string{"sip:", "sips:"} {
		text = strings.TrimPrefix(text, scheme)
	}
	at := strings.LastIndexByte(text, '@')
	if at <= 0 {
		return SIPAddress{}, errSIPAddress
	}
	user, domain := strings.ReplaceAll(text[:at], "@", "%40"), text[at+1:]
	if !isHost(domain) || strings.ContainsFunc(user, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>":`, r) }) {
		return SIPAddress{}, errSIPAddress
	}
	if _, err := parseText(user); err != nil {
		return SIPAddress{}, errSIPAddress
	}
	return SIPAddress{user, domain}, nil
}

var errSIPAddress = errors.New("a SIP address, such as alice@example.org")

// String is user@domain.
func (a SIPAddress) String() string { return a.Username + "@" + a.Domain }

// SIPAddressSetting is the type of settings that hold a SIP address.
var SIPAddressSetting = TextType(errSIPAddress.Error(), ParseSIPAddress, SIPAddress.String)

// isHost says that text is a host name (letters, digits, hyphens, underscores
// and dots), an IPv4 address, or an IPv6 address in brackets.
func isHost(text string) bool {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		return ok && err == nil && ip.Is6() && ip.Zone() == ""
	}
	if text == "" || len(text) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(text, "."), ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
				return false
			}
		}
	}
	if last := text[strings.LastIndexByte(text, '.')+1:]; last != "" && strings.Trim(last, "0123456789") == "" {
		_, err := netip.ParseAddr(text) // what ends like an IPv4 address must be one
		return err == nil
	}
	return true
}

// splitHostPort reads host[:port]; port is 0 when it is not there.
func splitHostPort(text string) (host string, port int, err error) {
	host = text
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, ']') {
		host = text[:i]
		if port, err = parseInt(text[i+1:], 1, 65535); err != nil {
			return "", 0, err
		}
	}
	if !isHost(host) {
		return "", 0, errValue
	}
	return host, port, nil
}

// ProxyAddress is where a server is reached: an outbound proxy (RFC 3261), an
// MSRP relay (RFC 4976).
type ProxyAddress struct {
	Host      string // a name or an IP address, IPv6 in brackets
	Port      int    // never 0 in a setting
	Transport string // udp, tcp, tls
}

// String is host:port;transport=x.
func (a ProxyAddress) String() string {
	return a.Host + ":" + strconv.Itoa(a.Port) + ";transport=" + a.Transport
}

// proxyType reads host[:port][;transport=x]; the first transport is the default.
func proxyType(expected string, port func(transport string) int, transports ...string) Type[ProxyAddress] {
	return TextType(expected, func(text string) (ProxyAddress, error) {
		address := ProxyAddress{Transport: transports[0]}
		place, parameters, _ := strings.Cut(text, ";")
		if parameters != "" {
			transport, ok := strings.CutPrefix(strings.ToLower(parameters), "transport=")
			if !ok || !slices.Contains(transports, transport) {
				return ProxyAddress{}, errValue
			}
			address.Transport = transport
		}
		var err error
		if address.Host, address.Port, err = splitHostPort(place); err != nil {
			return ProxyAddress{}, err
		}
		if address.Port == 0 {
			address.Port = port(address.Transport)
		}
		return address, nil
	}, ProxyAddress.String)
}

// SIPProxySetting is the address of a SIP proxy. Without a port it is 5060, or
// 5061 for tls; without a transport it is udp.
var SIPProxySetting = proxyType("a proxy, such as proxy.example.org:5061;transport=tls", func(transport string) int {
	if transport == "tls" {
		return 5061
	}
	return 5060
}, "udp", "tcp", "tls")

// MSRPRelaySetting is the address of an MSRP relay. Without a port it is 2855,
// without a transport tls.
var MSRPRelaySetting = proxyType("an MSRP relay, such as relay.example.org:2855;transport=tls", func(string) int {
	return 2855
}, "tls", "tcp")

// STUNServer is where a STUN server is reached (RFC 8489).
type STUNServer struct {
	Host string // a name or an IP address, IPv6 in brackets
	Port int    // never 0 in a setting
}

// String is host:port.
func (s STUNServer) String() string { return s.Host + ":" + strconv.Itoa(s.Port) }

// STUNServerSetting is the address of a STUN server. Without a port it is 3478.
var STUNServerSetting = TextType("a STUN server, such as stun.example.org:3478", func(text string) (STUNServer, error) {
	host, port, err := splitHostPort(text)
	if port == 0 {
		port = 3478
	}
	return STUNServer{host, port}, err
}, STUNServer.String)

// XCAPRootSetting is the root of an XCAP server (RFC 4825 section 6.1): an http
// or https URL without parameters, query and fragment.
var XCAPRootSetting = TextType("an http or https URL without ;, ? and #", func(text string) (string, error) {
	root, err := url.Parse(text)
	if err != nil || root.Scheme != "http" && root.Scheme != "https" || root.Host == "" || root.User != nil || strings.ContainsAny(text, ";?# \t\r\n") {
		return "", errValue
	}
	if host := root.Hostname(); !isHost(host) && !isHost("["+host+"]") {
		return "", errValue
	}
	return text, nil
}, func(v string) string { return v })
