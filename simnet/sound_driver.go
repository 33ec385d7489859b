package simnet

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// ErrSoundBroken is what opening a device gives after [SoundDriver.Break].
var ErrSoundBroken = errors.New("sound device is broken")

// SoundDriver is a machine whose sound devices can be plugged in and out. Each
// is an input and an output under one name. The one that has been there longest
// is what the system prefers, until SetDefault says otherwise.
type SoundDriver struct {
	mu        sync.Mutex
	devices   []*Sound // in the order they came
	preferred string
	broken    map[string]bool
	open      map[*soundPair]bool
	changed   func()
	clock     *SoundClock // nil: each pair of devices has its own
}

// NewSoundDriver returns a driver with devices, each under its own name.
func NewSoundDriver(devices ...*Sound) *SoundDriver {
	return &SoundDriver{devices: devices, broken: map[string]bool{}, open: map[*soundPair]bool{}}
}

// NewSoundDriver is [NewSoundDriver] with this clock.
func (c *SoundClock) NewSoundDriver(devices ...*Sound) *SoundDriver {
	d := NewSoundDriver(devices...)
	d.clock = c
	return d
}

// NewNamedSound is [NewSound] under a name of its own, for a [SoundDriver].
func NewNamedSound(name string, plays []float64) *Sound {
	s := NewSound(plays)
	s.name = name
	return s
}

// Plug adds a device, or replaces one of the same name.
func (d *SoundDriver) Plug(sound *Sound) {
	d.change(func() {
		d.removeLocked(sound.Name())
		d.devices = append(d.devices, sound)
	})
}

// Unplug takes a device away. Whoever uses it hears and gets nothing any more:
// its clock stands still.
func (d *SoundDriver) Unplug(name string) {
	var dead []*soundPair
	d.change(func() {
		d.removeLocked(name)
		for pair := range d.open {
			if pair.has(name) {
				dead = append(dead, pair)
			}
		}
	})
	for _, pair := range dead {
		pair.clock.Stop()
	}
}

func (d *SoundDriver) removeLocked(name string) {
	d.devices = slices.DeleteFunc(d.devices, func(s *Sound) bool { return s.Name() == name })
}

// Break makes every later opening of a device fail, or work again.
func (d *SoundDriver) Break(name string, broken bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken[name] = broken
}

// SetDefault says what the system prefers.
func (d *SoundDriver) SetDefault(name string) { d.change(func() { d.preferred = name }) }

func (d *SoundDriver) change(change func()) {
	d.mu.Lock()
	change()
	changed := d.changed
	d.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// Inputs implements [audio.Driver].
func (d *SoundDriver) Inputs() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := make([]string, len(d.devices))
	for i, s := range d.devices {
		names[i] = s.Name()
	}
	return names
}

// Outputs implements [audio.Driver].
func (d *SoundDriver) Outputs() []string { return d.Inputs() }

// DefaultInput implements [audio.Driver].
func (d *SoundDriver) DefaultInput() string {
	names := d.Inputs()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case slices.Contains(names, d.preferred):
		return d.preferred
	case len(names) > 0:
		return names[0]
	}
	return audio.NoDevice
}

// DefaultOutput implements [audio.Driver].
func (d *SoundDriver) DefaultOutput() string { return d.DefaultInput() }

// Watch implements [audio.Driver].
func (d *SoundDriver) Watch(changed func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed = changed
}

// Device implements [audio.Driver].
func (d *SoundDriver) Device(input, output string) (audio.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	pair := &soundPair{driver: d, clock: &audio.Clock{}}
	if d.clock != nil {
		pair.clock = &soundMember{clock: d.clock}
	}
	for _, side := range []struct {
		name string
		to   **Sound
	}{{input, &pair.in}, {output, &pair.out}} {
		if side.name == audio.NoDevice {
			continue
		}
		i := slices.IndexFunc(d.devices, func(s *Sound) bool { return s.Name() == side.name })
		if i < 0 {
			return nil, fmt.Errorf("%q: %w", side.name, audio.ErrUnknownDevice)
		}
		*side.to = d.devices[i]
	}
	return pair, nil
}

// soundPair captures from one device and plays on another; each may be missing.
type soundPair struct {
	driver  *SoundDriver
	in, out *Sound
	clock   soundTicker
}

func (p *soundPair) has(name string) bool {
	return p.in != nil && p.in.Name() == name || p.out != nil && p.out.Name() == name
}

// Name implements [audio.Device].
func (p *soundPair) Name() string {
	switch {
	case p.in == p.out && p.in != nil, p.out == nil && p.in != nil:
		return p.in.Name()
	case p.in == nil && p.out != nil:
		return p.out.Name()
	case p.in == nil:
		return "none"
	}
	return p.in.Name() + " and " + p.out.Name()
}

// Open implements [audio.Device].
func (p *soundPair) Open(rate int, process func(in, out []int16)) error {
	d := p.driver
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, broken := range d.broken {
		if broken && p.has(name) {
			return fmt.Errorf("%q: %w", name, ErrSoundBroken)
		}
	}
	size := rate / audio.FramesPerSecond
	in, out := make([]int16, size), make([]int16, size)
	for _, s := range []*Sound{p.in, p.out} {
		if s != nil {
			s.prepare(rate)
		}
	}
	err := p.clock.Start(func(due time.Time) {
		if p.in != nil {
			p.in.capture(in)
		}
		process(in, out)
		if p.out != nil {
			p.out.recordAt(due, out)
		}
	})
	if err == nil {
		d.open[p] = true
	}
	return err
}

// Close implements [audio.Device].
func (p *soundPair) Close() error {
	p.driver.mu.Lock()
	delete(p.driver.open, p)
	p.driver.mu.Unlock()
	p.clock.Stop()
	return nil
}

// Pause implements [audio.Pauser].
func (p *soundPair) Pause() { p.clock.Pause() }

// Resume implements [audio.Pauser].
func (p *soundPair) Resume() { p.clock.Resume() }
