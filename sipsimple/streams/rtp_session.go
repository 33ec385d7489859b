package streams

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

// maxPacket is the largest packet we read: more than any Ethernet frame.
const maxPacket = 2048

// usualPacket is room for a packet of 20 ms of G.711 or G.722. Longer ones make
// more.
const usualPacket = 192

// rtpSession is the pair of sockets of a stream and its place in the sequence
// of RTP packets (RFC 3550). It outlives the changes of its path.
type rtpSession struct {
	pair   portPair
	ice    *iceSession // nil: none
	local  netip.AddrPort
	shared *SocketReader  // of the application; may be nil
	reader sync.WaitGroup // readers of our own

	localControl netip.AddrPort            // of RTCP
	port         atomic.Pointer[audioPort] // nil: whatever comes is dropped

	security atomic.Pointer[security] // nil: plain RTP

	ssrc    uint32 // ours
	reports *reports
	events  eventSender

	// The sender: used on the tick, and for the last report.
	sending sync.Mutex
	header  rtp.Header
	packet  []byte

	sentPackets, sentBytes atomic.Uint64

	mu   sync.Mutex
	past *former // received on former paths, nil if nothing was
	last *audioPort
	read *Statistics // the counters when they were last read and reset, nil: never
}

// openRTP binds the ports and begins to read: what comes before the start is
// dropped, but for STUN if there is an iceSession.
func openRTP(env *Environment, ip netip.Addr, nat *iceSession) (*rtpSession, error) {
	if env.Net == nil {
		return nil, errors.New("there is no network")
	}
	open := openPair
	if nat != nil {
		open = openAnyPair
	}
	pair, err := open(env, ip)
	if err != nil {
		return nil, err
	}
	r := &rtpSession{pair: pair, ice: nat, shared: env.Sockets, packet: make([]byte, 0, usualPacket)}
	if nat != nil {
		nat.rtp = r
	}
	if err := r.prepare(randomOf(env), ip); err != nil {
		pair.close()
		return nil, err
	}
	if err = r.receiveFrom(pair.rtp, r.receive); err == nil {
		err = r.receiveFrom(pair.rtcp, r.receiveControl)
	}
	if err != nil {
		r.endReading()
		return nil, err
	}
	return r, nil
}

func (r *rtpSession) prepare(random io.Reader, ip netip.Addr) error {
	var err error
	if r.local, err = boundTo(r.pair.rtp, ip); err != nil {
		return err
	}
	if r.localControl, err = boundTo(r.pair.rtcp, ip); err != nil {
		return err
	}
	var seed [34]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return fmt.Errorf("random numbers for RTP: %w", err)
	}
	// Unpredictable beginnings, RFC 3550 section 5.1.
	r.header = rtp.Header{
		Version: 2, Marker: true, SSRC: binary.BigEndian.Uint32(seed[0:]), Timestamp: binary.BigEndian.Uint32(seed[4:]),
		SequenceNumber: binary.BigEndian.Uint16(seed[8:]),
	}
	r.ssrc = r.header.SSRC
	// A name for this one call tells nothing about us, RFC 7022 section 4.2.
	r.reports = newReports(binary.BigEndian.Uint64(seed[10:]), base64.RawStdEncoding.EncodeToString(seed[18:]))
	return nil
}

// boundTo is the address of a socket, with ip where it is bound to any.
func boundTo(socket endpoint, ip netip.Addr) (netip.AddrPort, error) {
	addr, ok := socket.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("local address of the RTP socket: %v is none of UDP", socket.LocalAddr())
	}
	bound := addr.AddrPort()
	if bound.Addr().IsUnspecified() && ip.IsValid() {
		bound = netip.AddrPortFrom(ip, bound.Port())
	}
	return udp.Unmapped(bound), nil
}

// isPassing tells errors that a single datagram causes, such as an ICMP answer
// to one that we sent, from the end of the socket.
func isPassing(err error) bool {
	_, ok := errors.AsType[*net.OpError](err)
	return ok && !errors.Is(err, net.ErrClosed)
}

func (r *rtpSession) receive(data []byte, from netip.AddrPort) {
	from = udp.Unmapped(from)
	if r.ice != nil && ice.IsSTUN(data) {
		r.ice.receive(ice.RTP, data, from)
	} else if port := r.port.Load(); port != nil {
		port.receive(data, from)
	}
}

func (r *rtpSession) receiveControl(data []byte, from netip.AddrPort) {
	from = udp.Unmapped(from)
	if r.ice != nil && ice.IsSTUN(data) {
		r.ice.receive(ice.RTCP, data, from)
	} else if port := r.port.Load(); port != nil {
		port.receiveControl(data, from)
	}
}

// former is what has been received on paths that are over.
type former struct {
	flow      Flow
	reception reception // of the last of them
}

// legacy is what the last path has left of the peer's packets to the next one; nil
// for nothing.
func (r *rtpSession) legacy() *former {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.past
}

// start lets port have what comes from now on.
func (r *rtpSession) start(port *audioPort) { r.port.Store(port) }

