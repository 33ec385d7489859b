package simnet

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// Prepare readies a Sound for the clock of somebody else: no Open, but calls of
// Exchange. What was recorded at another rate is lost.
func (s *Sound) Prepare(rate int) { s.prepare(rate) }

// Exchange is one tick of that clock, which played at an instant: microphone is
// filled with what the microphone hears, loudspeaker is recorded.
func (s *Sound) Exchange(at time.Time, microphone, loudspeaker []int16) {
	s.capture(microphone)
	s.recordAt(at, loudspeaker)
}

// soundTicker is the clock of a sound device, as [audio.Clock] is.
type soundTicker interface {
	Start(tick func(due time.Time)) error
	Stop()
	Pause()
	Resume()
}

// SoundClock is one clock for all sound devices of a world: in every tick it moves
// them one after another, which takes one goroutine instead of one for each. Its
// zero value has no devices.
type SoundClock struct {
	// Before is called before each tick, of a clock in real time: it waits until
	// what was sent in the tick before has arrived. nil: nothing.
	Before func()

	clock audio.Clock

	switching sync.Mutex // while a device comes or goes
	ticking   sync.Mutex // during a tick

	mu      sync.Mutex
	members []*soundMember // replaced as a whole
	reached time.Time      // the last tick
}

// NewSound is [NewSound] with this clock.
func (c *SoundClock) NewSound(plays []float64) *Sound {
	return newSound(plays, &soundMember{clock: c})
}

func (c *SoundClock) tick(due time.Time) {
	c.ticking.Lock()
	defer c.ticking.Unlock()
	c.mu.Lock()
	members := c.members
	c.mu.Unlock()
	if c.Before != nil {
		c.Before()
	}
	for _, m := range members {
		if !m.paused.Load() {
			m.tick(due)
		}
	}
	c.mu.Lock()
	c.reached = due
	c.mu.Unlock()
}

// Has tells whether all has been played that is due until an instant: in real time
// the clock of a busy machine is late. A clock that nobody needs is never late.
func (c *SoundClock) Has(until time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.neededLocked() || !c.reached.Before(until.Add(-audio.FrameDuration))
}

func (c *SoundClock) neededLocked() bool {
	return slices.ContainsFunc(c.members, func(m *soundMember) bool { return !m.paused.Load() })
}

// replaceLocked changes who is there, and whether the clock has to run.
func (c *SoundClock) replaceLocked(members []*soundMember) {
	c.members = members
	if c.neededLocked() {
		c.clock.Resume()
	} else {
		c.clock.Pause()
	}
}

// soundMember is a device of a SoundClock, as its clock.
type soundMember struct {
	clock  *SoundClock
	tick   func(due time.Time) // nil: stopped
	paused atomic.Bool
}

// Start implements soundTicker.
func (m *soundMember) Start(tick func(due time.Time)) error {
	c := m.clock
	c.switching.Lock()
	defer c.switching.Unlock()
	if m.tick != nil {
		return audio.ErrDeviceOpen
	}
	c.mu.Lock()
	first := len(c.members) == 0
	c.mu.Unlock()
	if first {
		if err := c.clock.Start(c.tick); err != nil {
			return err
		}
	}
	m.tick = tick
	m.paused.Store(false)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replaceLocked(append(slices.Clip(c.members), m))
	return nil
}

// Stop implements soundTicker: it waits for a tick in progress.
func (m *soundMember) Stop() {
	c := m.clock
	c.switching.Lock()
	defer c.switching.Unlock()
	if m.tick == nil {
		return
	}
	c.mu.Lock()
	rest := slices.DeleteFunc(slices.Clone(c.members), func(o *soundMember) bool { return o == m })
	c.replaceLocked(rest)
	c.mu.Unlock()
	if len(rest) == 0 {
		c.clock.Stop()
	}
	c.ticking.Lock()
	m.tick = nil
	c.ticking.Unlock()
}

// Pause implements soundTicker.
func (m *soundMember) Pause() { m.setPaused(true) }

// Resume implements soundTicker.
func (m *soundMember) Resume() { m.setPaused(false) }

func (m *soundMember) setPaused(paused bool) {
	c := m.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.paused.Swap(paused) != paused {
		c.replaceLocked(c.members)
	}
}
