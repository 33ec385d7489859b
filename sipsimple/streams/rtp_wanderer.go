package streams

import (
	"net/netip"

	"github.com/pion/rtp"
)

// probation is how many packets must come from another address before it counts as the peer's.
const probation = 10

// wanderer is somebody who sends RTP from another address than the peer's SDP or ICE names: a stranger, or the peer
// behind a NAT that its SDP does not know of (symmetric RTP, RFC 4961 section 4; streams.md 5.7).
//
// It is the peer's after ten packets in a row that could be the peer's in all but the address, while none comes from
// where it should: of its source, if one is known on this path, authentic, if there are keys, and of a payload type that was
// negotiated.
type wanderer struct {
	from    netip.AddrPort
	ssrc    uint32
	seq     uint16
	packets int
}

// packet counts a packet, and tells whether that is enough.
func (w *wanderer) packet(h *rtp.Header, from netip.AddrPort) bool {
	if w.from != from || w.ssrc != h.SSRC || w.packets == 0 || h.SequenceNumber-w.seq-1 >= maxMisorder {
		*w = wanderer{from: from, ssrc: h.SSRC}
	}
	w.seq = h.SequenceNumber
	w.packets++
	return w.packets >= probation
}

// strangeLocked takes what does not come from the peer's address. It is never played; but it may be that we move.
func (a *audioPort) strangeLocked(data []byte, from netip.AddrPort) {
	a.flow.Strangers++
	if a.path.byICE || !a.from.IsValid() || isControl(data) || !parseRTP(&a.parsed, data) ||
		!a.mayBeSourceLocked(a.parsed.SSRC) || !a.negotiatedLocked(a.parsed.PayloadType) || !a.unsealLocked(data) {
		return
	}
	if a.wanderer.packet(&a.parsed.Header, from) {
		a.settleLocked(from, netip.AddrPortFrom(from.Addr(), from.Port()+1))
	}
}

// mayBeSourceLocked tells whether this may be the source that the peer has: on a new path it may begin another one.
func (a *audioPort) mayBeSourceLocked(ssrc uint32) bool {
	return a.flow.Packets == 0 || !a.reception.known || a.reception.ssrc == ssrc
}

func (a *audioPort) negotiatedLocked(payloadType uint8) bool {
	return a.decoderLocked(payloadType) != nil || a.path.eventsIn.ok && a.path.eventsIn.payloadType == payloadType
}

// settleLocked makes these the addresses of the peer.
func (a *audioPort) settleLocked(media, control netip.AddrPort) {
	a.from, a.controlFrom = media, control
	if a.hearing != nil {
		a.wanderer = wanderer{}
	}
}
