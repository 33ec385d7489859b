package audio

import (
	"math/bits"
	"slices"
)

// G.711 (ITU-T, tables 1 and 2) with the 16-bit values of the ITU software
// tool library (G.191): µ-law works on the upper 14 bits of a sample, A-law on
// the upper 12. The tables are filled once and never change.
var (
	muLawCodes  [1 << 14]byte // by the upper 14 bits of the sample
	muLawValues [256]int16
	aLawCodes   [1 << 12]byte // by the upper 12 bits
	aLawValues  [256]int16
)

func init() {
	for i := range muLawCodes {
		muLawCodes[i] = muLawCode(int16(uint16(i << 2)))
	}
	for i := range aLawCodes {
		aLawCodes[i] = aLawCode(int16(uint16(i << 4)))
	}
	for i := range 256 {
		muLawValues[i], aLawValues[i] = muLawValue(byte(i)), aLawValue(byte(i))
	}
}

// magnitude is the absolute value without its lowest shift bits; negative
// numbers are inverted, not negated, as in G.191.
func magnitude(sample int16, shift int) int {
	if sample < 0 {
		sample = ^sample
	}
	return int(sample) >> shift
}

const (
	muLawBias    = 33     // in 14-bit units: makes every segment begin at a power of two
	muLawMaximum = 0x1FFF // of the biased magnitude
)

func muLawCode(sample int16) byte {
	biased := min(magnitude(sample, 2)+muLawBias, muLawMaximum)
	segment := bits.Len(uint(biased)) - 6 // 0..7
	code := byte(segment<<4 | biased>>(segment+1)&0xF)
	if sample < 0 {
		code |= 0x80
	}
	return ^code // all bits are sent inverted, the sign too
}

func muLawValue(code byte) int16 {
	code = ^code
	segment, step := int(code>>4&7), int(code&0xF)
	// The middle of the interval, the bias taken off again.
	value := int16(((2*step+33)<<segment - muLawBias) << 2)
	if code&0x80 != 0 {
		return -value
	}
	return value
}

func aLawCode(sample int16) byte {
	code := magnitude(sample, 4) // 11 bits
	if code > 15 {
		segment := bits.Len(uint(code)) - 4 // 1..7
		code = segment<<4 | code>>(segment-1)&0xF
	}
	if sample >= 0 {
		code |= 0x80
	}
	return byte(code) ^ 0x55 // every second bit is sent inverted
}

func aLawValue(code byte) int16 {
	code ^= 0x55
	segment, value := int(code>>4&7), int16(code&0xF)<<4+8
	if segment > 0 {
		value = (value + 0x100) << (segment - 1)
	}
	if code&0x80 == 0 {
		return -value
	}
	return value
}

// muLaw and aLaw are both directions of the two codecs: they have no state.
type (
	muLaw struct{}
	aLaw  struct{}
)

// extend makes a list n elements longer; added are those, with any values.
func extend[T any](list []T, n int) (longer, added []T) {
	longer = slices.Grow(list, n)[:len(list)+n]
	return longer, longer[len(list):][:n]
}

// Encode implements [Encoder].
func (muLaw) Encode(payload []byte, frame []int16) []byte {
	payload, codes := extend(payload, len(frame))
	for i, s := range frame {
		codes[i] = muLawCodes[uint16(s)>>2]
	}
	return payload
}

// Decode implements [Decoder].
func (muLaw) Decode(frame []int16, payload []byte) []int16 {
	frame, values := extend(frame, len(payload))
	for i, c := range payload {
		values[i] = muLawValues[c]
	}
	return frame
}

// Encode implements [Encoder].
func (aLaw) Encode(payload []byte, frame []int16) []byte {
	payload, codes := extend(payload, len(frame))
	for i, s := range frame {
		codes[i] = aLawCodes[uint16(s)>>4]
	}
	return payload
}

// Decode implements [Decoder].
func (aLaw) Decode(frame []int16, payload []byte) []int16 {
	frame, values := extend(frame, len(payload))
	for i, c := range payload {
		values[i] = aLawValues[c]
	}
	return frame
}
