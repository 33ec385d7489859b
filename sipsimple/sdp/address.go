package sdp

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Address is the connection address of a media description: its own c= line,
// else that of the session, which may be nil. False when there is none or it
// is no IP address; a name is not resolved. TTL and address count of multicast
// addresses are cut off.
func Address(m *sdp.MediaDescription, s *sdp.SessionDescription) (netip.Addr, bool) {
	c := m.ConnectionInformation
	if c == nil && s != nil {
		c = s.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return netip.Addr{}, false
	}
	text, _, _ := strings.Cut(c.Address.Address, "/")
	addr, err := netip.ParseAddr(text)
	return addr.Unmap(), err == nil
}

// SessionAddress is the session level address, else that of the first m-line
// that has one: where a description as a whole points to.
func SessionAddress(d *sdp.SessionDescription) (netip.Addr, bool) {
	if addr, ok := Address(&sdp.MediaDescription{}, d); ok {
		return addr, true
	}
	for _, m := range d.MediaDescriptions {
		if addr, ok := Address(m, nil); ok {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// MediaAddrPort is where the peer wants the media: address and port of the
// m-line. False for a dead line and without an IP address.
func MediaAddrPort(m *sdp.MediaDescription, s *sdp.SessionDescription) (netip.AddrPort, bool) {
	addr, ok := Address(m, s)
	if !ok || !Alive(m) {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr, uint16(m.MediaName.Port.Value)), true
}

// RTCPAddrPort is where the peer wants RTCP: the a=rtcp attribute (RFC 3605),
// else the port after that of the media.
func RTCPAddrPort(m *sdp.MediaDescription, s *sdp.SessionDescription) (netip.AddrPort, bool) {
	media, ok := MediaAddrPort(m, s)
	if !ok || media.Port() == 65535 {
		return netip.AddrPort{}, false
	}
	result := netip.AddrPortFrom(media.Addr(), media.Port()+1)
	value, _ := m.Attribute("rtcp")
	fields := strings.Fields(value)
	if len(fields) == 0 {
		return result, true
	}
	port, err := strconv.ParseUint(fields[0], 10, 16)
	if err != nil || port == 0 {
		return result, true
	}
	addr := media.Addr()
	if len(fields) >= 4 {
		if own, err := netip.ParseAddr(fields[3]); err == nil {
			addr = own.Unmap()
		}
	}
	return netip.AddrPortFrom(addr, uint16(port)), true
}
