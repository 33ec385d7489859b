package portaudio

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// patience is how long a card may ask for nothing before the pump goes by the
// time of the system. Cards that take 100 ms at a time exist, and busy machines.
const patience = 250 * time.Millisecond

// maxCatchUp bounds how many late frames are made up for. A ring has room for them.
const maxCatchUp = 15

// pump calls the mixer every 20 ms, by the clock of the card as long as there is
// one.
type pump struct {
	rate    int // Hz, of the mixer
	process func(in, out []int16)
	line    atomic.Pointer[line] // nil: no card
	paused  atomic.Bool
	quiet   atomic.Int64 // frames captured in a row of zeros only

	wake   chan struct{} // buffered
	ending sync.Once
	stop   chan struct{}
	done   chan struct{}

	// Of the goroutine.
	current  *line
	taken    int64 // samples of the card's clock that have been worked on
	seen     int64 // its time when it was looked at
	alive    time.Time
	last     time.Time // of the last frame
	in, out  []int16   // at the rate of the mixer
	captured []int16   // at the rate of the card
	played   []int16
	up, down *audio.Resampler // mixer to card, card to mixer; nil if equal
	reserve  reserve
}

func newPump(rate int, process func(in, out []int16)) *pump {
	size := rate / audio.FramesPerSecond
	return &pump{
		rate: rate, process: process, in: make([]int16, size), out: make([]int16, size),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// halt ends the pump: process does not run any more when it returns.
func (p *pump) halt() {
	p.ending.Do(func() { close(p.stop) })
	<-p.done
}

// abandon stands for run and halt of a pump that is not needed after all.
func (p *pump) abandon() { p.ending.Do(func() { close(p.done) }) }

// setPaused suspends the pump, or lets it go on.
func (p *pump) setPaused(paused bool) (changed bool) {
	if p.paused.Swap(paused) == paused {
		return false
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return true
}

// run works until halt.
func (p *pump) run() {
	defer close(p.done)
	timer := time.NewTimer(audio.FrameDuration)
	defer timer.Stop()
	for resting := true; ; {
		select {
		case <-p.stop:
			return
		case <-p.wake:
		case <-timer.C:
		}
		now := time.Now()
		if p.paused.Load() {
			timer.Stop()
			resting = true
			continue
		}
		if resting {
			resting, p.last, p.alive = false, now.Add(-audio.FrameDuration), now
		}
		timer.Reset(max(p.work(now), 1))
	}
}

// work does the frames that are due and returns when to look again, if the card
// does not ask before.
func (p *pump) work(now time.Time) time.Duration {
	if l := p.line.Load(); l != p.current {
		p.follow(l, now)
	}
	if p.current != nil {
		elapsed := p.current.elapsed.Load()
		if elapsed != p.seen {
			p.seen, p.alive = elapsed, now
		}
		if now.Sub(p.alive) < patience {
			p.byCard(elapsed, now)
			return patience
		}
	}
	due := int(now.Sub(p.last) / audio.FrameDuration)
	p.last = p.last.Add(time.Duration(due) * audio.FrameDuration)
	for range min(due, maxCatchUp) {
		clear(p.in)
		p.process(p.in, p.out)
	}
	return p.last.Add(audio.FrameDuration).Sub(now)
}

// byCard does what the clock of the card asks for.
func (p *pump) byCard(elapsed int64, now time.Time) {
	l := p.current
	due := (elapsed - p.taken) / int64(l.frame)
	if late := due - maxCatchUp; late > 0 {
		p.taken += late * int64(l.frame)
		l.in.discard(int(late) * l.frame)
		due = maxCatchUp
	}
	for range due {
		p.taken += int64(l.frame)
		p.exchange(l)
		p.last = now
	}
}

// exchange works on one frame.
func (p *pump) exchange(l *line) {
	l.in.read(p.captured)
	p.listen(l)
	if p.down == nil {
		copy(p.in, p.captured)
	} else {
		p.down.Resample(p.in[:0], p.captured)
	}
	p.process(p.in, p.out)
	if !l.plays {
		return
	}
	played := p.out
	if p.up != nil {
		p.played = p.up.Resample(p.played[:0], p.out)
		played = p.played
	}
	p.reserve.put(l, played)
}

// listen notes how long nothing has come from the card, not even noise.
func (p *pump) listen(l *line) {
	if !l.captures {
		return
	}
	for _, s := range p.captured {
		if s != 0 {
			p.quiet.Store(0)
			return
		}
	}
	p.quiet.Add(1)
}

// follow turns to another card, or to none.
func (p *pump) follow(l *line, now time.Time) {
	p.current, p.taken, p.seen, p.alive, p.up, p.down = l, 0, 0, now, nil, nil
	p.quiet.Store(0)
	if l == nil {
		return
	}
	p.captured, p.played, p.reserve = make([]int16, l.frame), make([]int16, 0, l.frame), newReserve(l.frame)
	if l.rate != p.rate {
		p.up, p.down = audio.NewResampler(p.rate, l.rate), audio.NewResampler(l.rate, p.rate)
	}
}
