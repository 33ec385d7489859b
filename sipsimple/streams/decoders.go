package streams

import "github.com/go-sipsimple/callflow/audio"

// decoders are those of a path. They are few.
type decoders []typedDecoder

// typedDecoder is the decoder of an RTP payload type.
type typedDecoder struct {
	payloadType uint8
	audio.Decoder
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
