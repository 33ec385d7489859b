package play

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// Devices are the sound devices of world device, of the first party that is an
// application: it hears from one and plays on the other. Its microphone is what
// the laboratory plays on Input, its loudspeaker what the laboratory hears from
// Output: each must hear what is played on it, as with a cable or a virtual card.
type Devices struct {
	Driver        audio.Driver
	Input, Output string
}

// Check says what is wrong with the devices.
func (d *Devices) Check() error {
	switch {
	case d == nil || d.Driver == nil:
		return errors.New("no sound devices")
	case d.Input == d.Output:
		return errors.New("--input and --output must name two devices, not one")
	}
	for _, name := range []string{d.Input, d.Output} {
		if !slices.Contains(d.Driver.Inputs(), name) || !slices.Contains(d.Driver.Outputs(), name) {
			return fmt.Errorf("there is no sound device %q that can both hear and play", name)
		}
	}
	return nil
}

// microphone is the device of the party's application.
func (p *party) microphone() audio.Device {
	if d := p.world.devices; d != nil && p == p.world.firstApplication() {
		p.world.card = &realSound{Devices: *d, lab: p.sound}
		return p.world.card
	}
	return p.sound
}

func (w *world) firstApplication() *party {
	for _, p := range w.parties {
		if !p.def.Scripted {
			return p
		}
	}
	return nil
}

// realSound are both ends of two devices: that of the application, and the far
// one of the laboratory.
type realSound struct {
	Devices
	lab *simnet.Sound

	mu       sync.Mutex
	app, far audio.Device // nil: closed

	moved [2]atomic.Int64 // frames so far, at both ends
}

// progress is how far the devices have come.
type progress struct {
	at    time.Time
	moved [2]int64
	late  [2]time.Duration
}

func (r *realSound) progress() progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := progress{at: time.Now()}
	for i, d := range []audio.Device{r.app, r.far} {
		p.moved[i] = r.moved[i].Load()
		if l, ok := d.(audio.Lateness); ok {
			p.late[i] = l.Late()
		}
	}
	return p
}

// wasLate tells whether a device has had gaps since, or was slower or faster than the
// time of the system by more than a few frames come at a time: whatever was heard then
// says nothing about us.
func (r *realSound) wasLate(since progress) bool {
	now := r.progress()
	due := int64(now.at.Sub(since.at) / audio.FrameDuration)
	for i := range now.moved {
		if frames := now.moved[i] - since.moved[i]; frames < due-inABatch || frames > due+inABatch || now.late[i] != since.late[i] {
			return true
		}
	}
	return false
}

// inABatch is how many frames a device may move at a time.
const inABatch = 6

// Name implements [audio.Device].
func (r *realSound) Name() string { return r.Input + ", " + r.Output }

// Open implements [audio.Device].
func (r *realSound) Open(rate int, process func(in, out []int16)) error {
	far, err := r.Driver.Device(r.Output, r.Input)
	if err != nil {
		return err
	}
	app, err := r.Driver.Device(r.Input, r.Output)
	if err != nil {
		return err
	}
	r.lab.Prepare(rate)
	if err := far.Open(rate, r.ticker()); err != nil {
		return err
	}
	counted := func(in, out []int16) {
		r.moved[0].Add(1)
		process(in, out)
	}
	if err := app.Open(rate, counted); err != nil {
		return errors.Join(err, far.Close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.app, r.far = app, far
	return nil
}

// ticker has the laboratory hear and play. A card is even, while we hear of it
// sooner or later: instants are those of the card.
func (r *realSound) ticker() func(in, out []int16) {
	var next time.Time
	return func(in, out []int16) {
		r.moved[1].Add(1)
		if now := time.Now(); now.Sub(next).Abs() > unevenness {
			next = now
		}
		r.lab.Exchange(next, out, in)
		next = next.Add(audio.FrameDuration)
	}
}

// unevenness is how far the time of a card may be from ours before a gap is
// believed.
const unevenness = 150 * time.Millisecond

// Close implements [audio.Device].
func (r *realSound) Close() error {
	r.mu.Lock()
	app, far := r.app, r.far
	r.app, r.far = nil, nil
	r.mu.Unlock()
	if app == nil {
		return nil
	}
	return errors.Join(app.Close(), far.Close())
}

// beyondDevices is what keeps a case from being played with devices: those
// without sound are the same in world loopback.
func beyondDevices(c *scenario.Case) string {
	listens := false
	eachStep(c.Steps, func(s *scenario.Step) {
		if _, ok := s.Verb.(*scenario.Listen); ok {
			listens = true
		}
	})
	for _, p := range c.Parties {
		if p.Devices != nil {
			return "devices that the file has made up"
		}
	}
	if !listens {
		return "nobody listens: world loopback plays the same"
	}
	return beyondLoopback(c)
}
