//go:build portaudio && cgo

package portaudio

import (
	"slices"
	"time"

	"github.com/gordonklaus/portaudio"

	"github.com/go-sipsimple/callflow/audio"
)

// How often the driver looks whether something is wrong, looks for devices
// while none is in use, and how soon and how seldom it does so during calls.
const (
	lookEvery    = 500 * time.Millisecond
	idleEvery    = 3 * time.Second
	firstDoubt   = 2 * time.Second
	longestDoubt = 64 * time.Second
)

// watch decides when to look for devices.
type watch struct {
	scanned time.Time
	doubt   time.Duration // how long a device must seem to be gone
}

// look rescans if it is time to.
func (h *host) look(now time.Time) {
	if !h.running || h.broken || !h.isWatched() {
		return
	}
	used, gone := false, false
	h.watch.doubt = max(h.watch.doubt, firstDoubt)
	for _, d := range h.attached {
		used = used || d.stream != nil
		gone = gone || d.seemsGone(h.watch.doubt)
	}
	since := now.Sub(h.watch.scanned)
	if used && !(gone && since >= h.watch.doubt) || !used && since < idleEvery {
		return
	}
	changed, err := h.rescan()
	if err != nil {
		h.log.Warn("no rescan of sound devices", "error", err)
	}
	if changed || !used {
		h.watch.doubt = firstDoubt
	} else {
		h.watch.doubt = min(2*h.watch.doubt, longestDoubt)
	}
}

// rescan starts PortAudio again, with all open devices, and tells those who
// watch if the list has changed.
func (h *host) rescan() (changed bool, err error) {
	before := h.listed.Load().infos()
	for _, d := range h.attached {
		if err := h.unplug(d); err != nil {
			return true, err
		}
	}
	if err := h.terminate(); err != nil {
		return h.broken, err
	}
	err = h.initialise()
	h.watch.scanned = time.Now()
	h.settle()
	if changed = err != nil || !slices.Equal(before, h.listed.Load().infos()); changed {
		h.tell()
	}
	return changed, err
}

// settle opens what is to be open and closes what is not.
func (h *host) settle() {
	if h.broken {
		return
	}
	for _, d := range h.attached {
		switch paused := d.pump.Load().paused.Load(); {
		case paused && d.stream != nil:
			_ = h.unplug(d) // a device that hangs has been told of
		case !paused && d.stream == nil:
			if err := h.plug(d); err != nil {
				h.log.Debug("sound device cannot be opened again", "device", d.Name(), "error", err)
			}
		}
	}
}

// attach opens a device.
func (h *host) attach(d *device) error {
	if err := h.initialise(); err != nil {
		return err
	}
	if err := h.plug(d); err != nil {
		return err
	}
	h.attached = append(h.attached, d)
	return nil
}

// detach closes it.
func (h *host) detach(d *device) error {
	h.attached = slices.DeleteFunc(h.attached, func(other *device) bool { return other == d })
	return h.unplug(d)
}

// unplug closes the stream of a device, if it has one.
func (h *host) unplug(d *device) error {
	stream := d.stream
	d.unplug()
	if stream == nil || h.broken {
		return nil
	}
	if h.jack.gone() {
		return h.giveUp("the sound server has ended")
	}
	return h.bounded(func() error {
		_ = stream.Abort() // of a stream that has stopped by itself
		return stream.Close()
	})
}

// plug opens the stream of a device with what is listed now.
func (h *host) plug(d *device) error {
	parameters, err := h.parameters(d)
	if err != nil {
		return err
	}
	for _, rate := range d.rates(&parameters) {
		parameters.SampleRate = float64(rate)
		if err = d.start(parameters); err == nil {
			return nil
		}
	}
	return err
}

// seemsGone says whether no sound has come for a time, not even noise, or the
// card does not ask for any.
func (d *device) seemsGone(doubt time.Duration) bool {
	pump := d.pump.Load()
	if d.stream == nil {
		return !pump.paused.Load()
	}
	elapsed := d.line.elapsed.Load()
	stands := elapsed == d.seen
	d.seen = elapsed
	return stands || time.Duration(pump.quiet.Load())*audio.FrameDuration >= doubt
}

// parameters are those of the stream of a device, without a rate.
func (h *host) parameters(d *device) (portaudio.StreamParameters, error) {
	var p portaudio.StreamParameters
	l := h.listed.Load()
	if d.input != audio.NoDevice {
		found, ok := l.find(d.input)
		if !ok || found.Inputs == 0 {
			return p, unknown(d.input)
		}
		p.Input = portaudio.StreamDeviceParameters{Device: found.device, Channels: 1, Latency: latency(found.device.DefaultLowInputLatency)}
	}
	if d.output != audio.NoDevice {
		found, ok := l.find(d.output)
		if !ok || found.Outputs == 0 {
			return p, unknown(d.output)
		}
		p.Output = portaudio.StreamDeviceParameters{
			Device: found.device, Channels: min(2, found.Outputs), Latency: latency(found.device.DefaultLowOutputLatency),
		}
	}
	return p, nil
}
