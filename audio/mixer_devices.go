package audio

import (
	"errors"
	"fmt"
	"time"
)

// errMixerClosed is returned by what needs a device after Close.
var errMixerClosed = errors.New("mixer is closed")

// InputDevice is what was asked for: a name, [SystemDefault] or [NoDevice].
func (m *Mixer) InputDevice() string { return m.devices().input }

// OutputDevice is what was asked for.
func (m *Mixer) OutputDevice() string { return m.devices().output }

// RealInputDevice is the name of the device that captures, [NoDevice] if none
// does.
func (m *Mixer) RealInputDevice() string { return m.devices().realInput }

// RealOutputDevice is the name of the device that plays, [NoDevice] if none does.
func (m *Mixer) RealOutputDevice() string { return m.devices().realOutput }

// ECTailLength is how much echo is to be cancelled, of devices that may have any
// ([Echoer]); 0: none.
func (m *Mixer) ECTailLength() time.Duration { return m.devices().tail }

// SlotCount is how many slots there are besides that of the device.
func (m *Mixer) SlotCount() int { return m.slotCount }

// ResetEC makes the echo canceller forget what it has learned.
func (m *Mixer) ResetEC() {
	if c := m.echo.Load(); c != nil {
		c.reset.Store(true)
	}
}

// open opens a device, with an echo canceller if it needs one.
func (m *Mixer) open(device Device, tail time.Duration) error {
	m.echo.Store(nil)
	if e, ok := device.(Echoer); ok && tail > 0 {
		if delay, may := e.Echo(); may {
			c := newEchoCanceller(m.FrameSize(), delay, tail)
			m.echo.Store(c)
			return device.Open(m.rate, func(in, out []int16) {
				m.tick(c.cancel(in), out)
				c.hear(out)
			})
		}
	}
	return device.Open(m.rate, m.tick)
}

// devices is what the mixer runs on.
type devices struct {
	input, output         string // as asked for
	realInput, realOutput string
	tail                  time.Duration
}

func (m *Mixer) devices() devices {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.using
}

// SetSoundDevices changes the device under the running mixer; slots and
// connections stay. The names are those of the driver, [SystemDefault] or
// [NoDevice]. A negative tail is refused and nothing happens; when the devices
// cannot be opened the mixer goes on with a null device and the error tells.
// It waits for the old device to stop.
func (m *Mixer) SetSoundDevices(input, output string, tail time.Duration) error {
	if tail < 0 {
		return fmt.Errorf("echo tail of %v is negative", tail)
	}
	using := devices{input: input, output: output, tail: tail}
	using.realInput, using.realOutput = resolve(m.driver, input, output)
	device, err := pairOf(m.driver, using.realInput, using.realOutput)
	if err != nil {
		err = fmt.Errorf("sound devices %q and %q: %w", input, output, err)
		return errors.Join(err, m.use(NewNullDevice(), devices{input: input, output: output, tail: tail}))
	}
	return m.use(device, using)
}

// use closes the device in use and opens another, or a null device if that
// fails.
func (m *Mixer) use(device Device, using devices) error {
	m.switching.Lock()
	defer m.switching.Unlock()
	m.mu.Lock()
	old, closed := m.device, m.closed
	m.mu.Unlock()
	if closed {
		return errMixerClosed
	}
	if err := old.Close(); err != nil {
		m.log.Warn("sound device does not close well", "device", old.Name(), "error", err)
	}
	err := m.open(device, using.tail)
	if err != nil {
		err = fmt.Errorf("open sound device %q: %w", device.Name(), err)
		using.realInput, using.realOutput = NoDevice, NoDevice
		device = NewNullDevice()
		if nullErr := device.Open(m.rate, m.tick); nullErr != nil {
			return errors.Join(err, nullErr)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.device, m.using = device, using
	m.pauseLocked()
	return err
}
