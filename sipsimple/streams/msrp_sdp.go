package streams

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// Protocols of MSRP m-lines (RFC 4975 section 8.1).
const (
	protocolTCP = "TCP/MSRP"
	protocolTLS = "TCP/TLS/MSRP"
)

func fields(text string) []string { return strings.Fields(text) }

// value is the first attribute of a name.
func value(line *sdp.MediaDescription, name string) (string, bool) {
	text, ok := line.Attribute(name)
	return strings.TrimSpace(text), ok
}

// takeOffer makes an incoming stream of an offered m-line whose kind is known.
func (m *msrpStream) takeOffer(remote *sdp.SessionDescription, line *sdp.MediaDescription, index int) error {
	protocol := callsdp.Protocol(line)
	m.secure = strings.EqualFold(protocol, protocolTLS)
	switch {
	case !m.secure && (!strings.EqualFold(protocol, protocolTCP) || m.env.MSRP.Transport == "tls"):
		return &InvalidStreamError{Reason: fmt.Sprintf("transport protocol %q is not supported", protocol)}
	case len(line.MediaName.Formats) != 1 || line.MediaName.Formats[0] != "*":
		return &InvalidStreamError{Reason: "format is not *"}
	}
	setup, ok := value(line, "setup")
	if !ok {
		setup = setupActive
	}
	switch setup {
	case setupActive, setupPassive, setupActPass:
	default:
		return &InvalidStreamError{Reason: fmt.Sprintf("setup %.40q is not supported", setup)}
	}
	m.remoteSetup = setup
	m.offer = &remoteOffer{session: remote, line: line}
	m.SetIndex(index)
	return nil
}

// LocalMedia implements [MediaStream]. The description stays the same for the life of the stream.
func (m *msrpStream) LocalMedia(bool) (*sdp.MediaDescription, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.initialized || m.state == MSRPEnded {
		return nil, &IllegalStateError{Method: "LocalMedia", State: string(m.state)}
	}
	if m.local == nil {
		m.local = m.lineLocked()
	}
	return callsdp.CloneLine(m.local), nil
}

func (m *msrpStream) lineLocked() *sdp.MediaDescription {
	d := m.kind.describeLocked()
	protocol := protocolTCP
	if m.secure {
		protocol = protocolTLS
	}
	line := &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: d.media, Port: sdp.RangedPort{Value: m.endpoint.Port()}, Protos: strings.Split(protocol, "/"),
		Formats: []string{"*"},
	}}
	add := func(key, value string) { line.Attributes = append(line.Attributes, sdp.NewAttribute(key, value)) }
	add("path", m.endpoint.Path().String())
	if d.direction != callsdp.SendRecv {
		add(d.direction.String(), "")
	}
	add("accept-types", d.acceptTypes)
	if d.wrappedTypes != "" {
		add("accept-wrapped-types", d.wrappedTypes)
	}
	add("setup", m.setup)
	line.Attributes = append(line.Attributes, d.attributes...)
	if fingerprint := m.endpoint.Fingerprint(); fingerprint != "" {
		add("fingerprint", fingerprint)
	}
	return line
}

var errNoAcceptTypes = errors.New("the peer's description has no accept-types")

// negotiateLocked reads the active descriptions.
func (m *msrpStream) negotiateLocked(local, remote *sdp.SessionDescription, index int) (msrp.Peer, error) {
	ours, ok1 := lineAt(local, index)
	theirs, ok2 := lineAt(remote, index)
	if !ok1 || !ok2 {
		return msrp.Peer{}, fmt.Errorf("there is no m-line %d", index)
	}
	if _, ok := value(theirs, "accept-types"); !ok {
		return msrp.Peer{}, errNoAcceptTypes
	}
	text, ok := value(theirs, "path")
	if !ok {
		return msrp.Peer{}, errors.New("the peer's description has no path")
	}
	path, err := msrp.ParsePath(text)
	if err != nil {
		return msrp.Peer{}, err
	}
	if path[0].Secure != m.secure {
		return msrp.Peer{}, fmt.Errorf("path %s does not go with %s", path[0], callsdp.Protocol(ours))
	}
	m.remote = theirs
	if err := m.kind.negotiatedLocked(ours, theirs); err != nil {
		return msrp.Peer{}, err
	}
	peer := msrp.Peer{Path: path, Active: m.peerActiveLocked(theirs)}
	if m.secure {
		peer.Fingerprint = fingerprintOf(theirs, remote)
	}
	return peer, nil
}

// peerActiveLocked tells whether the peer connects.
func (m *msrpStream) peerActiveLocked(theirs *sdp.MediaDescription) bool {
	switch m.setup {
	case setupActive:
		return false
	case setupPassive:
		return true
	}
	setup, _ := value(theirs, "setup") // without one it does not know RFC 6135, and waits
	return setup == setupActive
}

func fingerprintOf(line *sdp.MediaDescription, session *sdp.SessionDescription) string {
	text, ok := value(line, "fingerprint")
	if !ok {
		text, _ = session.Attribute("fingerprint")
	}
	return strings.TrimSpace(text)
}

// ValidateUpdate implements [MediaStream]: the m-line must stay what it is, or die.
func (m *msrpStream) ValidateUpdate(remote *sdp.SessionDescription, index int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	line, ok := lineAt(remote, index)
	if !ok {
		return false
	}
	if !callsdp.Alive(line) {
		return true
	}
	protocol := protocolTCP
	if m.secure {
		protocol = protocolTLS
	}
	return line.MediaName.Media == m.kind.describeLocked().media && strings.EqualFold(callsdp.Protocol(line), protocol) &&
		slices.Contains(line.MediaName.Formats, "*")
}

// acceptsAny tells whether one of the peer's patterns and one of ours have a media type in common.
func acceptsAny(theirs, ours string) bool {
	for _, pattern := range fields(theirs) {
		if pattern == "*" || msrp.Accepts(fields(ours), pattern) {
			return true
		}
		for _, own := range fields(ours) {
			if msrp.Accepts([]string{pattern}, own) {
				return true
			}
		}
	}
	return false
}
