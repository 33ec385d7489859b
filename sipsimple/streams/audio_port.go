package streams

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/internal/jitter"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// defaultTimeout is the setting rtp.timeout.
const defaultTimeout = 30 * time.Second

// audioPort is the end of one media path in the mixer: a source of what is
// received and a sink of what is sent. The mixer calls it on its tick, the
// network whenever a packet comes.
type audioPort struct {
	stream  *AudioStream
	rtp     *rtpSession
	codec   audio.Codec
	stopped atomic.Bool

	// Sending, on the tick only.
	encoder audio.Encoder
	down    *audio.Resampler // mixer to codec rate, nil if equal
	narrow  []int16          // frame at codec rate
	silence []int16          // of a frame
	read    bool             // ReadFrame was called in this tick
	ticks   int
	timeout int // in ticks, 0 = off

	mu     sync.Mutex
	path   *path // never nil
	retune bool  // the encoder has not been told of the path's parameters
	early  bool  // an offer of ours asks for sound that path does not have yet

	from, controlFrom netip.AddrPort // the peer's RTP and RTCP: path.remote and path.control, until it moves; not valid: nowhere
	decoders          decoders
	heard             bool // something came since the last timeout check, or need not have
	*hearing               // nil until something comes
}

// silence is the longest frame of any codec: 20 ms at 48 kHz. It is never written.
var silence [48000 / audio.FramesPerSecond]int16

func newAudioPort(s *AudioStream, session *rtpSession, p *path) *audioPort {
	size, rate := p.codec.FrameSize(), s.mixer.SampleRate()
	a := &audioPort{
		stream: s, rtp: session, codec: p.codec, path: noPath, encoder: p.codec.NewEncoder(), silence: silence[:size],
	}
	if rate != p.codec.SampleRate {
		a.down, a.narrow = audio.NewResampler(rate, p.codec.SampleRate), make([]int16, 0, size)
	}
	if past := session.legacy(); past != nil {
		a.listenLocked()
		a.reception = past.reception
	}
	if timeout := s.env.RTP.Timeout; timeout >= 0 {
		if timeout == 0 {
			timeout = defaultTimeout
		}
		a.timeout = max(1, int(timeout/audio.FrameDuration))
	}
	a.follow(p)
	return a
}

// follow takes a path with the same codec and the same ends.
func (a *audioPort) follow(p *path) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if stays := p.remote.IsValid() && p.remote == a.path.remote && p.control == a.path.control; !stays {
		a.from, a.controlFrom = netip.AddrPort{}, netip.AddrPort{}
		if p.remote.IsValid() {
			a.settleLocked(p.remote, p.control)
		}
	}
	if a.path != noPath && a.path.direction != p.direction {
		a.heard = true // what was not to come has not been missed
	}
	a.retune, a.path, a.early = a.retune || p.parameters != a.path.parameters, p, false
	if !p.eventsOut.ok {
		a.rtp.events.drop()
	}
}

// decoderLocked is the decoder of a payload type, nil if that was not negotiated. It is made for the first packet.
func (a *audioPort) decoderLocked(payloadType uint8) audio.Decoder {
	if decoder := a.decoders.of(payloadType); decoder != nil {
		return decoder
	}
	for _, f := range a.path.formats {
		if f.payloadType == payloadType {
			decoder := newDecoder(f.codec, a.codec.SampleRate)
			a.decoders = append(a.decoders, typedDecoder{payloadType, decoder})
			return decoder
		}
	}
	return nil
}

// offer tells what an offer of ours asks for: whoever has offered to receive must be
// ready to, as sound may come before the answer (RFC 3264 section 5.1).
func (a *audioPort) offer(direction sdp.Direction) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.early = callsdp.Receives(direction)
}

// WriteFrame implements [audio.Sink]: one packet is sent, of silence if nobody
// speaks.
func (a *audioPort) WriteFrame(frame []int16) {
	a.rtp.sending.Lock()
	defer a.rtp.sending.Unlock()
	if a.stopped.Load() {
		return
	}
	t := a.tick()
	if a.rtp.ice != nil {
		a.rtp.ice.tick(t.dest.IsValid())
	}
	step := a.codec.TimestampStep()
	if !t.dest.IsValid() {
		a.rtp.skip(step)
	} else if event, ok := a.rtp.events.next(a.rtp.header.Timestamp, step); ok {
		a.rtp.sendEvent(t.dest, t.eventType, step, event)
	} else {
		a.rtp.send(t.dest, t.payloadType, step, func(packet []byte) []byte { return a.encoder.Encode(packet, a.toCodec(frame)) })
	}
	if t.control.IsValid() && a.rtp.reports.tick(t.received) {
		a.report(t.control)
	}
}

// turn is what a tick is to do.
type turn struct {
	dest                   netip.AddrPort // not valid: nothing is sent
	control                netip.AddrPort // of RTCP
	payloadType, eventType uint8
	received               uint32 // packets of the source so far
}

