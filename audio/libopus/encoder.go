//go:build opus && cgo

package libopus

/*
#cgo pkg-config: opus
#include <opus.h>

// Go cannot call functions with a variable number of arguments.
static int set_bitrate(OpusEncoder *e, opus_int32 v)   { return opus_encoder_ctl(e, OPUS_SET_BITRATE(v)); }
static int set_bandwidth(OpusEncoder *e, opus_int32 v) { return opus_encoder_ctl(e, OPUS_SET_MAX_BANDWIDTH(v)); }
static int set_vbr(OpusEncoder *e, opus_int32 v)       { return opus_encoder_ctl(e, OPUS_SET_VBR(v)); }
static int set_dtx(OpusEncoder *e, opus_int32 v)       { return opus_encoder_ctl(e, OPUS_SET_DTX(v)); }
static int set_fec(OpusEncoder *e, opus_int32 v)       { return opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(v)); }
static int set_loss(OpusEncoder *e, opus_int32 v)      { return opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(v)); }
static int set_complexity(OpusEncoder *e, opus_int32 v) { return opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(v)); }
*/
import "C"

import (
	"strconv"
	"strings"
	"unsafe"
)

// How we code: mono at 48 kHz, which is what RFC 7587 section 3.1.1 calls full-band
// speech, for sound of any kind (what is tuned for voices only makes something else of
// a pure tone), at the least complexity that notices silence of any kind.
const (
	rate       = 48000
	bitrate    = 40_000 // bit/s
	leastRate  = 6_000
	complexity = 7
	// expectedLoss is what is prepared for when the peer asks for error correction,
	// in percent.
	expectedLoss = 10
	// notSent is the length up to which a packet need not be sent: nobody speaks.
	notSent = 2
	// maxPacket is the longest packet of a frame (RFC 6716 section 3.2.1).
	maxPacket = 1275
)

// Encoder codes frames of 20 ms. It belongs to one stream.
type Encoder struct {
	state  []byte // the C library's, in our memory: there is nothing to be freed
	packet [maxPacket]byte
	dtx    bool
}

// NewEncoder returns an encoder for 40 kbit/s.
func NewEncoder() *Encoder {
	e := &Encoder{state: make([]byte, C.opus_encoder_get_size(1))}
	if code := C.opus_encoder_init(e.c(), rate, 1, C.OPUS_APPLICATION_AUDIO); code != C.OPUS_OK {
		panic("libopus: " + C.GoString(C.opus_strerror(code))) // the arguments are constants that it takes
	}
	C.set_complexity(e.c(), complexity)
	C.set_bitrate(e.c(), bitrate)
	return e
}

func (e *Encoder) c() *C.OpusEncoder {
	return (*C.OpusEncoder)(unsafe.Pointer(unsafe.SliceData(e.state)))
}

// Encode appends the packet of a frame of 960 samples. In silence nothing is
// appended, if the peer takes discontinuous transmission: nothing is to be sent.
func (e *Encoder) Encode(payload []byte, frame []int16) []byte {
	if len(frame) == 0 {
		return payload
	}
	n := C.opus_encode(e.c(), (*C.opus_int16)(unsafe.SliceData(frame)), C.int(len(frame)), (*C.uchar)(&e.packet[0]), maxPacket)
	if n < 0 || e.dtx && n <= notSent {
		return payload
	}
	return append(payload, e.packet[:n]...)
}

// Tune heeds what a peer says of its decoder in a=fmtp (RFC 7587 section 6.1):
// "maxplaybackrate=16000; maxaveragebitrate=20000; useinbandfec=1; usedtx=1; cbr=1".
// What is not said has its default, what cannot be read is left out.
func (e *Encoder) Tune(parameters string) {
	values := map[string]int{"maxplaybackrate": rate, "maxaveragebitrate": bitrate}
	for part := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(part, "=")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && n >= 0 {
			values[strings.ToLower(strings.TrimSpace(name))] = n
		}
	}
	C.set_bitrate(e.c(), C.opus_int32(min(max(values["maxaveragebitrate"], leastRate), bitrate)))
	C.set_bandwidth(e.c(), bandwidth(values["maxplaybackrate"]))
	C.set_vbr(e.c(), C.opus_int32(1-min(values["cbr"], 1)))
	C.set_fec(e.c(), C.opus_int32(min(values["useinbandfec"], 1)))
	C.set_loss(e.c(), C.opus_int32(min(values["useinbandfec"], 1)*expectedLoss))
	e.dtx = values["usedtx"] == 1
	C.set_dtx(e.c(), C.opus_int32(min(values["usedtx"], 1)))
}

// bandwidth is the widest that makes sense for a rate of playback in Hz.
func bandwidth(playback int) C.opus_int32 {
	switch {
	case playback <= 8000:
		return C.OPUS_BANDWIDTH_NARROWBAND
	case playback <= 12000:
		return C.OPUS_BANDWIDTH_MEDIUMBAND
	case playback <= 16000:
		return C.OPUS_BANDWIDTH_WIDEBAND
	case playback <= 24000:
		return C.OPUS_BANDWIDTH_SUPERWIDEBAND
	}
	return C.OPUS_BANDWIDTH_FULLBAND
}
