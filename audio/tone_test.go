package audio_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// TestDTMFFrequencies: ITU-T Q.23, key by key.
func TestDTMFFrequencies(t *testing.T) {
	columns := []float64{1209, 1336, 1477, 1633}
	for row, keys := range map[float64]string{697: "123A", 770: "456B", 852: "789C", 941: "*0#D"} {
		for i, key := range keys {
			if low, high, ok := audio.DTMFFrequencies(key); !ok || low != row || high != columns[i] {
				t.Errorf("%c is %v and %v Hz (%t), want %v and %v", key, low, high, ok, row, columns[i])
			}
		}
	}
}

// generator is a started tone generator that somebody listens to.
func generator(t *testing.T, m *audio.Mixer) (*audio.ToneGenerator, *end) {
	t.Helper()
	g := audio.NewToneGenerator(m)
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	listener := newEnd(t, m, nil)
	add(t, audio.NewAudioBridge(m), g, listener)
	return g, listener
}

// TestToneLevels: a tone alone is at 12288, each of a pair at 6144; it is at full strength after 1 ms, and fades out in the
// last 2 ms; a pause is silent and as long as it says.
func TestToneLevels(t *testing.T) {
	device, mixer := newBench(t)
	g, listener := generator(t, mixer)
	defer g.Stop()
	if err := g.PlayTones(audio.Tone{F1: 440, Duration: 100 * time.Millisecond}, audio.Tone{Duration: 40 * time.Millisecond},
		audio.Tone{F2: 2000, Duration: 100 * time.Millisecond}, audio.Tone{F1: 440, F2: 1000, Duration: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	var heard []int16
	for range 17 {
		device.tick()
		heard = append(heard, listener.heard...)
	}
	loudest := func(part []int16) (peak float64) {
		for _, s := range part {
			peak = max(peak, math.Abs(float64(s)))
		}
		return peak
	}
	for _, c := range []struct {
		name     string
		part     []int16
		hz, want float64
	}{
		{"single", heard[8:784], 440, 12288}, {"single of F2", heard[1128:1904], 2000, 12288}, {"first of a pair", heard[1928:2704], 440, 6144},
		{"second of a pair", heard[1928:2704], 1000, 6144}, {"pause", heard[800:1120], 440, 0},
	} {
		if a := amplitude(c.part, c.hz); math.Abs(a-c.want) > 0.04*c.want {
			t.Errorf("%s: amplitude %.0f, want %.0f", c.name, a, c.want)
		}
	}
	if p := loudest(heard[800:1120]); p != 0 {
		t.Errorf("the pause has samples of %.0f", p)
	}
	if first, then := loudest(heard[1120:1122]), loudest(heard[1128:1136]); first > 12288/4 || then < 11000 {
		t.Errorf("a tone of 2 kHz begins at %.0f, and is at %.0f after 1 ms", first, then)
	}
	if last, before := loudest(heard[1916:1920]), loudest(heard[1896:1904]); last > 12288/4 || before < 11000 {
		t.Errorf("it ends at %.0f, 2 ms after %.0f", last, before)
	}
}

// TestToneQueue: at most 32 tones wait; a call that would be too much does nothing; the end of all is told once, at once.
func TestToneQueue(t *testing.T) {
	center := notification.NewCenter(nil)
	finished := 0
	center.AddObserver(notification.ObserverFunc(func(notification.Notification) { finished++ }),
		notification.Filter{Name: audio.ToneGeneratorDidFinishPlaying{}.NotificationName()})
	b := &bench{}
	mixer, err := audio.NewMixer(audio.MixerConfig{Device: b, Center: center})
	if err != nil {
		t.Fatal(err)
	}
	g, _ := generator(t, mixer)
	defer g.Stop()
	tone := audio.Tone{F1: 440, Duration: 20 * time.Millisecond}
	for _, n := range []int{30, 3, 2} { // three more are too many, two are not
		tones := make([]audio.Tone, n)
		for i := range tones {
			tones[i] = tone
		}
		if err := g.PlayTones(tones...); err != nil {
			t.Fatal(err)
		}
	}
	for tick := 1; tick <= 40; tick++ {
		b.tick()
		if err := center.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		want := 0
		if tick >= 33 { // 32 of 20 ms, and the end is seen in the next at the latest
			want = 1
		}
		if tick != 32 && finished != want {
			t.Fatalf("tick %d: the end is told %d times", tick, finished)
		}
	}
	if g.IsBusy() {
		t.Error("it is busy")
	}
}
