package audio

// G.722 (ITU-T) at 64 kbit/s: sound of 16 kHz is split into two bands of 8 kHz,
// each coded by adaptive prediction, 6 bits of the lower and 2 of the higher
// band to an octet.
//
// The coder is made for 14 bits. Samples of 16 bit are taken as those of the
// ITU's own software (G.191) are: their upper bits count, and full scale of 16
// bit is full scale of the coder. Whoever feeds the 16 bits unscaled overloads
// it and is 12 dB too loud for everybody else (the classic error).
//
// The arithmetic is go:norace, or a call under the race detector would spend its
// time there. Nothing is lost by that: all state is reached by Encode and Decode
// only, which are looked at.

// g722Band is the adaptive predictor of one band, alike in coder and decoder
// (block 4 of the recommendation).
type g722Band struct {
	signal      int32    // prediction
	zeros       int32    // its part from the six differences
	poles       [2]int32 // coefficients of the reconstructed signal
	partial     [2]int32 // signs decide: partially reconstructed signal
	past        [2]int32 // reconstructed signal
	weights     [6]int32 // coefficients of the differences
	differences [6]int32
	growth      int32 // logarithm of the scale factor
	scale       int32
}

// adapt takes the quantised difference of a sample.
//
//go:norace
func (b *g722Band) adapt(difference int32) {
	reconstructed := saturate15(b.signal + difference)
	partial := saturate15(b.zeros + difference)
	b.adaptPoles(partial)
	b.adaptWeights(difference)
	b.past = [2]int32{reconstructed, b.past[0]}
	b.partial = [2]int32{partial, b.partial[0]}

	poles := saturate15(2*b.past[0])*b.poles[0]>>15 + saturate15(2*b.past[1])*b.poles[1]>>15
	b.zeros = 0
	for i, d := range b.differences {
		b.zeros += saturate15(2*d) * b.weights[i] >> 15
	}
	b.zeros = saturate15(b.zeros)
	b.signal = saturate15(saturate15(poles) + b.zeros)
}

// adaptPoles is blocks UPPOL2 and UPPOL1.
//
//go:norace
func (b *g722Band) adaptPoles(partial int32) {
	same0, same1 := (partial^b.partial[0]) >= 0, (partial^b.partial[1]) >= 0
	first := saturate15(4 * b.poles[0])
	if same0 {
		first = -first
	}
	second := min(first, 32767) >> 7
	if same1 {
		second += 128
	} else {
		second -= 128
	}
	second = max(-12288, min(second+b.poles[1]*32512>>15, 12288))
	change := int32(-192)
	if same0 {
		change = 192
	}
	limit := saturate15(15360 - second)
	b.poles = [2]int32{max(-limit, min(saturate15(change+b.poles[0]*32640>>15), limit)), second}
}

// adaptWeights is block UPZERO.
//
//go:norace
func (b *g722Band) adaptWeights(difference int32) {
	change := int32(128)
	if difference == 0 {
		change = 0
	}
	for i, d := range b.differences {
		step := -change
		if (d ^ difference) >= 0 {
			step = change
		}
		b.weights[i] = saturate15(step + b.weights[i]*32640>>15)
	}
	for i := 5; i > 0; i-- {
		b.differences[i] = b.differences[i-1]
	}
	b.differences[0] = difference
}

// rescale is blocks LOGSCL and SCALEL, or LOGSCH and SCALEH: growth by step, at
// most to limit; base is where the exponents of the band begin.
//
//go:norace
func (b *g722Band) rescale(step, limit, base int32) {
	b.growth = max(0, min(b.growth*127>>7+step, limit))
	shift := base - b.growth>>11
	value := scales[b.growth>>6&31]
	if shift < 0 {
		b.scale = value << -shift << 2
	} else {
		b.scale = value >> shift << 2
	}
}

func saturate15(v int32) int32 { return max(-32768, min(v, 32767)) }

// Limits and exponents of the two bands.
const (
	lowLimit, lowBase   = 18432, 8
	highLimit, highBase = 22528, 10
)

// g722 is one direction of one call.
type g722 struct {
	low, high g722Band
	past      [24]int32 // of the mirror filter
}

func newG722() *g722 {
	return &g722{low: g722Band{scale: 32}, high: g722Band{scale: 8}}
}

// Encode implements [Encoder]. A frame has an even number of samples.
func (g *g722) Encode(payload []byte, frame []int16) []byte {
	for ; len(frame) >= 2; frame = frame[2:] {
		copy(g.past[:], g.past[2:])
		g.past[22], g.past[23] = int32(frame[0]), int32(frame[1])
		even, odd := g.mirror()
		low, high := (even+odd)>>14, (even-odd)>>14
		payload = append(payload, g.encodeHigh(high)<<6|g.encodeLow(low))
	}
	return payload
}

// mirror is the two halves of the filter.
//
//go:norace
func (g *g722) mirror() (even, odd int32) {
	for i, c := range qmf {
		odd += g.past[2*i] * c
		even += g.past[2*i+1] * qmf[11-i]
	}
	return even, odd
}

//go:norace
func (g *g722) encodeLow(sample int32) byte {
	difference := saturate15(sample - g.low.signal)
	magnitude := difference
	if difference < 0 {
		magnitude = -(difference + 1)
	}
	interval := 1
	for interval < 30 && magnitude >= lowDecisions[interval]*g.low.scale>>12 {
		interval++
	}
	code := lowPositive[interval]
	if difference < 0 {
		code = lowNegative[interval]
	}
	g.adaptLow(code)
	return code
}

//go:norace
func (g *g722) adaptLow(code byte) {
	upper := code >> 2
	difference := g.low.scale * lowValues4[upper] >> 15
	g.low.rescale(lowSteps[upper], lowLimit, lowBase)
	g.low.adapt(difference)
}

//go:norace
func (g *g722) encodeHigh(sample int32) byte {
	difference := saturate15(sample - g.high.signal)
	magnitude := difference
	code := byte(3)
	if difference < 0 {
		magnitude = -(difference + 1)
		code = 1
	}
	if magnitude >= highDecision*g.high.scale>>12 {
		code--
	}
	g.adaptHigh(code)
	return code
}

//go:norace
func (g *g722) adaptHigh(code byte) {
	difference := g.high.scale * highValues[code] >> 15
	g.high.rescale(highSteps[code], highLimit, highBase)
	g.high.adapt(difference)
}

// Decode implements [Decoder].
func (g *g722) Decode(frame []int16, payload []byte) []int16 {
	for _, octet := range payload {
		code := octet & 0x3F
		low := limit14(g.low.signal + g.low.scale*lowValues6[code]>>15)
		g.adaptLow(code)

		code = octet >> 6
		high := limit14(g.high.signal + g.high.scale*highValues[code]>>15)
		g.adaptHigh(code)

		copy(g.past[:], g.past[2:])
		g.past[22], g.past[23] = low+high, low-high
		even, odd := g.mirror()
		frame = append(frame, saturate(even>>11), saturate(odd>>11))
	}
	return frame
}

func limit14(v int32) int32 { return max(-16384, min(v, 16383)) }
