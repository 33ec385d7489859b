package streams

import "github.com/go-sipsimple/callflow/audio"

// decoders are those of a path. They are few.
type decoders []typedDecoder

// typedDecoder is the decoder of an RTP payload type.
type typedDecoder struct {
	payloadType uint8
	audio.Decoder
}

// newDecoder is a decoder of the codec whose sound has a rate in Hz.
func newDecoder(c audio.Codec, rate int) audio.Decoder {
	if c.SampleRate == rate {
		return c.NewDecoder()
	}
	return &resampledDecoder{
		decoder: c.NewDecoder(), resampler: audio.NewResampler(c.SampleRate, rate), sound: make([]int16, 0, 4*c.FrameSize()),
	}
}

// resampledDecoder is for a codec of another rate than the one that we send: a peer that has answered with several may
// send any of them.
type resampledDecoder struct {
	decoder   audio.Decoder
	resampler *audio.Resampler
	sound     []int16
}

// Decode implements [audio.Decoder].
func (d *resampledDecoder) Decode(frame []int16, payload []byte) []int16 {
	d.sound = d.decoder.Decode(d.sound[:0], payload)
	return d.resampler.Resample(frame, d.sound)
}

// of is the decoder of a payload type, nil if there is none.
func (d decoders) of(payloadType uint8) audio.Decoder {
	for i := range d {
		if d[i].payloadType == payloadType {
			return d[i].Decoder
		}
	}
	return nil
}
