package audio

import "github.com/pion/opus"

// opusRate is the rate and the clock of Opus (RFC 7587).
const opusRate = 48000

// maxOpusFrame is the longest packet in samples: 120 ms.
const maxOpusFrame = opusRate * 120 / 1000

// opusCodec can be received. It can be sent where the C library is built in (see
// package libopus): there is no encoder in Go. Without it [Codec.Sendable] is false
// and nobody offers it.
func opusCodec() Codec {
	return Codec{
		Name: "opus", PayloadType: 96, ClockRate: opusRate, SampleRate: opusRate, Channels: 2, AnyRate: true,
		NewEncoder: newOpusEncoder, NewDecoder: func() Decoder { return newOpusDecoder() },
	}
}

// opusDecoder decodes to one channel.
type opusDecoder struct {
	decoder opus.Decoder
	broken  bool
	out     []int16
}

func newOpusDecoder() *opusDecoder {
	decoder, err := opus.NewDecoderWithOutput(opusRate, 1)
	return &opusDecoder{decoder: decoder, broken: err != nil, out: make([]int16, maxOpusFrame)}
}

// Decode implements [Decoder]. A damaged packet gives no samples, whatever the
// library makes of it.
func (d *opusDecoder) Decode(frame []int16, payload []byte) (result []int16) {
	if d.broken || len(payload) == 0 {
		return frame
	}
	defer func() {
		if recover() != nil {
			result = frame
		}
	}()
	n, err := d.decoder.DecodeToInt16(payload, d.out)
	if err != nil || n > len(d.out) {
		return frame
	}
	return append(frame, d.out[:n]...)
}
