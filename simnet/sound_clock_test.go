package simnet_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/simnet"
)

// TestSoundClock: the devices of one clock tick together, each while it is open and not paused, and a tick of one may
// pause another.
func TestSoundClock(t *testing.T) {
	err := simnet.Bubble(func() {
		var clock simnet.SoundClock
		one, two := clock.NewSound([]float64{440}), clock.NewSound(nil)
		var ticks [2]int
		var instants [2]time.Time
		count := func(i int) func(in, out []int16) {
			return func(_, _ []int16) { ticks[i], instants[i] = ticks[i]+1, time.Now() }
		}
		check := func(what string, want ...int) {
			t.Helper()
			time.Sleep(200 * time.Millisecond)
			synctest.Wait()
			if ticks[0] != want[0] || ticks[1] != want[1] {
				t.Errorf("%s: %v ticks, want %v", what, ticks, want)
			}
			ticks = [2]int{}
		}
		if err := errors.Join(one.Open(8000, count(0)), two.Open(16000, count(1))); err != nil {
			t.Error(err)
		}
		if err := one.Open(8000, count(0)); !errors.Is(err, audio.ErrDeviceOpen) {
			t.Errorf("opened twice: %v", err)
		}
		check("both", 10, 10)
		if instants[0] != instants[1] {
			t.Errorf("ticks at %v", instants)
		}
		one.Pause()
		check("one paused", 0, 10)
		two.Pause()
		check("both paused", 0, 0)
		one.Resume()
		check("the other paused", 10, 0)
		_ = one.Close()
		two.Resume()
		check("one closed", 0, 10)
		_ = two.Close()
		check("both closed", 0, 0)
		if err := one.Open(8000, func(_, _ []int16) { one.Pause() }); err != nil {
			t.Error(err)
		}
		check("paused by its own tick", 0, 0)
		_ = one.Close()
		_ = one.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}
