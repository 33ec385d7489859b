package interop

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/hear"
)

// clean is the signal to noise ratio that a tone must have, in dB.
const clean = 20.0

// ear is a port that hears, and keeps the last half second.
type ear struct {
	t     testing.TB
	mixer *audio.Mixer
	slot  int

	mu      sync.Mutex
	samples []int16
	more    chan struct{} // closed when there is another frame
}

func newEar(t testing.TB, mixer *audio.Mixer) *ear {
	t.Helper()
	e := &ear{t: t, mixer: mixer, more: make(chan struct{})}
	var err error
	if e.slot, err = mixer.AddPort(nil, e); err != nil {
		t.Fatal(err)
	}
	if err := mixer.Connect(audio.DeviceSlot, e.slot); err != nil { // silence, so that there is always something to hear
		t.Fatal(err)
	}
	return e
}

// Mixer, ConsumerSlot and ProducerSlot implement [audio.Port].
func (e *ear) Mixer() *audio.Mixer { return e.mixer }
func (e *ear) ConsumerSlot() int   { return e.slot }
func (*ear) ProducerSlot() int     { return audio.NoSlot }

// WriteFrame implements [audio.Sink].
func (e *ear) WriteFrame(frame []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.samples = append(e.samples, frame...)
	if over := len(e.samples) - e.mixer.SampleRate()/2; over > 0 {
		e.samples = append(e.samples[:0], e.samples[over:]...)
	}
	close(e.more)
	e.more = make(chan struct{})
}

// forget has the ear begin anew.
func (e *ear) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.samples = e.samples[:0]
}

// wait waits for half a second of sound that is as wanted.
func (e *ear) wait(wanted string, fits func([]int16) (hear.Result, bool)) {
	e.t.Helper()
	e.forget()
	limit := time.After(patience)
	var last hear.Result
	for {
		e.mu.Lock()
		more := e.more
		full := len(e.samples) == e.mixer.SampleRate()/2
		if full {
			var ok bool
			if last, ok = fits(e.samples); ok {
				e.mu.Unlock()
				return
			}
			keep := len(e.samples) * 4 / 5 // measure again in 100 ms
			e.samples = append(e.samples[:0], e.samples[len(e.samples)-keep:]...)
		}
		e.mu.Unlock()
		select {
		case <-more:
		case <-limit:
			e.t.Fatalf("not heard: %s, but %+v", wanted, last)
		}
	}
}

// hears waits for a clean tone.
func (e *ear) hears(hz float64) {
	e.t.Helper()
	e.wait(fmt.Sprintf("a tone of %.0f Hz", hz), func(samples []int16) (hear.Result, bool) {
		r := hear.Measure(samples, e.mixer.SampleRate(), []float64{hz})
		return r, r.SNR >= clean
	})
}

// hearsNothing waits for silence.
func (e *ear) hearsNothing() {
	e.t.Helper()
	e.wait("silence", func(samples []int16) (hear.Result, bool) {
		r := hear.Measure(samples, e.mixer.SampleRate(), nil)
		return r, r.Silence
	})
}
