package audio

import (
	"errors"
	"time"
)

// Device is a sound device in both directions, and the clock of its mixer.
type Device interface {
	// Name is what the device is called in settings.
	Name() string
	// Open starts the device at a sample rate (Hz). From then on it calls
	// process every 20 ms, always from one goroutine: in is the captured frame
	// (zeros if there is none), out is to be filled with what shall be played.
	// Both belong to the device and are only valid during the call. process
	// neither allocates nor blocks. A device that is open already, or that
	// cannot do the rate, returns an error.
	Open(sampleRate int, process func(in, out []int16)) error
	// Close stops the device. When it returns, process does not run and will
	// not run again. A closed device may be opened again. It must not be called
	// from process.
	Close() error
}

// Pauser is what a device may implement to save power: a mixer without ports
// pauses its device. Both methods return at once and may be repeated; after
// Resume the next call of process comes within 20 ms.
type Pauser interface {
	Pause()
	Resume()
}

// Lateness is what a device may implement that knows how much sound came too late
// for it.
type Lateness interface {
	// Late is how much silence was played in the place of sound since Open.
	Late() time.Duration
}

// ErrDeviceOpen is returned by Open of a device that is in use.
var ErrDeviceOpen = errors.New("sound device is open already")

// NullDevice captures silence and plays to nobody, on the time of the system.
type NullDevice struct{ clock Clock }

// NewNullDevice returns a closed null device.
func NewNullDevice() *NullDevice { return &NullDevice{} }

// Name implements [Device].
func (*NullDevice) Name() string { return "null" }

// Open implements [Device].
func (d *NullDevice) Open(sampleRate int, process func(in, out []int16)) error {
	in, out := make([]int16, sampleRate/FramesPerSecond), make([]int16, sampleRate/FramesPerSecond)
	return d.clock.Start(func(time.Time) { process(in, out) })
}

// Close implements [Device].
func (d *NullDevice) Close() error {
	d.clock.Stop()
	return nil
}

// Pause implements [Pauser].
func (d *NullDevice) Pause() { d.clock.Pause() }

// Resume implements [Pauser].
func (d *NullDevice) Resume() { d.clock.Resume() }
