//go:build opus && cgo

package audio_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

const opusFrame = 960

// opusPackets are the packets of a sound, as a peer with such a decoder wants them.
func opusPackets(t testing.TB, samples []int16, parameters string) (packets [][]byte, octets int) {
	t.Helper()
	codec, _ := audio.LookupCodec("opus", 48000)
	if !codec.Sendable() {
		t.Fatal("opus cannot be sent")
	}
	encoder := codec.NewEncoder()
	encoder.(audio.Tunable).Tune(parameters)
	for at := 0; at+opusFrame <= len(samples); at += opusFrame {
		packet := encoder.Encode(nil, samples[at:at+opusFrame])
		packets = append(packets, packet)
		octets += len(packet)
	}
	return packets, octets
}

// TestOpusEncoderReferee: what we code is decoded by libopus (through ffmpeg) and by
// our decoder, and both hear the tone.
func TestOpusEncoderReferee(t *testing.T) {
	codec, _ := audio.LookupCodec("opus", 48000)
	for hz, least := range map[int]float64{440: 30, 1020: 30, 5000: 20} {
		in := toneOf(48000, 48000*2, float64(hz), 10000)
		packets, size := opusPackets(t, in, "")
		if kbit := size * 8 / 2 / 1000; kbit > 48 {
			t.Errorf("%d Hz: %d kbit/s", hz, kbit)
		}
		var ours []int16
		decoder := codec.NewDecoder()
		for _, packet := range packets {
			ours = decoder.Decode(ours, packet)
		}
		raw := referee(t, oggOpus(packets), "ffmpeg", "-f", "ogg", "-i", "IN", "-f", "s16le", "-ar", "48000", "-ac", "1", "OUT")
		theirs := make([]int16, len(raw)/2)
		for i := range theirs {
			theirs[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		for name, heard := range map[string][]int16{"ours": ours, "ffmpeg": theirs} {
			if len(heard) < 90000 {
				t.Fatalf("%d Hz, %s: %d samples", hz, name, len(heard))
			}
			db, peak := fitTone(heard[24000:72000], 48000, float64(hz))
			t.Logf("%d Hz, %s: SINAD %.1f dB, peak %.0f", hz, name, db, peak)
			if db < least || math.Abs(20*math.Log10(peak/10000)) > 0.5 {
				t.Errorf("%d Hz, %s: SINAD %.1f dB, peak %.0f", hz, name, db, peak)
			}
		}
	}
}

// TestOpusHeedsThePeer: rate, discontinuous transmission and error correction are
// what the peer's a=fmtp says (RFC 7587 section 6.1), and nonsense in it is left out.
func TestOpusHeedsThePeer(t *testing.T) {
	speech := babble(48000 * 4)
	quiet := make([]int16, 48000*4)
	_, usual := opusPackets(t, speech, "")
	_, odd := opusPackets(t, speech, "maxaveragebitrate=-5; ;useinbandfec=x;=;stereo=1;sprop-stereo")
	if odd != usual {
		t.Errorf("%d octets with nonsense, %d without parameters", odd, usual)
	}
	if _, slow := opusPackets(t, speech, "maxaveragebitrate=12000"); float64(slow) > 12000/8*4*1.3 {
		t.Errorf("%d octets in 4 s of at most 12 kbit/s", slow)
	}
	if _, fast := opusPackets(t, speech, "maxaveragebitrate=510000"); fast != usual {
		t.Errorf("%d octets for who takes everything, usually %d", fast, usual)
	}
	if constant, _ := opusPackets(t, speech, "cbr=1"); len(constant[50]) != len(constant[150]) {
		t.Errorf("constant rate: packets of %d and %d octets", len(constant[50]), len(constant[150]))
	}
	sent := func(parameters string) (n int) {
		packets, _ := opusPackets(t, quiet, parameters)
		for _, packet := range packets {
			n += min(1, len(packet))
		}
		return n
	}
	if all, few := sent(""), sent("usedtx=1"); all != 200 || few > 60 || few < 5 {
		t.Errorf("of 200 packets of silence %d are sent, with discontinuous transmission %d", all, few)
	}
	repaired := func(parameters string) (n int) {
		packets, _ := opusPackets(t, speech, parameters)
		for _, packet := range packets {
			if packet[0]>>3 < 16 && packet[1]>>6&1 == 1 { // not CELT alone: the flag of RFC 6716 section 4.2.4
				n++
			}
		}
		return n
	}
	if without, with := repaired("maxplaybackrate=16000;maxaveragebitrate=24000"), repaired("maxplaybackrate=16000;maxaveragebitrate=24000;useinbandfec=1"); without != 0 || with < 20 {
		t.Errorf("packets that repair the one before: %d, with useinbandfec %d", without, with)
	}
}

// babble is a voice of sorts: a buzz with vowels, in syllables.
func babble(n int) []int16 {
	random := rand.New(rand.NewPCG(3, 4))
	samples := make([]int16, n)
	var a1, a2 float64
	for i := range samples {
		syllable := math.Max(0, math.Sin(2*math.Pi*3*float64(i)/48000))
		pulse := 0.0
		if i%(48000/120) == 0 {
			pulse = 20000
		}
		formant := 500 + 300*float64(i/16000%3)
		x := syllable*pulse + float64(random.IntN(41)-20)
		y := x + 2*0.985*math.Cos(2*math.Pi*formant/48000)*a1 - 0.985*0.985*a2
		a1, a2 = y, a1
		samples[i] = int16(math.Max(-32000, math.Min(32000, y*0.3)))
	}
	return samples
}

// oggOpus puts packets into an Ogg file (RFC 3533, RFC 7845), one a page.
func oggOpus(packets [][]byte) []byte {
	head := append([]byte("OpusHead"), 1, 1, 0, 0)
	head = append(binary.LittleEndian.AppendUint32(head, 48000), 0, 0, 0)
	tags := append([]byte("OpusTags"), make([]byte, 8)...)
	var file []byte
	for i, packet := range append([][]byte{head, tags}, packets...) {
		flags := byte(0)
		if i == 0 {
			flags = 2
		}
		page := append([]byte("OggS"), 0, flags)
		page = binary.LittleEndian.AppendUint64(page, uint64(max(0, i-1)*opusFrame))
		page = binary.LittleEndian.AppendUint32(page, 7)
		page = binary.LittleEndian.AppendUint32(page, uint32(i))
		page = append(page, 0, 0, 0, 0, byte(len(packet)/255+1))
		for range len(packet) / 255 {
			page = append(page, 255)
		}
		page = append(append(page, byte(len(packet)%255)), packet...)
		binary.LittleEndian.PutUint32(page[22:], oggSum(page))
		file = append(file, page...)
	}
	return file
}

// oggSum is the checksum of a page.
func oggSum(page []byte) (sum uint32) {
	for _, b := range page {
		sum ^= uint32(b) << 24
		for range 8 {
			carry := sum >> 31
			sum = sum<<1 ^ carry*0x04c11db7
		}
	}
	return sum
}

func TestOpusAllocatesNothing(t *testing.T) {
	codec, _ := audio.LookupCodec("opus", 48000)
	encoder, speech, out := codec.NewEncoder(), babble(48000), make([]byte, 0, 1500)
	at := 0
	if n := testing.AllocsPerRun(200, func() {
		encoder.Encode(out, speech[at:at+opusFrame])
		at = (at + opusFrame) % (48000 - opusFrame)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// BenchmarkOpus is one frame of 20 ms of a voice.
func BenchmarkOpus(b *testing.B) {
	codec, _ := audio.LookupCodec("opus", 48000)
	speech := babble(48000 * 2)
	b.Run("encode", func(b *testing.B) {
		encoder, out := codec.NewEncoder(), make([]byte, 0, 1500)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			at := i % 100 * opusFrame
			encoder.Encode(out, speech[at:at+opusFrame])
		}
	})
	packets, _ := opusPackets(b, speech, "")
	b.Run("decode", func(b *testing.B) {
		decoder, out := codec.NewDecoder(), make([]int16, 0, 6000)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			decoder.Decode(out, packets[i%100])
		}
	})
}
