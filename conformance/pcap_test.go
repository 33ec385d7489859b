package conformance_test

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

// pcap makes a capture file (classic format, raw IPv4) of what the tap of a network shows.
type pcap struct {
	data []byte
	next map[[2]netip.AddrPort]uint32 // sequence number of the next octet of a direction
}

func newPCAP() *pcap {
	p := &pcap{next: map[[2]netip.AddrPort]uint32{}}
	for _, v := range []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 1 << 18, 101} { // magic, 2.4, zone, accuracy, snap length, raw IP
		p.data = binary.LittleEndian.AppendUint32(p.data, v)
	}
	return p
}

// add takes up a packet. Repetitions are left out: of a TCP stream the others are all of it.
func (p *pcap) add(packet simnet.Packet) {
	if packet.Copy {
		return
	}
	if packet.Proto == simnet.UDP {
		header := []byte{}
		for _, v := range []uint16{packet.Src.Port(), packet.Dst.Port(), uint16(8 + len(packet.Data)), 0} {
			header = binary.BigEndian.AppendUint16(header, v)
		}
		p.write(packet.Sent, packet.Src, packet.Dst, 17, append(header, packet.Data...))
		return
	}
	flags := map[string]byte{"SYN": 0x02, "SYN-ACK": 0x12, "ACK": 0x10, "FIN": 0x11, "RST": 0x14, "": 0x18}[packet.Control]
	data := packet.Data
	for first := true; first || len(data) > 0; first = false {
		n := min(len(data), mostSegment)
		p.segment(packet, flags, data[:n])
		data = data[n:]
	}
}

// mostSegment keeps a segment within an IP packet.
const mostSegment = 60000

func (p *pcap) segment(packet simnet.Packet, flags byte, data []byte) {
	flow, back := [2]netip.AddrPort{packet.Src, packet.Dst}, [2]netip.AddrPort{packet.Dst, packet.Src}
	header := binary.BigEndian.AppendUint16(nil, packet.Src.Port())
	header = binary.BigEndian.AppendUint16(header, packet.Dst.Port())
	header = binary.BigEndian.AppendUint32(header, p.next[flow])
	header = binary.BigEndian.AppendUint32(header, p.next[back])
	header = append(header, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	p.next[flow] += uint32(len(data))
	if flags&0x03 != 0 {
		p.next[flow]++
	}
	p.write(packet.Sent, packet.Src, packet.Dst, 6, append(header, data...))
}

func (p *pcap) write(at time.Time, src, dst netip.AddrPort, protocol byte, payload []byte) {
	size := uint32(20 + len(payload))
	for _, v := range []uint32{uint32(at.Unix()), uint32(at.Nanosecond() / 1000), size, size} {
		p.data = binary.LittleEndian.AppendUint32(p.data, v)
	}
	p.data = append(p.data, 0x45, 0, byte(size>>8), byte(size), 0, 0, 0x40, 0, 64, protocol, 0, 0)
	p.data = append(p.data, src.Addr().AsSlice()...)
	p.data = append(p.data, dst.Addr().AsSlice()...)
	p.data = append(p.data, payload...)
}
