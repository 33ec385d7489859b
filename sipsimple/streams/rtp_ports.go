package streams

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/pion/transport/v5"
)

// PortRotation remembers where the last pair of ports was found, so that a pair
// just released is not used again at once: late packets of the old call would
// reach the new one. Its zero value begins with the first port. An application
// has one, shared by all its streams.
type PortRotation struct{ next atomic.Uint32 }

// portPair is two bound sockets: RTP on an even offset of the range, RTCP on the
// port after it (RFC 3550 section 11).
type portPair struct{ rtp, rtcp net.PacketConn }

// openPair binds the first free pair of the range. The error is that of the
// last attempt.
func openPair(network transport.Net, ip netip.Addr, settings RTPSettings, rotation *PortRotation) (portPair, error) {
	first, last := settings.PortMin, settings.PortMax
	if first == 0 && last == 0 {
		first, last = 50000, 50500
	}
	pairs := (last - first + 1) / 2
	if first < 1 || last > 65535 || pairs < 1 {
		return portPair{}, fmt.Errorf("RTP port range %d-%d has no pair of ports", first, last)
	}
	if rotation == nil {
		rotation = &PortRotation{}
	}
	start := int(rotation.next.Load())
	var err error
	for i := range pairs {
		offset := (start + i) % pairs
		var pair portPair
		if pair, err = bindPair(network, ip, first+2*offset); err == nil {
			rotation.next.Store(uint32(offset + 1))
			return pair, nil
		}
	}
	return portPair{}, fmt.Errorf("no free pair of RTP ports in %d-%d: %w", first, last, err)
}

func bindPair(network transport.Net, ip netip.Addr, port int) (portPair, error) {
	rtp, err := bind(network, ip, port)
	if err != nil {
		return portPair{}, err
	}
	rtcp, err := bind(network, ip, port+1)
	if err != nil {
		_ = rtp.Close() // the error of bind is the one that matters
		return portPair{}, err
	}
	return portPair{rtp, rtcp}, nil
}

func bind(network transport.Net, ip netip.Addr, port int) (net.PacketConn, error) {
	host := ""
	if ip.IsValid() {
		host = ip.String()
	}
	return network.ListenPacket("udp", net.JoinHostPort(host, strconv.Itoa(port)))
}

func (p portPair) close() {
	_ = p.rtp.Close() // nobody could act on an error, and nothing is buffered
	_ = p.rtcp.Close()
}
