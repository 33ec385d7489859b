package audio

import (
	"cmp"
	"sync"
	"time"
)

// phase places the ticks of all clocks on one grid of the system time. It is
// no round number, so that in virtual time, where things happen at round
// instants, a tick never coincides with the call of an application: which of
// the two comes first would be left to chance.
const phase = 137111 * time.Nanosecond

// A busy machine calls us late. Late ticks are made up for, one every catchUp, so
// that what a tick sends has been received before the next: in a process that talks
// to itself nothing is missing then.
const catchUp = 5 * time.Millisecond

// defaultLate is how late ticks may be (the machine was asleep); what is older is
// left out.
const defaultLate = time.Second

// Clock calls a function every 20 ms without drift. It drives devices that have
// no clock of their own. Its zero value is stopped.
type Clock struct {
	MostLate time.Duration // ticks that are later are left out; 0: a second

	mu     sync.Mutex
	paused bool
	wake   chan struct{} // buffered: paused has changed; closed: stopped. nil when stopped
	done   chan struct{}
}

// Start begins to call tick, from one goroutine, with the instant at which the call
// is due. A running clock returns [ErrDeviceOpen].
func (c *Clock) Start(tick func(due time.Time)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wake != nil {
		return ErrDeviceOpen
	}
	c.paused = false
	c.wake, c.done = make(chan struct{}, 1), make(chan struct{})
	go c.run(tick, c.wake, c.done)
	return nil
}

// Stop ends the ticks and waits for one in progress. A stopped clock may be
// started again.
func (c *Clock) Stop() {
	c.mu.Lock()
	wake, done := c.wake, c.done
	c.wake = nil
	if wake != nil {
		close(wake)
	}
	c.mu.Unlock()
	if done != nil {
		<-done // also if somebody else has just stopped it
	}
}

// Pause suspends the ticks; it does not wait for one in progress.
func (c *Clock) Pause() { c.setPaused(true) }

// Resume continues them: the next one comes within 20 ms.
func (c *Clock) Resume() { c.setPaused(false) }

func (c *Clock) setPaused(paused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wake == nil || c.paused == paused {
		return
	}
	c.paused = paused
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Clock) isPaused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused
}

func (c *Clock) run(tick func(time.Time), wake <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	for on := true; on; {
		if c.isPaused() {
			_, on = <-wake
		} else {
			on = tickUntil(tick, wake, cmp.Or(c.MostLate, defaultLate))
		}
	}
}

// tickUntil ticks until the clock is woken (true) or stopped (false).
func tickUntil(tick func(time.Time), wake <-chan struct{}, mostLate time.Duration) bool {
	now := time.Now()
	due := now.Add(untilGrid(now))
	timer := time.NewTimer(due.Sub(now))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case _, on := <-wake:
			return on
		}
		tick(due)
		due = due.Add(FrameDuration)
		left := time.Until(due)
		if left < -mostLate {
			due = due.Add(-left.Truncate(FrameDuration))
		}
		timer.Reset(max(left, catchUp))
	}
}

// untilGrid is the time from now to the next tick, more than 0.
func untilGrid(now time.Time) time.Duration {
	since := (time.Duration(now.UnixNano()%int64(FrameDuration)) + FrameDuration - phase) % FrameDuration
	return FrameDuration - since
}