// report sends RTCP.
func (a *audioPort) report(dest netip.AddrPort) {
	now := time.Now()
	var blocks []rtcp.ReceptionReport
	a.mu.Lock()
	if a.hearing != nil {
		blocks = a.reception.report(now)
	}
	a.mu.Unlock()
	a.rtp.sendControl(dest, a.rtp.reports.compound(now, a.rtp.sender(), blocks, false))
}

// sayGoodbye sends the last report, if we have sent anything before (RFC 3550
// section 6.3.7).
func (a *audioPort) sayGoodbye(past *former) {
	a.mu.Lock()
	dest := a.controlFrom
	a.mu.Unlock()
	a.rtp.sending.Lock() // a last tick may still run
	defer a.rtp.sending.Unlock()
	if from := a.rtp.sender(); dest.IsValid() && (from.packets > 0 || a.rtp.reports.begun.Load()) {
		now := time.Now()
		var blocks []rtcp.ReceptionReport
		if past != nil {
			reception := past.reception
			blocks = reception.report(now)
		}
		a.rtp.sendControl(dest, a.rtp.reports.compound(now, from, blocks, true))
	}
}

// toCodec is the frame at the rate of the codec.
func (a *audioPort) toCodec(frame []int16) []int16 {
	switch {
	case frame == nil:
		return a.silence
	case a.down == nil:
		return frame
	}
	a.narrow = a.down.Resample(a.narrow[:0], frame)
	return a.narrow
}

// tick does what is due in every tick, and says what to send.
func (a *audioPort) tick() turn {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.read && a.hearing != nil {
		a.buffer.Pop() // nobody listens: what comes must not pile up
		a.waiting = a.waiting[:0]
	}
	a.read = false
	a.tuneLocked()
	a.ticks++
	if a.timeout > 0 && a.ticks%a.timeout == 0 {
		if !a.heard && a.path.direction == sdp.DirectionSendRecv {
			a.stream.env.Center.Post(a.stream, AudioStreamDidTimeout{})
		}
		a.heard = false
	}
	t := turn{control: a.controlFrom, payloadType: a.path.sendType}
	if a.hearing != nil {
		t.received = a.reception.received
	}
	if callsdp.Sends(a.path.direction) {
		t.dest, t.eventType = a.from, a.path.eventsOut.payloadType
	}
	return t
}

// tuneLocked tells the encoder what the peer says of its decoder.
func (a *audioPort) tuneLocked() {
	if !a.retune {
		return
	}
	a.retune = false
	if encoder, ok := a.encoder.(audio.Tunable); ok {
		encoder.Tune(a.path.parameters)
	}
}

// receive takes a datagram. Only RTP of the negotiated types from the peer's
// address is played.
func (a *audioPort) receive(data []byte, from netip.AddrPort) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listenLocked()
	if from == a.path.remote && from != a.from {
		a.settleLocked(a.path.remote, a.path.control) // back where it should be
	}
	switch {
	case from != a.from:
		a.strangeLocked(data, from)
		return
	case isControl(data):
		a.controlLocked(data)
		return
	case !parseRTP(&a.parsed, data):
		a.flow.Malformed++
		return
	case !a.unsealLocked(data):
		a.flow.Unauthentic++
		return
	}
	a.heard, a.wanderer.packets = true, 0
	a.flow.Packets++
	a.flow.Bytes += uint64(len(a.parsed.Payload))
	if !a.reception.known || a.reception.ssrc != a.parsed.SSRC {
		a.reception.follow(a.parsed.SSRC)
		a.events = eventReceiver{}
		a.buffer.Reset()
	}
	playable := a.decoderLocked(a.parsed.PayloadType) != nil
	a.reception.packet(a.parsed.SequenceNumber, a.parsed.Timestamp, a.codec.ClockRate, playable, time.Now())
	isEvent := !playable && a.path.eventsIn.ok && a.parsed.PayloadType == a.path.eventsIn.payloadType
	switch {
	case !playable && !isEvent:
		a.flow.Unplayable++
		return
	case !callsdp.Receives(a.path.direction) && !a.early:
		return
	case isEvent:
		a.eventLocked()
		a.parsed.Payload = nil // in the sequence of sound it stands for silence
	}
	a.expectSoundLocked()
	a.buffer.Push(jitter.Packet{Seq: a.parsed.SequenceNumber, Type: a.parsed.PayloadType, Payload: a.parsed.Payload})
}

// unsealLocked opens the packet that was just read, if it must be sealed.
func (a *audioPort) unsealLocked(data []byte) bool {
	security := a.rtp.security.Load()
	if security == nil {
		return true
	}
	opened, ok := security.unseal(data, &a.parsed.Header)
	return ok && parseRTP(&a.parsed, opened)
}

// eventLocked takes a packet of an event.
func (a *audioPort) eventLocked() {
	if len(a.parsed.Payload) < eventSize {
		a.flow.Malformed++
		return
	}
	event, fresh := a.events.packet(a.parsed.SequenceNumber, a.parsed.Timestamp, a.parsed.Payload)
	if fresh && a.path.eventsIn.takes(event) {
		a.stream.env.Center.Post(a.stream, AudioStreamGotDTMF{Digit: digits[event : event+1]})
	}
}
