package audio

import "strings"

// Encoder turns frames into payloads. It belongs to one stream.
type Encoder interface {
	// Encode appends the payload of one frame and returns the longer slice.
	Encode(payload []byte, frame []int16) []byte
}

// Decoder turns payloads into samples. It belongs to one stream.
type Decoder interface {
	// Decode appends the samples of one payload, of whatever length, and
	// returns the longer slice. A damaged payload gives fewer samples.
	Decode(frame []int16, payload []byte) []int16
}

// Codec describes a codec that we speak.
type Codec struct {
	Name        string // encoding name (RFC 3551), such as PCMU
	PayloadType uint8  // static, or the one we prefer to offer
	ClockRate   int    // Hz, of RTP timestamps and rtpmap
	SampleRate  int    // Hz, of the samples; differs from ClockRate for G722 only
	NewEncoder  func() Encoder
	NewDecoder  func() Decoder
}

// FrameSize is the number of samples of a frame.
func (c Codec) FrameSize() int { return c.SampleRate / FramesPerSecond }

// TimestampStep is what one frame adds to the RTP timestamp.
func (c Codec) TimestampStep() uint32 { return uint32(c.ClockRate / FramesPerSecond) }

// Codecs returns the codecs that are built in, in the order we prefer them.
func Codecs() []Codec {
	return []Codec{
		{
			Name: "PCMU", PayloadType: 0, ClockRate: 8000, SampleRate: 8000,
			NewEncoder: func() Encoder { return muLaw{} }, NewDecoder: func() Decoder { return muLaw{} },
		},
		{
			Name: "PCMA", PayloadType: 8, ClockRate: 8000, SampleRate: 8000,
			NewEncoder: func() Encoder { return aLaw{} }, NewDecoder: func() Decoder { return aLaw{} },
		},
	}
}

// LookupCodec finds a codec by its name, in upper or lower case, and clock
// rate; rate 0 matches any.
func LookupCodec(name string, clockRate int) (Codec, bool) {
	for _, c := range Codecs() {
		if strings.EqualFold(c.Name, name) && (clockRate == 0 || clockRate == c.ClockRate) {
			return c, true
		}
	}
	return Codec{}, false
}
