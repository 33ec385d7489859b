package audio_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

// Referees are other people's programs (Debian: ffmpeg, sox). Where they are not
// installed the test is skipped, and says so.
func referee(t *testing.T, in []byte, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: its verdict is missing", name)
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(from, in, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, arg := range args {
		args[i] = map[string]string{"IN": from, "OUT": to}[arg]
		if args[i] == "" {
			args[i] = arg
		}
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	result, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func octets(samples []int16) []byte {
	b := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

// hardSound is noise that swells, with jumps and full scale in it.
func hardSound(n int) []int16 {
	random := rand.New(rand.NewPCG(7, 22))
	samples := toneOf(16000, n, 1733, 9000)
	for i := range samples {
		swell := int(i % 8000 * 4)
		samples[i] += int16(random.IntN(swell+1) - swell/2)
		if i%4000 < 40 {
			samples[i] = int16(65535*(i%2) - 32768)
		}
	}
	return samples
}

// TestG722Referee: ffmpeg codes and decodes every bit alike.
func TestG722Referee(t *testing.T) {
	codec, _ := audio.LookupCodec("G722", 0)
	in := hardSound(48000)
	ours := codec.NewEncoder().Encode(nil, in)
	theirs := referee(t, octets(in), "ffmpeg", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "IN", "-c:a", "g722", "-f", "g722", "OUT")
	if !bytes.Equal(ours, theirs) {
		t.Error("the coders differ")
	}
	decoded := referee(t, theirs, "ffmpeg", "-f", "g722", "-i", "IN", "-f", "s16le", "OUT")
	if !bytes.Equal(octets(codec.NewDecoder().Decode(nil, theirs)), decoded) {
		t.Error("the decoders differ")
	}
}

// TestG711Referee: ffmpeg and sox decode alike.
func TestG711Referee(t *testing.T) {
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
	}
	for _, law := range []struct{ codec, ffmpeg, sox string }{{"PCMU", "mulaw", "ul"}, {"PCMA", "alaw", "al"}} {
		codec, _ := audio.LookupCodec(law.codec, 0)
		ours := octets(codec.NewDecoder().Decode(nil, all))
		if theirs := referee(t, all, "ffmpeg", "-f", law.ffmpeg, "-ar", "8000", "-i", "IN", "-f", "s16le", "OUT"); !bytes.Equal(ours, theirs) {
			t.Errorf("%s: ffmpeg decodes otherwise", law.codec)
		}
		theirs := referee(t, all, "sox", "-t", law.sox, "-r", "8000", "IN", "-t", "s16", "OUT")
		if !bytes.Equal(ours, theirs) {
			t.Errorf("%s: sox decodes otherwise", law.codec)
		}
	}
}

// TestOpusReferee: what libopus has coded (through ffmpeg) is decoded.
func TestOpusReferee(t *testing.T) {
	codec, ok := audio.LookupCodec("opus", 48000)
	if !ok || codec.Format() != "opus/48000/2" {
		t.Fatalf("codec %+v", codec)
	}
	in := toneOf(48000, 48000*2, 440, 10000)
	ogg := referee(t, octets(in), "ffmpeg", "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "IN", "-c:a", "libopus", "-b:a", "48k", "-f", "ogg", "OUT")
	decoder := codec.NewDecoder()
	var heard []int16
	for i, packet := range oggPackets(ogg) {
		if i >= 2 { // after the two headers
			heard = decoder.Decode(heard, packet)
		}
	}
	if len(heard) < 90000 {
		t.Fatalf("%d samples", len(heard))
	}
	if db, peak := fitTone(heard[24000:72000], 48000, 440); db < 30 || peak < 9500 || peak > 10500 {
		t.Errorf("SINAD %.1f dB, peak %.0f", db, peak)
	}
}

// oggPackets takes the packets out of Ogg pages (RFC 3533 section 6).
func oggPackets(data []byte) [][]byte {
	var packets [][]byte
	var current []byte
	for len(data) > 27 && string(data[:4]) == "OggS" {
		segments := data[27 : 27+int(data[26])]
		data = data[27+len(segments):]
		for _, size := range segments {
			current, data = append(current, data[:size]...), data[size:]
			if size < 255 {
				packets, current = append(packets, current), nil
			}
		}
	}
	return packets
}

// TestOddOpus: damaged packets give nothing, or noise, and no panic.
func TestOddOpus(t *testing.T) {
	codec, _ := audio.LookupCodec("opus", 0)
	decoder := codec.NewDecoder()
	random := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		payload := make([]byte, random.IntN(60))
		for i := range payload {
			payload[i] = byte(random.Uint32())
		}
		if n := len(decoder.Decode(nil, payload)); n > 5760 {
			t.Fatalf("%d samples from a packet", n)
		}
	}
}

// TestG722Vectors compares with what ffmpeg 5.1 made of the same sound: that of
// hardSound, coded (testdata/g722.coded) and decoded again (testdata/g722.pcm).
func TestG722Vectors(t *testing.T) {
	codec, _ := audio.LookupCodec("G722", 0)
	coded, err := os.ReadFile("testdata/g722.coded")
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := os.ReadFile("testdata/g722.pcm")
	if err != nil {
		t.Fatal(err)
	}
	if ours := codec.NewEncoder().Encode(nil, hardSound(2*len(coded))); !slices.Equal(ours, coded) {
		t.Error("the coder differs")
	}
	if ours := octets(codec.NewDecoder().Decode(nil, coded)); !slices.Equal(ours, decoded) {
		t.Error("the decoder differs")
	}
}

// BenchmarkG722 is one frame of 20 ms.
func BenchmarkG722(b *testing.B) {
	codec, _ := audio.LookupCodec("G722", 0)
	frame := hardSound(320)
	payload := codec.NewEncoder().Encode(nil, frame)
	b.Run("encode", func(b *testing.B) {
		encoder, out := codec.NewEncoder(), make([]byte, 0, 160)
		b.ReportAllocs()
		for b.Loop() {
			encoder.Encode(out, frame)
		}
	})
	b.Run("decode", func(b *testing.B) {
		decoder, out := codec.NewDecoder(), make([]int16, 0, 320)
		b.ReportAllocs()
		for b.Loop() {
			decoder.Decode(out, payload)
		}
	})
}
