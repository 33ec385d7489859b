package streams

import (
	"net/netip"
	"time"

	"github.com/pion/rtcp"
)

// isControl tells RTCP that comes on the RTP port (RFC 5761 section 4) by its
// packet type.
func isControl(data []byte) bool { return len(data) > 1 && data[1] >= 192 && data[1] <= 223 }

// parseControl reads a compound packet: at least a report first (RFC 3550
// appendix A.2).
func parseControl(data []byte) ([]rtcp.Packet, bool) {
	if len(data) < 8 || data[0]&0xE0 != 0x80 { // version 2, no padding in the first
		return nil, false
	}
	packets, err := rtcp.Unmarshal(data)
	if err != nil || len(packets) == 0 {
		return nil, false
	}
	switch packets[0].(type) {
	case *rtcp.SenderReport, *rtcp.ReceiverReport:
		return packets, true
	}
	return nil, false
}

// receiveControl takes a datagram of the RTCP port. Only what the peer sends is
// read; what is no RTCP is counted and forgotten.
func (a *audioPort) receiveControl(data []byte, from netip.AddrPort) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listenLocked()
	if from != a.controlFrom {
		a.flow.Strangers++
		return
	}
	a.controlLocked(data)
}

func (a *audioPort) controlLocked(data []byte) {
	if security := a.rtp.security.Load(); security != nil {
		opened, ok := security.unsealControl(data)
		if !ok {
			a.flow.Unauthentic++
			return
		}
		data = opened
	}
	packets, ok := parseControl(data)
	if !ok {
		a.rtp.reports.countMalformed()
		return
	}
	now := time.Now()
	for _, packet := range packets {
		switch p := packet.(type) {
		case *rtcp.SenderReport:
			if p.SSRC == a.reception.ssrc {
				a.reception.sender, a.reception.senderAt = middle(p.NTPTime), now
			}
			a.rtp.reports.told(a.rtp.ssrc, a.codec.ClockRate, p.Reports, now)
		case *rtcp.ReceiverReport:
			a.rtp.reports.told(a.rtp.ssrc, a.codec.ClockRate, p.Reports, now)
		case *rtcp.Goodbye:
			a.goodbyeLocked(p.Sources)
		}
	}
}

// goodbyeLocked forgets a source that has left (RFC 3550 section 6.3.4): the
// next packet begins another. The call itself ends by signalling only.
func (a *audioPort) goodbyeLocked(sources []uint32) {
	for _, ssrc := range sources {
		if a.reception.known && ssrc == a.reception.ssrc {
			a.reception.known = false
		}
	}
}
