package audio_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/internal/cputime"
)

// TestLoad is P35: 100 ports in one bridge at 16 kHz. A tick takes at most 10 ms of
// a processor, and ten minutes of them (ten seconds under the race detector)
// allocate nothing to speak of.
func TestLoad(t *testing.T) {
	const rate, ports = 16000, 100
	ticks := 10 * 60 * audio.FramesPerSecond
	if raceDetector {
		ticks /= 60
	}
	device := &bench{}
	mixer, err := audio.NewMixer(audio.MixerConfig{Device: device, SampleRate: rate})
	if err != nil {
		t.Fatal(err)
	}
	bridge := audio.NewAudioBridge(mixer)
	for i := range ports {
		if err := bridge.Add(newEnd(t, mixer, sine(300+20*float64(i), rate, 300, rate/audio.FramesPerSecond))); err != nil {
			t.Fatal(err)
		}
	}
	device.tick()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := cputime.Used()
	for range ticks {
		device.tick()
	}
	each := (cputime.Used() - used) / time.Duration(ticks)
	runtime.ReadMemStats(&after)
	t.Logf("%v of processor time a tick, %d allocations in %d ticks", each, after.Mallocs-before.Mallocs, ticks)
	if each > 10*time.Millisecond {
		t.Errorf("%v of processor time a tick", each)
	}
	if n := after.Mallocs - before.Mallocs; n > 1000 {
		t.Errorf("%d allocations in %d ticks", n, ticks)
	}
}
