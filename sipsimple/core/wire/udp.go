package wire

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

// udpSocket is the one socket that datagrams are sent from and arrive at.
type udpSocket struct {
	t     *Transport
	conn  transport.UDPConn
	quick *udp.Conn // the same, nil if it is none of the system
	local netip.AddrPort
	limit limiter
}

func (t *Transport) openUDP(port int) error {
	socket, err := t.listenUDP(port)
	if err == nil {
		t.udp = socket
	}
	return err
}

func (t *Transport) listenUDP(port int) (*udpSocket, error) {
	conn, err := t.cfg.Net.ListenUDP("udp", &net.UDPAddr{IP: t.bindIP(), Port: port})
	if err != nil {
		return nil, err
	}
	rate := t.cfg.Rate
	if rate == 0 {
		rate = 10_000
	}
	s := &udpSocket{t: t, conn: conn, local: addrPort(conn.LocalAddr()), limit: newLimiter(rate)}
	if system, ok := conn.(*net.UDPConn); ok {
		if s.quick, err = udp.Of(system); err != nil {
			_ = conn.Close() // the other error is the one that matters
			return nil, err
		}
	}
	return s, nil
}

// bindIP is the local address of all sockets, nil for all.
func (t *Transport) bindIP() net.IP {
	if t.cfg.Host.IsValid() && !t.cfg.Host.IsUnspecified() {
		return t.cfg.Host.AsSlice()
	}
	return nil
}

// datagram is space for the largest message and one octet more, to notice what
// is too large. A socket keeps one for as long as it is open; those of closed
// sockets are used again, for a laboratory opens very many.
type datagram [MaxMessage + 1]byte

var datagrams = sync.Pool{New: func() any { return new(datagram) }}

// read reads until the socket is closed. One goroutine for all datagrams: their
// order is kept.
func (s *udpSocket) read() {
	space := datagrams.Get().(*datagram)
	defer datagrams.Put(space)
	buf := space[:]
	for {
		n, source, err := s.readFrom(buf)
		if err != nil {
			if !s.t.pause(err) {
				s.t.lost("udp", s.t.socket() == s, err)
				return
			}
			continue
		}
		s.receive(buf[:n], source)
	}
}

func (s *udpSocket) readFrom(buf []byte) (int, netip.AddrPort, error) {
	if s.quick != nil {
		n, source, err := s.quick.ReadFrom(buf)
		return n, udp.Unmapped(source), err
	}
	n, source, err := s.conn.ReadFrom(buf)
	return n, addrPort(source), err
}

func (s *udpSocket) writeTo(data []byte, to netip.AddrPort) error {
	if s.quick != nil {
		return s.quick.WriteTo(data, udp.Unmapped(to))
	}
	_, err := s.conn.WriteTo(data, net.UDPAddrFromAddrPort(to))
	return err
}

func (s *udpSocket) receive(data []byte, source netip.AddrPort) {
	now := time.Now()
	if !s.limit.allow(source.Addr(), now) {
		s.t.log.Warn("too many datagrams", "source", source.Addr())
		return
	}
	if s.t.cfg.Trace != nil && len(data) > 4 {
		s.t.trace(false, "udp", s.local, source, bytes.Clone(data))
	}
	r := s.t.judge(data, false, source)
	switch r.Verdict {
	case Accept:
		s.t.cfg.Handler(Message{Msg: r.Msg, Source: source, Local: s.local, Transport: "udp", Received: now})
	case Refuse:
		s.t.log.Info("request refused", "transport", "udp", "source", source, "code", r.Code, "reason", r.Reason)
		_ = s.t.sendDatagram(r.Answer, source)
	case Drop:
		s.t.log.Info("message dropped", "transport", "udp", "source", source, "reason", r.Reason)
	case KeepAlive:
	}
}

// sendDatagram hands a datagram to the kernel, which takes it at once or refuses
// it: for want of memory, as too long, for want of a permission. That there is no
// way to the peer is no refusal of this kind.
func (t *Transport) sendDatagram(data []byte, to netip.AddrPort) error {
	socket := t.socket()
	if socket == nil {
		return &RefusedError{ErrNoListener}
	}
	t.trace(true, "udp", socket.local, to, data)
	err := socket.writeTo(data, to)
	for _, peers := range []error{nil, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ECONNREFUSED} {
		if errors.Is(err, peers) {
			return err
		}
	}
	return &RefusedError{err}
}
