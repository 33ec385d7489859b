//go:build portaudio && cgo

package portaudio

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gordonklaus/portaudio"

	"github.com/go-sipsimple/callflow/audio"
)

// device is an input and an output as one device, on one clock.
type device struct {
	host          *host
	input, output string // or audio.NoDevice

	pump atomic.Pointer[pump] // nil: closed

	// Of the goroutine of the host.
	stream *portaudio.Stream // nil: paused, or gone
	line   *line
	seen   int64 // its clock when it was looked at
}

func unknown(name string) error { return fmt.Errorf("%q: %w", name, audio.ErrUnknownDevice) }

// Name implements [audio.Device].
func (d *device) Name() string {
	switch {
	case d.input == d.output || d.output == audio.NoDevice:
		return d.input
	case d.input == audio.NoDevice:
		return d.output
	}
	return d.input + ", " + d.output
}

// Echo implements [audio.Echoer]: a microphone hears the loudspeaker of the same
// device, not before what waits to be played has been.
func (d *device) Echo() (delay time.Duration, may bool) {
	return (lead - 1) * audio.FrameDuration, d.input != audio.NoDevice && d.output != audio.NoDevice
}

// Late implements [audio.Lateness], of the card that is open now.
func (d *device) Late() time.Duration {
	p := d.pump.Load()
	if p == nil {
		return 0
	}
	l := p.line.Load()
	if l == nil {
		return 0
	}
	return time.Duration(l.late.Load()) * time.Second / time.Duration(l.rate)
}

// Open implements [audio.Device].
func (d *device) Open(sampleRate int, process func(in, out []int16)) error {
	p := newPump(sampleRate, process)
	if !d.pump.CompareAndSwap(nil, p) {
		return audio.ErrDeviceOpen
	}
	if err := d.host.do(func() error { return d.host.attach(d) }); err != nil {
		p.abandon()
		d.forget(err)
		return err
	}
	go p.run()
	return nil
}

// Close implements [audio.Device]. The error is that of the system, or
// [ErrHangs].
func (d *device) Close() error {
	p := d.pump.Load()
	if p == nil {
		return nil
	}
	p.halt()
	err := d.host.do(func() error { return d.host.detach(d) })
	d.forget(err)
	return err
}

// forget lets the device be opened again, unless something may still use it.
func (d *device) forget(err error) {
	if !errors.Is(err, ErrHangs) {
		d.pump.Store(nil)
	}
}

// Pause implements [audio.Pauser]: the card is closed, soon.
func (d *device) Pause() { d.setPaused(true) }

// Resume implements [audio.Pauser]. Until the card is open again sound goes to
// nobody.
func (d *device) Resume() { d.setPaused(false) }

func (d *device) setPaused(paused bool) {
	p := d.pump.Load()
	if p == nil || !p.setPaused(paused) {
		return
	}
	select {
	case d.host.poke <- struct{}{}:
	default:
	}
}

// rates are the sample rates to try, best first: JACK takes only its own.
func (d *device) rates(p *portaudio.StreamParameters) []int {
	var rates []int
	for _, device := range []*portaudio.DeviceInfo{p.Input.Device, p.Output.Device} {
		if device != nil {
			rates = append(rates, int(device.DefaultSampleRate))
		}
	}
	rates = append(rates, 48000, 44100, d.pump.Load().rate)
	tried := map[int]bool{}
	return slices.DeleteFunc(rates, func(rate int) bool {
		unfit := rate <= 0 || rate%audio.FramesPerSecond != 0 || tried[rate]
		tried[rate] = true
		return unfit
	})
}

// start opens a stream with all its parameters.
func (d *device) start(p portaudio.StreamParameters) error {
	pump := d.pump.Load()
	l := newLine(int(p.SampleRate), p.Input.Device != nil, p.Output.Channels, pump.wake)
	stream, err := portaudio.OpenStream(p, l.exchange)
	if err != nil {
		return fmt.Errorf("at %d Hz: %w", l.rate, err)
	}
	if err := stream.Start(); err != nil {
		_ = stream.Close() // it has never run
		return fmt.Errorf("start at %d Hz: %w", l.rate, err)
	}
	d.stream, d.line, d.seen = stream, l, -1
	pump.line.Store(l)
	return nil
}

// unplug leaves the pump without a card.
func (d *device) unplug() {
	d.stream, d.line = nil, nil
	d.pump.Load().line.Store(nil)
}
