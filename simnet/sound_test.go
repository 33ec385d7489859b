package simnet_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/simnet"
)

// open connects the microphone of a device to its own loudspeaker.
func open(t *testing.T, d audio.Device) {
	t.Helper()
	if err := d.Open(8000, func(in, out []int16) { copy(out, in) }); err != nil {
		t.Fatal(err)
	}
}

func TestSoundPlaysAndRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simnet.NewSound([]float64{440})
		open(t, s)
		defer s.Close()
		time.Sleep(time.Second)
		heard := s.Heard(time.Now().Add(-900*time.Millisecond), time.Now())
		if len(heard) != 7200 || rms(heard) < 11500 || rms(heard) > 11700 {
			t.Errorf("%d samples, level %.0f, want 7200 and %.0f", len(heard), rms(heard), 16384/math.Sqrt2)
		}
		s.Play(440, 880)
		time.Sleep(time.Second)
		if got := rms(s.Heard(time.Now().Add(-900*time.Millisecond), time.Now())); got < 8100 || got > 8300 {
			t.Errorf("two tones: level %.0f, want 8192", got)
		}
		s.Play()
		time.Sleep(time.Second)
		if got := rms(s.Heard(time.Now().Add(-900*time.Millisecond), time.Now())); got != 0 {
			t.Errorf("no tone: level %.0f", got)
		}
	})
}

// TestSoundIntoUsedMemory: what was in the memory before is never heard, also where
// nothing was recorded: before the first sound, in a pause and after the last.
func TestSoundIntoUsedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := time.Now()
		time.Sleep(time.Second)
		s := simnet.NewSound([]float64{440})
		open(t, s)
		time.Sleep(time.Second)
		s.Pause()
		time.Sleep(time.Second)
		s.Resume()
		time.Sleep(time.Second)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		want := s.Heard(from, time.Now())
		used := slices.Repeat([]int16{77}, len(want)+1)
		got := s.AppendHeard(used[:1], from, time.Now())
		if got[0] != 77 || !slices.Equal(got[1:], want) || &got[0] != &used[0] {
			t.Error("used memory is heard, or was not used")
		}
		if rms(want[:7900]) != 0 || rms(want[8500:15500]) == 0 || rms(want[16500:23500]) != 0 || rms(want[32500:]) != 0 {
			t.Error("sound and silence are not where they were")
		}
	})
}

// TestSoundKnowsInstants: pauses are silence, of their length.
func TestSoundKnowsInstants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simnet.NewSound([]float64{1000})
		start := time.Now()
		open(t, s)
		defer s.Close()
		time.Sleep(time.Second)
		s.Pause()
		time.Sleep(time.Second)
		s.Resume()
		time.Sleep(time.Second)
		for i, loud := range []bool{false, true, false, true, false} {
			from := start.Add(time.Duration(i-1)*time.Second + 100*time.Millisecond)
			got := rms(s.Heard(from, from.Add(800*time.Millisecond)))
			if loud && got < 11000 || !loud && got != 0 {
				t.Errorf("second %d: level %.0f", i, got)
			}
		}
	})
}

// TestSoundForgets what is older than 10 minutes.
func TestSoundForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simnet.NewSound([]float64{1000})
		start := time.Now()
		open(t, s)
		defer s.Close()
		time.Sleep(15 * time.Minute)
		if got := rms(s.Heard(start, start.Add(4*time.Minute))); got != 0 {
			t.Errorf("the beginning is still there, level %.0f", got)
		}
		if got := rms(s.Heard(start.Add(6*time.Minute), time.Now())); got < 11000 {
			t.Errorf("the last minutes have level %.0f", got)
		}
	})
}

func TestLoopback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := simnet.NewLoopback()
		var in []int16
		n := int16(0)
		err := d.Open(8000, func(captured, out []int16) {
			in = append(in, captured[0])
			n++
			out[0] = n
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		_ = d.Close()
		for i, v := range in {
			if int(v) != i {
				t.Errorf("frame %d captured %d", i, v)
			}
		}
	})
}

func rms(samples []int16) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(samples)))
}
