package streamtest

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// localMediaClauses are about LocalMedia (D).
var localMediaClauses = []Clause{
	{29, "LocalMedia fails with an error before initialisation is complete", checkNoMedia},
	{30, "an m-line has the media type of the stream, a protocol and formats", checkLine},
	{31, "the port is between 1 and 65535", checkPort},
	{32, "a port that is advertised is bound", checkBound},
	{33, "two calls without an event between them give equal descriptions", checkEqual},
	{34, "the caller may modify what LocalMedia returns", checkModify},
	{35, "the protocol of an answer is that of the offer", checkAnswerProtocol},
	{36, "an answer lists no format that the offer has not", checkAnswerFormats},
	{37, "the direction of an answer is legal for that of the offer", checkAnswerDirection},
	{38, "there is at most one direction attribute", checkDirectionAttributes},
	{39, "LocalMedia is legal between Deactivate and End", checkDeactivatedMedia},
	{40, "an offer after the start repeats the transport address", checkSameAddress},
}

func checkNoMedia(w *world) {
	s := w.us.outgoing()
	for _, forOffer := range []bool{true, false} {
		w.doing("LocalMedia(%t) of a fresh stream", forOffer)
		line, err := s.LocalMedia(forOffer)
		w.want(err != nil, "no error, but %v", line)
	}
}

// lines calls look with the m-lines of a stream before and after the start, offers and answers, ours and the peer's.
func (w *world) lines(look func(line *sdp.MediaDescription, what string)) {
	a := w.ready()
	look(w.us.media(a, true), "the first offer")
	c := w.establish(a, w.peer)
	look(w.us.media(a, true), "an offer after the start")
	look(w.us.media(a, false), "an answer after the start")
	look(w.peer.media(c.b, true), "an offer of an incoming stream")
	look(w.peer.media(c.b, false), "an answer of an incoming stream")
}

func checkLine(w *world) {
	media := w.acceptable().MediaDescriptions[0].MediaName.Media
	w.lines(func(line *sdp.MediaDescription, what string) {
		w.doing("read %s", what)
		n := line.MediaName
		w.want(n.Media == media && len(n.Protos) > 0 && n.Protos[0] != "" && len(n.Formats) > 0 && n.Formats[0] != "", "%s", text(line))
	})
}

func checkPort(w *world) {
	w.lines(func(line *sdp.MediaDescription, what string) {
		w.doing("read %s", what)
		w.want(line.MediaName.Port.Value >= 1 && line.MediaName.Port.Value <= 65535, "port %d", line.MediaName.Port.Value)
	})
}

func checkBound(w *world) {
	w.needsPath()
	a := w.ready()
	bound := func(line *sdp.MediaDescription, what string) {
		w.doing("tried to bind the port of %s:\n%s", what, text(line))
		if setup, _ := line.Attribute("setup"); setup == "active" {
			w.applies(false, "it connects, and advertises a placeholder")
		}
		w.want(w.us.isBound(line), "port %d is free", line.MediaName.Port.Value)
	}
	bound(w.us.media(a, true), "the first offer")
	w.establish(a, w.peer)
	if !w.connectionOriented() { // a connection once made needs no listener
		bound(w.us.media(a, false), "an answer after the start")
	}
}

// isBound tells whether somebody has the port of an m-line.
func (p *side) isBound(line *sdp.MediaDescription) bool {
	addr := netip.AddrPortFrom(p.host.Addr(), uint16(line.MediaName.Port.Value))
	if strings.HasPrefix(line.MediaName.Protos[0], "TCP") {
		listener, err := p.host.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
		if err == nil {
			_ = listener.Close()
		}
		return err != nil
	}
	conn, err := p.host.ListenPacket("udp", addr.String())
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}

func checkEqual(w *world) {
	a := w.ready()
	same := func(when string) {
		for _, forOffer := range []bool{true, false} {
			w.doing("LocalMedia(%t) twice %s", forOffer, when)
			first, second := text(w.us.media(a, forOffer)), text(w.us.media(a, forOffer))
			w.want(first == second, "first\n%sthen\n%s", first, second)
		}
	}
	same("before the start")
	w.establish(a, w.peer)
	same("after the start")
}