// offer tells the port what we offer.
func (r *rtpSession) offer(direction sdp.Direction) {
	if port := r.port.Load(); port != nil {
		port.offer(direction)
	}
}

// follow tells the port about a path with the same ends.
func (r *rtpSession) follow(p *path) {
	if port := r.port.Load(); port != nil {
		port.follow(p)
	}
}

// stop ends a path: its port neither receives nor sends any more.
func (r *rtpSession) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	port := r.port.Swap(nil)
	if port == nil {
		return
	}
	port.stopped.Store(true)
	received := port.received(false)
	r.last = port
	if received == nil {
		return
	}
	if r.past != nil {
		received.flow.add(r.past.flow)
	}
	r.past = received
}

// close says goodbye to the peer, closes the sockets and waits for their
// readers. The tick no longer uses the session then.
func (r *rtpSession) close() {
	r.mu.Lock()
	last, past := r.last, r.past
	r.mu.Unlock()
	if last != nil {
		last.sayGoodbye(past)
	}
	r.endReading()
	if r.ice != nil {
		r.ice.errands.Wait()
	}
}

// skip lets the time of one packet pass without sending it. The next packet
// begins a new talk spurt.
func (r *rtpSession) skip(step uint32) {
	r.header.Timestamp += step
	r.header.Marker = true
}

// send sends one packet, unless encode adds nothing to it. A packet that cannot be
// sent is as good as lost.
func (r *rtpSession) send(to netip.AddrPort, payloadType uint8, step uint32, encode func(packet []byte) []byte) {
	r.header.PayloadType = payloadType
	size := r.header.MarshalSize()
	r.packet = r.packet[:size]
	if _, err := r.header.MarshalTo(r.packet); err != nil {
		r.skip(step)
		return
	}
	r.packet = encode(r.packet)
	if len(r.packet) == size {
		r.skip(step)
		return
	}
	if err := r.write(r.packet, to); err == nil {
		r.sentPackets.Add(1)
		r.sentBytes.Add(uint64(len(r.packet) - size))
	}
	r.header.SequenceNumber++
	r.header.Timestamp += step
	r.header.Marker = false
}

// write sends a packet, protected if that was negotiated: never otherwise.
func (r *rtpSession) write(packet []byte, to netip.AddrPort) error {
	if security := r.security.Load(); security != nil {
		sealed, err := security.seal(packet, &r.header)
		if err != nil {
			return err
		}
		packet = sealed
	}
	return sendTo(r.pair.rtp, packet, to)
}

// protect takes the keys of a path.
func (r *rtpSession) protect(k keys) error {
	security, err := newSecurity(k, r.security.Load())
	if err != nil {
		return err
	}
	r.security.Store(security)
	return nil
}

// sendEvent sends a packet of an event in place of sound (RFC 4733 section
// 2.5.1): under the timestamp of its beginning, while time goes on.
func (r *rtpSession) sendEvent(to netip.AddrPort, payloadType uint8, step uint32, p eventPacket) {
	now := r.header.Timestamp
	r.header.Timestamp, r.header.Marker = p.timestamp, p.first
	r.send(to, payloadType, step, func(packet []byte) []byte { return append(packet, p.payload[:]...) })
	r.header.Timestamp = now + step
}

// sendControl sends RTCP. What cannot be sent is as good as lost.
func (r *rtpSession) sendControl(to netip.AddrPort, data []byte) {
	if security := r.security.Load(); security != nil {
		sealed, err := security.sealControl(data)
		if err != nil {
			return
		}
		data = sealed
	}
	_ = sendTo(r.pair.rtcp, data, to)
}

// sender is our place in what we send. Called on the tick, or after the last.
func (r *rtpSession) sender() sender {
	return sender{
		ssrc: r.ssrc, timestamp: r.header.Timestamp, packets: r.sentPackets.Load(), bytes: r.sentBytes.Load(),
	}
}

// statistics is what has been counted and measured since the start, or, if reset is set, since the last time
// that it was.
func (r *rtpSession) statistics(reset bool) Statistics {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Statistics{TX: Flow{Packets: r.sentPackets.Load(), Bytes: r.sentBytes.Load()}}
	latest := r.past
	if latest != nil {
		s.RX.add(latest.flow)
	}
	if port := r.port.Load(); port != nil {
		if received := port.received(reset); received != nil {
			s.RX.add(received.flow)
			latest = received
		}
	}
	if latest != nil {
		s.RX.Jitter = latest.reception.jitters.of(reset)
		s.RX.setGaps(latest.reception.gaps.of(reset))
	}
	r.reports.addTo(&s, reset)
	if reset {
		r.resetLocked(&s)
	}
	return s
}

// resetLocked makes counters since the last reading of those since the start.
func (r *rtpSession) resetLocked(s *Statistics) {
	total := *s
	if r.read != nil {
		s.RX.since(r.read.RX)
		s.TX.since(r.read.TX)
	}
	r.read = &total
	if r.past != nil { // a copy: the next path reads it
		past := *r.past
		past.reception.restartSeries()
		r.past = &past
	}
}
