package streams

import (
	"encoding/binary"

	"github.com/pion/rtp"
)

// plainHeader is the size of a header without CSRCs and extension.
const plainHeader = 12

// parseRTP reads a packet, whose payload is then part of data. It returns false
// if data is no RTP of version 2 (RFC 3550 section 5.1).
//
// The header that nearly every packet has, without padding, extension and CSRCs,
// is read here: the general reader needs so much stack that it has to be grown
// for every packet when the network calls us on a new goroutine.
func parseRTP(p *rtp.Packet, data []byte) bool {
	if len(data) < plainHeader || data[0] != 0x80 {
		return p.Unmarshal(data) == nil && p.Version == 2
	}
	p.Header = rtp.Header{
		Version: 2, Marker: data[1]&0x80 != 0, PayloadType: data[1] & 0x7F, SequenceNumber: binary.BigEndian.Uint16(data[2:]),
		Timestamp: binary.BigEndian.Uint32(data[4:]), SSRC: binary.BigEndian.Uint32(data[8:]),
		CSRC: p.CSRC[:0], Extensions: p.Extensions[:0],
	}
	p.Payload = data[plainHeader:]
	return true
}
