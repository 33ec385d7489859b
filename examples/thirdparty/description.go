package thirdparty

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

func lineAt(d *sdp.SessionDescription, index int) (*sdp.MediaDescription, bool) {
	if d == nil || index < 0 || index >= len(d.MediaDescriptions) {
		return nil, false
	}
	return d.MediaDescriptions[index], true
}

// usable tells whether we can talk along an m-line of media text.
func usable(line *sdp.MediaDescription) error {
	if protocol := callsdp.Protocol(line); !strings.EqualFold(protocol, "RTP/AVP") {
		return fmt.Errorf("protocol %.40q is not supported", protocol)
	}
	if !callsdp.HasCommonCodec(line, ourLine(1, callsdp.SendRecv)) {
		return errors.New("there is no t140/1000 among the formats")
	}
	return nil
}

// numberOf is the payload type that an m-line gives to our format: the peer wants to see its own (RFC 3264 section 5.1).
func numberOf(line *sdp.MediaDescription) uint8 {
	for _, c := range callsdp.Codecs(line) {
		if number, err := strconv.ParseUint(c.Format, 10, 7); err == nil && strings.EqualFold(c.Name, "t140") {
			return uint8(number)
		}
	}
	return payloadType
}

// ourLine is our m-line.
func ourLine(port int, direction sdp.Direction) *sdp.MediaDescription {
	line := &sdp.MediaDescription{
		MediaName:  sdp.MediaName{Media: "text", Port: sdp.RangedPort{Value: port}, Protos: []string{"RTP", "AVP"}, Formats: []string{"98"}},
		Attributes: []sdp.Attribute{sdp.NewAttribute("rtpmap", "98 t140/1000")},
	}
	callsdp.SetDirection(line, direction)
	return line
}

// LocalMedia implements [streams.MediaStream].
func (s *TextStream) LocalMedia(forOffer bool) (*sdp.MediaDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != initialized && s.state != started {
		return nil, s.illegalLocked("LocalMedia")
	}
	if forOffer {
		return ourLine(s.port, s.hold.Offer(s.direction)), nil
	}
	line := ourLine(s.port, s.hold.Answer())
	if s.state == initialized && s.offer != nil {
		return callsdp.AnswerLine(s.offer, s.offerOf, line), nil // with the payload type and the direction of the offer
	}
	return line, nil
}

// negotiatedLocked takes what both sides have agreed on.
func (s *TextStream) negotiatedLocked(local, remote *sdp.SessionDescription, index int) error {
	ours, ok1 := lineAt(local, index)
	theirs, ok2 := lineAt(remote, index)
	if !ok1 || !ok2 {
		return fmt.Errorf("there is no m-line %d", index)
	}
	if err := usable(theirs); err != nil {
		return err
	}
	addr, ok := callsdp.MediaAddrPort(theirs, remote)
	if !ok {
		return errors.New("the peer's description has no address")
	}
	s.sender.header.PayloadType = numberOf(theirs)
	s.remote, s.dest = addr, nil
	if !addr.Addr().IsUnspecified() {
		s.dest = net.UDPAddrFromAddrPort(addr)
	}
	s.direction = callsdp.Intersect(callsdp.Direction(ours, local), callsdp.PeerDirection(theirs, remote))
	s.postHoldLocked(callsdp.Direction(ours, local))
	return nil
}
