package streams

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

// PortRotation remembers where the last pair of ports was found, so that a pair
// just released is not used again at once: late packets of the old call would
// reach the new one. Its zero value begins with the first port; it is shared by
// all streams of an application.
type PortRotation struct{ next atomic.Uint32 }

// portPair is two bound sockets: RTP on an even offset of the range, RTCP on the
// port after it (RFC 3550 section 11).
type portPair struct{ rtp, rtcp endpoint }

// endpoint is a bound socket: a [net.PacketConn], or one of a [SocketReader].
type endpoint interface {
	LocalAddr() net.Addr
	Close() error
}

// openPair binds a free pair of the range: the first from where the rotation is,
// or without one from a random place on. The error is that of the last attempt.
func openPair(env *Environment, ip netip.Addr) (portPair, error) {
	first, last := env.RTP.PortMin, env.RTP.PortMax
	if first == 0 && last == 0 {
		first, last = 50000, 50500
	}
	pairs := (last - first + 1) / 2
	if first < 1 || last > 65535 || pairs < 1 {
		return portPair{}, fmt.Errorf("RTP port range %d-%d has no pair of ports", first, last)
	}
	start, err := firstOffset(env)
	if err != nil {
		return portPair{}, err
	}
	for i := range pairs {
		offset := (start + i) % pairs
		var pair portPair
		if pair, err = bindPair(env, ip, first+2*offset); err == nil {
			if env.Ports != nil {
				env.Ports.next.Store(uint32(offset + 1))
			}
			return pair, nil
		}
	}
	return portPair{}, fmt.Errorf("no free pair of RTP ports in %d-%d: %w", first, last, err)
}

// openAnyPair binds two ports that the system chooses, as ICE tells both.
func openAnyPair(env *Environment, ip netip.Addr) (portPair, error) {
	rtp, err := bind(env, ip, 0)
	if err != nil {
		return portPair{}, fmt.Errorf("no free RTP port: %w", err)
	}
	rtcp, err := bind(env, ip, 0)
	if err != nil {
		_ = rtp.Close() // the error of bind is the one that matters
		return portPair{}, fmt.Errorf("no free RTP port: %w", err)
	}
	return portPair{rtp, rtcp}, nil
}

func firstOffset(env *Environment) (int, error) {
	if env.Ports != nil {
		return int(env.Ports.next.Load()), nil
	}
	var seed [2]byte
	if _, err := io.ReadFull(randomOf(env), seed[:]); err != nil {
		return 0, fmt.Errorf("random numbers for RTP: %w", err)
	}
	return int(binary.BigEndian.Uint16(seed[:])), nil
}

func randomOf(env *Environment) io.Reader {
	if env.Rand == nil {
		return cryptorand.Reader
	}
	return env.Rand
}

func bindPair(env *Environment, ip netip.Addr, port int) (portPair, error) {
	rtp, err := bind(env, ip, port)
	if err != nil {
		return portPair{}, err
	}
	rtcp, err := bind(env, ip, port+1)
	if err != nil {
		_ = rtp.Close() // the error of bind is the one that matters
		return portPair{}, err
	}
	return portPair{rtp, rtcp}, nil
}

func bind(env *Environment, ip netip.Addr, port int) (endpoint, error) {
	if socket, err := env.Sockets.listen(env.Net, ip, port); socket != nil || err != nil {
		return socket, err
	}
	host := ""
	if ip.IsValid() {
		host = ip.String()
	}
	return env.Net.ListenPacket("udp", net.JoinHostPort(host, strconv.Itoa(port)))
}

func (p portPair) close() {
	_ = p.rtp.Close() // nobody could act on an error, and nothing is buffered
	_ = p.rtcp.Close()
}

// addrPortWriter is a socket that takes the address as it is, which need not be
// looked up elsewhere in memory. The method has not the name that *net.UDPConn has
// for it: what embeds that and changes WriteTo must not be passed by.
type addrPortWriter interface {
	WriteToAddrPort(data []byte, to netip.AddrPort) (int, error)
}

// sendTo sends a datagram from a socket.
func sendTo(socket endpoint, data []byte, to netip.AddrPort) (err error) {
	to = udp.Unmapped(to)
	switch conn := socket.(type) {
	case *net.UDPConn:
		_, err = conn.WriteToUDPAddrPort(data, to)
	case addrPortWriter:
		_, err = conn.WriteToAddrPort(data, to)
	case net.PacketConn:
		_, err = conn.WriteTo(data, net.UDPAddrFromAddrPort(to))
	}
	return err
}
