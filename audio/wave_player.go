package audio

import (
	"errors"
	"sync"
	"time"
)

// Notifications of [WavePlayer].
type (
	// WavePlayerDidStart: the first loop begins.
	WavePlayerDidStart struct{}
	// WavePlayerDidEnd: the last loop is over, or it was stopped.
	WavePlayerDidEnd struct{}
	// WavePlayerDidFail: the file cannot be played.
	WavePlayerDidFail struct {
		Error string `field:"error"`
	}
)

func (WavePlayerDidStart) NotificationName() string { return "WavePlayerDidStart" }
func (WavePlayerDidEnd) NotificationName() string   { return "WavePlayerDidEnd" }
func (WavePlayerDidFail) NotificationName() string  { return "WavePlayerDidFail" }

// ErrPlaying is the seed's WavePlayerError of a player that plays already.
var ErrPlaying = errors.New("wave player is playing already")

// WavePlayerOptions are how a file is played.
type WavePlayerOptions struct {
	Volume     int           // percent; 0: 100
	Loops      int           // how often; 0: once; negative: until it is stopped
	Pause      time.Duration // between the loops
	PauseFirst bool          // also before the first one
}

// WavePlayer plays a wave file, once or again and again. It is a [Port] that
// only produces, and has a slot only while sound is to be heard. It goes on only
// while somebody listens, and ends with its mixer.
type WavePlayer struct {
	mixer    *Mixer
	filename string
	options  WavePlayerOptions

	mu   sync.Mutex
	file *WaveFile     // nil: not playing
	stop chan struct{} // nil: not playing
	done chan struct{}
	err  error // of the last time
}

// NewWavePlayer returns a player that is not started.
func NewWavePlayer(mixer *Mixer, filename string, options WavePlayerOptions) *WavePlayer {
	if options.Volume <= 0 {
		options.Volume = 100
	}
	if options.Loops == 0 {
		options.Loops = 1
	}
	return &WavePlayer{mixer: mixer, filename: filename, options: options}
}

// Mixer implements [Port].
func (p *WavePlayer) Mixer() *Mixer { return p.mixer }

// ConsumerSlot implements [Port]: there is none.
func (*WavePlayer) ConsumerSlot() int { return NoSlot }

// ProducerSlot implements [Port]: NoSlot unless a loop is playing.
func (p *WavePlayer) ProducerSlot() int {
	p.mu.Lock()
	file := p.file
	p.mu.Unlock()
	if file == nil {
		return NoSlot
	}
	return file.ProducerSlot()
}

// IsActive says whether it plays or pauses between loops.
func (p *WavePlayer) IsActive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stop != nil
}

// Start begins to play; the end, or the failure, is notified. The error is
// [ErrPlaying], or that the mixer is closed.
func (p *WavePlayer) Start() error {
	_, err := p.begin()
	return err
}

// Play plays and waits for the end. It must not be called from an observer that
// others wait for.
func (p *WavePlayer) Play() error {
	done, err := p.begin()
	if err != nil {
		return err
	}
	<-done
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *WavePlayer) begin() (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		return nil, ErrPlaying
	}
	p.err = nil
	stop, done := make(chan struct{}), make(chan struct{})
	if !p.mixer.join(func() { p.run(stop, done) }) {
		return nil, errMixerClosed
	}
	p.stop, p.done = stop, done
	return done, nil
}

// Stop ends playing, without waiting. Not playing: nothing happens.
func (p *WavePlayer) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop == nil {
		return
	}
	select {
	case <-p.stop:
	default:
		close(p.stop)
	}
}

func (p *WavePlayer) run(stop <-chan struct{}, done chan<- struct{}) {
	err := p.loops(stop)
	p.mu.Lock()
	p.file, p.stop, p.err = nil, nil, err
	p.mu.Unlock()
	if err != nil {
		p.mixer.post(p, WavePlayerDidFail{Error: err.Error()})
	} else {
		p.mixer.post(p, WavePlayerDidEnd{})
	}
	close(done)
}

func (p *WavePlayer) loops(stop <-chan struct{}) error {
	sound, err := readWave(p.filename)
	if err != nil {
		return err
	}
	if p.options.PauseFirst && !p.pause(stop) {
		return nil
	}
	for loop := 1; ; loop++ {
		if loop == 1 {
			p.mixer.post(p, WavePlayerDidStart{})
		}
		if on, err := p.loop(sound, stop); err != nil || !on {
			return err
		}
		if loop == p.options.Loops || !p.pause(stop) {
			return nil
		}
	}
}

// loop plays once; false if it was stopped.
func (p *WavePlayer) loop(sound *wave, stop <-chan struct{}) (bool, error) {
	finished := make(chan struct{}, 1)
	file := NewWaveFile(p.mixer, p.filename)
	file.volume = p.options.Volume
	file.finished = func() { finished <- struct{}{} }
	file.mu.Lock()
	err := file.playLocked(sound)
	file.mu.Unlock()
	if err != nil {
		return false, err
	}
	p.setFile(file)
	on := true
	select {
	case <-finished:
	case <-stop:
		on = false
	case <-p.mixer.over:
		on = false
	}
	file.Stop()
	p.setFile(nil)
	return on, nil
}

// setFile changes what is playing, and tells of the slot.
func (p *WavePlayer) setFile(file *WaveFile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := func(f *WaveFile) int {
		if f == nil {
			return NoSlot
		}
		return f.lastSlot
	}
	if file != nil {
		file.lastSlot = file.ProducerSlot()
	}
	data, _ := SlotChange(NoSlot, NoSlot, slot(p.file), slot(file))
	p.file = file
	p.mixer.post(p, data)
}

func (p *WavePlayer) pause(stop <-chan struct{}) bool {
	timer := time.NewTimer(max(p.options.Pause, 1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	case <-p.mixer.over:
		return false
	}
}
