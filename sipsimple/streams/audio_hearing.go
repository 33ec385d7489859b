package streams

import (
	"slices"

	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/internal/jitter"
)

// hearing is what a port needs for what it receives. The call of somebody who
// says nothing has none.
type hearing struct {
	parsed    rtp.Packet
	wanderer  wanderer
	reception reception
	events    eventReceiver
	buffer    *jitter.Buffer
	conceal   *jitter.Concealer
	up        *audio.Resampler // codec to mixer rate, nil if equal
	length    int              // samples of the last packet
	waiting   []int16          // decoded, not yet played, at codec rate
	wide      []int16          // frame at mixer rate
	flow      Flow
}

// listenLocked makes room for what is received, once.
func (a *audioPort) listenLocked() {
	if a.hearing != nil {
		return
	}
	a.hearing = &hearing{buffer: jitter.NewBuffer(), length: a.codec.FrameSize()}
	if rate := a.stream.mixer.SampleRate(); rate != a.codec.SampleRate {
		a.up, a.wide = audio.NewResampler(a.codec.SampleRate, rate), make([]int16, 0, a.stream.mixer.FrameSize())
	}
}

// expectSoundLocked makes room for what is heard, once. The tick must not, and a
// call in which nobody speaks needs none.
func (a *audioPort) expectSoundLocked() {
	if a.conceal == nil {
		a.conceal = jitter.NewConcealer(a.codec.SampleRate)
		a.waiting = make([]int16, 0, 4*a.codec.FrameSize()) // of packets of up to 60 ms
	}
}

// ReadFrame implements [audio.Source].
func (a *audioPort) ReadFrame(frame []int16) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read = true
	if a.hearing == nil {
		return false
	}
	size := a.codec.FrameSize()
	for len(a.waiting) < size {
		if !a.decodeLocked() {
			break
		}
	}
	if len(a.waiting) == 0 {
		return false
	}
	if missing := size - len(a.waiting); missing > 0 {
		a.waiting = append(a.waiting, a.silence[:missing]...)
	}
	if a.up == nil {
		copy(frame, a.waiting[:size])
	} else {
		a.wide = a.up.Resample(a.wide[:0], a.waiting[:size])
		copy(frame, a.wide)
	}
	a.waiting = a.waiting[:copy(a.waiting, a.waiting[size:])]
	return true
}

// decodeLocked adds the sound of one packet, or what replaces it, to what is
// waiting. It returns false when there is nothing but silence.
func (a *audioPort) decodeLocked() bool {
	packet, verdict := a.buffer.Pop()
	if verdict == jitter.Silence {
		return false
	}
	if verdict == jitter.Join {
		a.conceal.Skip()
	}
	if packet != nil {
		if decoded := a.soundLocked(packet); len(decoded) > 0 {
			a.conceal.Heard(decoded)
			return true
		}
	}
	before := len(a.waiting)
	if missing := a.waitLocked(); !a.conceal.Conceal(missing) {
		if before == 0 {
			a.waiting = a.waiting[:0]
			return false
		}
		clear(missing)
	}
	return true
}

// soundLocked adds the sound of one packet, of an event silence, to what is waiting,
// and returns it.
func (a *audioPort) soundLocked(packet *jitter.Packet) []int16 {
	decoder := a.decoders.of(packet.Type)
	if decoder == nil { // an event
		silent := a.waitLocked()
		clear(silent)
		return silent
	}
	before := len(a.waiting)
	a.waiting = decoder.Decode(a.waiting, packet.Payload)
	decoded := a.waiting[before:]
	if len(decoded) > 0 {
		a.setLengthLocked(len(decoded))
	}
	return decoded
}

// waitLocked makes what is waiting longer by a packet, and returns that: any samples.
func (a *audioPort) waitLocked() []int16 {
	before := len(a.waiting)
	a.waiting = slices.Grow(a.waiting, a.length)[:before+a.length]
	return a.waiting[before:]
}

// setLengthLocked learns how long the peer's packets are: what is concealed is
// as long, and the buffer holds half a second of them.
func (a *audioPort) setLengthLocked(samples int) {
	if samples == a.length {
		return
	}
	a.length = max(samples, a.codec.FrameSize()/4)
	a.buffer.SetLimit(a.codec.SampleRate / 2 / a.length)
}

// received is what has come, nil if nothing has. If reset is set its measurements begin anew.
func (a *audioPort) received(reset bool) *former {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hearing == nil {
		return nil
	}
	f := &former{flow: a.flow, reception: a.reception}
	f.flow.addCounters(a.buffer.Counters)
	if reset {
		a.reception.restartSeries()
	}
	return f
}
