package sdp

import (
	"net/netip"
	"slices"

	"github.com/pion/sdp/v3"
)

// NewSession returns the session level of a description of ours, without
// m-lines: o= and c= with our address, s= the name of the user agent, t=0 0.
// The id in the o= line stays the same for the life of the dialog; the version
// is [Negotiation]'s business.
func NewSession(agent string, addr netip.Addr, id uint64) *sdp.SessionDescription {
	agent = printable(agent)
	if agent == "" {
		agent = "-"
	}
	d := &sdp.SessionDescription{
		Origin:           sdp.Origin{Username: "-", SessionID: id, SessionVersion: id},
		SessionName:      sdp.SessionName(agent),
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	SetSessionAddress(d, addr)
	return d
}

// SetSessionAddress writes an address of ours into the o= line and the session
// level c= line, as when it has changed.
func SetSessionAddress(d *sdp.SessionDescription, addr netip.Addr) {
	d.ConnectionInformation = Connection(addr)
	d.Origin.NetworkType = d.ConnectionInformation.NetworkType
	d.Origin.AddressType = d.ConnectionInformation.AddressType
	d.Origin.UnicastAddress = d.ConnectionInformation.Address.Address
}

// Connection is a c= line for the address.
func Connection(addr netip.Addr) *sdp.ConnectionInformation {
	kind := "IP4"
	if addr = addr.Unmap(); addr.Is6() {
		kind = "IP6"
	}
	return newConnection("IN", kind, sdp.Address{Address: addr.WithZone("").String()})
}

// newConnection makes a c= line and what it refers to in one piece.
func newConnection(network, kind string, address sdp.Address) *sdp.ConnectionInformation {
	c := &struct {
		line    sdp.ConnectionInformation
		address sdp.Address
	}{sdp.ConnectionInformation{NetworkType: network, AddressType: kind}, address}
	c.line.Address = &c.address
	return &c.line
}

// RefusedLine is the answer to an offered m-line that is not accepted, and the
// form of every dead slot: media, protocol and formats of the offer, port 0,
// nothing else (RFC 3264 section 6).
func RefusedLine(offer *sdp.MediaDescription) *sdp.MediaDescription {
	return &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media:   offer.MediaName.Media,
		Protos:  slices.Clone(offer.MediaName.Protos),
		Formats: slices.Clone(offer.MediaName.Formats),
	}}
}

// Alive tells whether the m-line is in use: its port is not 0.
func Alive(m *sdp.MediaDescription) bool { return m.MediaName.Port.Value != 0 }

// AnyAlive tells whether any m-line is in use.
func AnyAlive(d *sdp.SessionDescription) bool {
	return slices.ContainsFunc(d.MediaDescriptions, Alive)
}
