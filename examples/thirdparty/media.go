package thirdparty

import (
	"errors"
	"net"
	"net/netip"

	"github.com/pion/rtp"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// TextStreamGotText: the peer has typed something.
type TextStreamGotText struct {
	Text string `field:"text"`
}

// NotificationName implements [notification.Data].
func (TextStreamGotText) NotificationName() string { return "TextStreamGotText" }

// Errors of [TextStream.Send].
var (
	ErrNotStarted = errors.New("text stream is not started")
	ErrOnHold     = errors.New("text stream is on hold")
)

// maxText is what fits into a packet.
const maxText = 1200

// payloadType of T.140 text in our offers; packets have the peer's.
const payloadType = 98

// sender is our place in the sequence of packets (RFC 3550 section 5.1).
type sender struct {
	header rtp.Header
}

func newSender(ssrc, timestamp uint32, sequence uint16) sender {
	return sender{rtp.Header{Version: 2, Marker: true, PayloadType: payloadType, SSRC: ssrc, Timestamp: timestamp, SequenceNumber: sequence}}
}

// next is the packet of a text.
func (s *sender) next(text string) ([]byte, error) {
	packet := rtp.Packet{Header: s.header, Payload: []byte(text)}
	s.header.SequenceNumber++
	s.header.Marker = false
	return packet.Marshal()
}

// Send sends a text. The error is [ErrNotStarted], [ErrOnHold] or that of the socket.
func (s *TextStream) Send(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != started:
		return ErrNotStarted
	case len(text) > maxText:
		return errors.New("text is too long for one packet")
	case s.hold.Silent() || !callsdp.Sends(s.direction) || s.dest == nil:
		return ErrOnHold
	}
	packet, err := s.sender.next(text)
	if err == nil {
		_, err = s.conn.WriteTo(packet, s.dest)
	}
	return err
}

// read takes packets until the socket is closed.
func (s *TextStream) read() {
	buffer := make([]byte, 2*maxText)
	for {
		n, from, err := s.conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if udp, ok := from.(*net.UDPAddr); ok && err == nil {
			s.receive(buffer[:n], udp.AddrPort())
		}
	}
}

// receive takes a packet of the peer's; those of strangers, and what comes before the start or on hold, are dropped.
func (s *TextStream) receive(data []byte, from netip.AddrPort) {
	var packet rtp.Packet
	if packet.Unmarshal(data) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == started && from == s.remote && callsdp.Receives(s.direction) && !s.hold.Silent() {
		s.env.Center.Post(s, TextStreamGotText{Text: string(packet.Payload)})
	}
}
