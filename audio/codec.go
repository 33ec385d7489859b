package audio

import (
	"slices"
	"strconv"
	"strings"
)

// Encoder turns frames into payloads. It belongs to one stream.
type Encoder interface {
	// Encode appends the payload of one frame and returns the longer slice; the
	// same slice if nothing need be sent, as nobody speaks.
	Encode(payload []byte, frame []int16) []byte
}

// Tunable is an [Encoder] that heeds what the peer says of its decoder.
type Tunable interface {
	// Tune takes the parameters of a=fmtp, before the first frame and whenever they
	// change. What it does not understand it leaves out.
	Tune(parameters string)
}

// Decoder turns payloads into samples. It belongs to one stream.
type Decoder interface {
	// Decode appends the samples of one payload, of whatever length, and
	// returns the longer slice. A damaged payload gives fewer samples.
	Decode(frame []int16, payload []byte) []int16
}

// Codec describes a codec that we speak.
type Codec struct {
	Name        string         // encoding name (RFC 3551), such as PCMU
	PayloadType uint8          // static, or the one we prefer to offer
	ClockRate   int            // Hz, of RTP timestamps and rtpmap
	SampleRate  int            // Hz, of the samples; differs from ClockRate for G722 only
	Channels    int            // as rtpmap says; 0: one. Sound is mono in any case
	AnyRate     bool           // it makes sense for a mixer that is slower than SampleRate too
	NewEncoder  func() Encoder // nil: this build can only receive it
	NewDecoder  func() Decoder
}

// Sendable tells whether we can send the codec. One that we cannot is not
// offered either.
func (c Codec) Sendable() bool { return c.NewEncoder != nil }

// Format is the codec as rtpmap has it: "PCMU/8000", "opus/48000/2".
func (c Codec) Format() string {
	format := c.Name + "/" + strconv.Itoa(c.ClockRate)
	if c.Channels > 1 {
		format += "/" + strconv.Itoa(c.Channels)
	}
	return format
}

// FrameSize is the number of samples of a frame.
func (c Codec) FrameSize() int { return c.SampleRate / FramesPerSecond }

// TimestampStep is what one frame adds to the RTP timestamp.
func (c Codec) TimestampStep() uint32 { return uint32(c.ClockRate / FramesPerSecond) }

// Codecs returns the codecs that are built in, in the order we prefer them. Some
// may be for receiving only ([Codec.Sendable]).
func Codecs() []Codec { return slices.Clone(codecs) }

var codecs = builtIn()

func builtIn() []Codec {
	return []Codec{
		{
			Name: "G722", PayloadType: 9, ClockRate: 8000, SampleRate: 16000, // the clock is an error that stays, RFC 3551 section 4.5.2
			NewEncoder: func() Encoder { return newG722() }, NewDecoder: func() Decoder { return newG722() },
		},
		{
			Name: "PCMU", PayloadType: 0, ClockRate: 8000, SampleRate: 8000,
			NewEncoder: func() Encoder { return muLaw{} }, NewDecoder: func() Decoder { return muLaw{} },
		},
		{
			Name: "PCMA", PayloadType: 8, ClockRate: 8000, SampleRate: 8000,
			NewEncoder: func() Encoder { return aLaw{} }, NewDecoder: func() Decoder { return aLaw{} },
		},
		opusCodec(),
	}
}

// LookupCodec finds a codec by its name, in upper or lower case, and clock
// rate; rate 0 matches any.
func LookupCodec(name string, clockRate int) (Codec, bool) {
	for _, c := range codecs {
		if strings.EqualFold(c.Name, name) && (clockRate == 0 || clockRate == c.ClockRate) {
			return c, true
		}
	}
	return Codec{}, false
}