func checkModify(w *world) {
	a := w.ready()
	for _, forOffer := range []bool{true, false} {
		w.doing("LocalMedia(%t), cleared the result, and called it again", forOffer)
		line, err := a.LocalMedia(forOffer)
		w.reach(err == nil && line != nil, "LocalMedia: %v", err)
		before := callsdp.CloneLine(line)
		line.MediaName.Port.Value = 0
		clear(line.MediaName.Formats)
		clear(line.MediaName.Protos)
		clear(line.Attributes)
		line.Attributes = nil
		after := w.us.media(a, forOffer)
		w.want(after.MediaName.String() == before.MediaName.String() && slices.EqualFunc(after.Attributes, before.Attributes,
			func(a, b sdp.Attribute) bool { return a.Key == b.Key }), "was\n%sis\n%s", text(before), text(after))
	}
}

// answers calls look with the answers to the acceptable offer in all directions that the stream accepts.
func (w *world) answers(look func(offer, answer *sdp.MediaDescription, s streams.MediaStream)) {
	seen := false
	for _, direction := range []sdp.Direction{callsdp.SendRecv, callsdp.SendOnly, callsdp.RecvOnly, callsdp.Inactive} {
		d := w.acceptable()
		callsdp.SetDirection(d.MediaDescriptions[0], direction)
		if _, err := w.fromSDP(d, 0); err != nil {
			continue // a stream may refuse a direction
		}
		seen = true
		s := w.us.initialized(w.us.incoming(d), streams.Incoming)
		answer := w.us.media(s, false)
		w.doing("answered\n%swith\n%s", text(d.MediaDescriptions[0]), text(answer))
		look(d.MediaDescriptions[0], answer, s)
	}
	w.reach(seen, "no direction of the acceptable offer is accepted")
}

func checkAnswerProtocol(w *world) {
	w.answers(func(offer, answer *sdp.MediaDescription, _ streams.MediaStream) {
		w.want(callsdp.Protocol(answer) == callsdp.Protocol(offer), "protocol %s", callsdp.Protocol(answer))
	})
}

func checkAnswerFormats(w *world) {
	w.answers(func(offer, answer *sdp.MediaDescription, _ streams.MediaStream) {
		for _, format := range answer.MediaName.Formats {
			w.want(slices.Contains(offer.MediaName.Formats, format), "format %s is not in the offer", format)
		}
	})
}

func checkAnswerDirection(w *world) {
	w.answers(func(offer, answer *sdp.MediaDescription, s streams.MediaStream) {
		if !s.HoldSupported() {
			answer = callsdp.AnswerLine(offer, nil, answer) // a stream without hold leaves it to the session
		}
		offered, got := callsdp.Direction(offer, nil), callsdp.Direction(answer, nil)
		w.want(callsdp.Intersect(got, offered) == got, "offer %v, answer %v", offered, got) // RFC 3264 section 6.1
	})
}

func checkDirectionAttributes(w *world) {
	w.lines(func(line *sdp.MediaDescription, what string) {
		w.doing("read %s", what)
		count := 0
		for _, a := range line.Attributes {
			if _, err := sdp.NewDirection(a.Key); err == nil {
				count++
			}
		}
		w.want(count <= 1, "%d in\n%s", count, text(line))
	})
}

func checkDeactivatedMedia(w *world) {
	c := w.connected()
	w.doing("LocalMedia after Deactivate")
	w.try("Deactivate", c.a.Deactivate)
	for _, forOffer := range []bool{false, true} {
		line, err := c.a.LocalMedia(forOffer)
		w.want(err == nil && line != nil && callsdp.Alive(line), "%v, error %v", line, err)
	}
}

func checkSameAddress(w *world) {
	a := w.ready()
	first := w.us.media(a, true)
	w.establish(a, w.peer)
	w.doing("compared an offer after the start with the first one")
	next := w.us.media(a, true)
	address := func(line *sdp.MediaDescription) string {
		path, _ := line.Attribute("path")
		return line.MediaName.Port.String() + " " + path
	}
	w.want(address(first) == address(next), "first %s, then %s", address(first), address(next))
}
