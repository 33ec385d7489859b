package streams_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// recorded reads the samples of a file that we wrote.
func recorded(t *testing.T, name string) []int16 {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil || len(content) < 44 {
		t.Fatalf("recording of %d octets (%v)", len(content), err)
	}
	samples := make([]int16, (len(content)-44)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(content[44+2*i:]))
	}
	return samples
}

// TestRecording is P29: both sides in one file, silence on hold, and what is
// posted.
func TestRecording(t *testing.T) {
	name := filepath.Join(t.TempDir(), "calls", "one.wav")
	withCall(t, options{}, func(_ *simnet.Network, alice, bob *party) {
		time.Sleep(time.Second)
		alice.take()
		check(t, alice.audio().StartRecording(name))
		if err := alice.audio().StartRecording(name); !errors.Is(err, streams.ErrRecording) {
			t.Errorf("recording twice: %v", err)
		}
		if active, _ := alice.audio().Attribute("recording_active"); active != true {
			t.Errorf("recording_active: %v", active)
		}
		expect(t, "alice", alice.take(), "AudioStreamWillStartRecordingAudio", "AudioPortDidChangeSlots", "AudioStreamDidStartRecordingAudio")
		time.Sleep(4 * time.Second)
		bob.stream.Hold()
		renegotiate(t, bob, alice)
		time.Sleep(2 * time.Second)
		bob.stream.Unhold()
		renegotiate(t, bob, alice)
		time.Sleep(4 * time.Second)
		alice.take()
		check(t, alice.audio().StopRecording())
		expect(t, "alice", alice.take(), "AudioStreamWillStopRecordingAudio", "AudioPortDidChangeSlots", "AudioStreamDidStopRecordingAudio")
		if err := alice.audio().StopRecording(); !errors.Is(err, streams.ErrNotRecording) {
			t.Errorf("stopped twice: %v", err)
		}
		samples := recorded(t, name)
		if d := len(samples) - 80000; d < -320 || d > 320 {
			t.Errorf("%d samples in 10 s", len(samples))
		}
		for _, part := range [][]int16{samples[2000:30000], samples[52000:78000]} {
			if r := hear.Measure(part, 8000, []float64{440, 880}); r.SNR < 30 || len(r.Tones) != 2 {
				t.Errorf("recorded %+v", r)
			}
		}
		if r := hear.Measure(samples[33000:47000], 8000, nil); !r.Silence {
			t.Errorf("recorded on hold %+v", r)
		}
	})
}

// TestRecordingEnds with the stream; and a place that cannot be written to is
// told.
func TestRecordingEnds(t *testing.T) {
	dir := t.TempDir()
	withCall(t, options{}, func(_ *simnet.Network, alice, bob *party) {
		alice.take()
		check(t, alice.audio().StartRecording(dir))
		expect(t, "alice", alice.take(), "AudioStreamWillStartRecordingAudio", "AudioStreamDidStopRecordingAudio")
		check(t, alice.audio().StartRecording(filepath.Join(dir, "x.wav")))
		time.Sleep(time.Second)
		alice.take()
		alice.stream.End()
		expect(t, "alice", alice.take(), "MediaStreamWillEnd", "AudioStreamWillStopRecordingAudio", "AudioPortDidChangeSlots",
			"AudioStreamDidStopRecordingAudio", "MediaStreamDidEnd")
		if n := len(recorded(t, filepath.Join(dir, "x.wav"))); n < 7840 {
			t.Errorf("%d samples in a second", n)
		}
		if err := alice.audio().StartRecording("y.wav"); !isIllegal(err) {
			t.Errorf("after the end: %v", err)
		}
	})
}
