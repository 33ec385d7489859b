package audio

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// ToneGeneratorDidFinishPlaying tells that all queued tones have been played.
type ToneGeneratorDidFinishPlaying struct{}

// NotificationName implements [notification.Data].
func (ToneGeneratorDidFinishPlaying) NotificationName() string {
	return "ToneGeneratorDidFinishPlaying"
}

// Tone is one or two sines at once. With both frequencies 0 it is a pause.
type Tone struct {
	F1, F2   float64 // Hz, 0 = none
	Duration time.Duration
}

// maxTones is how many tones one call may queue, and how many may wait.
const maxTones = 32

// Amplitudes of the tone generator: about -8.5 dBFS alone, -14.5 dBFS each of
// a pair; and how long a tone swells and fades, against clicks.
const (
	singleTone = 12288
	pairedTone = 6144
	fadeIn     = time.Millisecond
	fadeOut    = 2 * time.Millisecond
)

// Errors of [ToneGenerator].
var (
	ErrNotStarted   = errors.New("tone generator is not started")
	ErrTooManyTones = fmt.Errorf("more than %d tones in one call", maxTones)
)

// ToneGenerator plays tones. It is a [Port] that only produces.
type ToneGenerator struct {
	mixer *Mixer

	mu    sync.Mutex
	slot  int
	queue []Tone
	at    int // sample of the first tone of the queue
}

// NewToneGenerator returns a generator that is not started.
func NewToneGenerator(mixer *Mixer) *ToneGenerator { return &ToneGenerator{mixer: mixer, slot: NoSlot} }

// Mixer implements [Port].
func (g *ToneGenerator) Mixer() *Mixer { return g.mixer }

// ConsumerSlot implements [Port]: there is none.
func (*ToneGenerator) ConsumerSlot() int { return NoSlot }

// ProducerSlot implements [Port]: NoSlot before Start and after Stop.
func (g *ToneGenerator) ProducerSlot() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.slot
}

// IsBusy says whether tones are playing or waiting.
func (g *ToneGenerator) IsBusy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue) > 0
}

// Start takes a slot. Started already: nothing happens. The error is [ErrNoSlot].
func (g *ToneGenerator) Start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.slot != NoSlot {
		return nil
	}
	slot, err := g.mixer.AddPort(g, nil)
	if err != nil {
		return err
	}
	g.setSlotLocked(slot)
	return nil
}

// Stop gives the slot back and forgets what was to be played.
func (g *ToneGenerator) Stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.slot == NoSlot {
		return
	}
	g.mixer.RemovePort(g.slot)
	g.queue, g.at = nil, 0
	g.setSlotLocked(NoSlot)
}

func (g *ToneGenerator) setSlotLocked(slot int) {
	data, _ := SlotChange(NoSlot, NoSlot, g.slot, slot)
	g.slot = slot
	g.mixer.post(g, data)
}

// PlayTones queues tones. When the queue is full the call does nothing. The
// error is [ErrNotStarted] or [ErrTooManyTones].
func (g *ToneGenerator) PlayTones(tones ...Tone) error {
	if len(tones) > maxTones {
		return ErrTooManyTones
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.slot == NoSlot {
		return ErrNotStarted
	}
	if len(g.queue)+len(tones) <= maxTones {
		g.queue = append(g.queue, tones...)
	}
	return nil
}

// PlayDTMF queues one of the digits 0-9 * # A-D: 200 ms of it and 50 ms of
// pause (frequencies: ITU-T Q.23).
func (g *ToneGenerator) PlayDTMF(digit rune) error {
	row, column, ok := DTMFFrequencies(digit)
	if !ok {
		return fmt.Errorf("%q is no DTMF digit", digit)
	}
	return g.PlayTones(Tone{row, column, 200 * time.Millisecond}, Tone{Duration: 50 * time.Millisecond})
}

// ReadFrame implements [Source].
func (g *ToneGenerator) ReadFrame(frame []int16) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		return false
	}
	for i := range frame {
		frame[i] = g.nextLocked()
	}
	if len(g.queue) == 0 {
		g.mixer.post(g, ToneGeneratorDidFinishPlaying{})
	}
	return true
}

func (g *ToneGenerator) nextLocked() int16 {
	for len(g.queue) > 0 {
		tone := g.queue[0]
		length := g.samples(tone.Duration)
		if g.at < length {
			s := tone.sample(g.at, g.mixer.rate) * min(1, float64(g.at)/float64(g.samples(fadeIn)),
				float64(length-g.at)/float64(g.samples(fadeOut)))
			g.at++
			return int16(math.Round(s))
		}
		g.queue, g.at = g.queue[1:], 0
	}
	return 0
}

func (g *ToneGenerator) samples(d time.Duration) int {
	return int(d * time.Duration(g.mixer.rate) / time.Second)
}

// sample is the tone at full strength.
func (t Tone) sample(at, rate int) float64 {
	amplitude := float64(singleTone)
	if t.F1 > 0 && t.F2 > 0 {
		amplitude = pairedTone
	}
	x := 2 * math.Pi * float64(at) / float64(rate)
	return amplitude * (math.Sin(x*t.F1) + math.Sin(x*t.F2))
}

// DTMFFrequencies are the two frequencies of a digit (ITU-T Q.23).
func DTMFFrequencies(digit rune) (row, column float64, ok bool) {
	const keys = "123A456B789C*0#D"
	rows, columns := [4]float64{697, 770, 852, 941}, [4]float64{1209, 1336, 1477, 1633}
	for i, key := range keys {
		if key == digit {
			return rows[i/4], columns[i%4], true
		}
	}
	return 0, 0, false
}
