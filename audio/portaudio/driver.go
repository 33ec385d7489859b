//go:build portaudio && cgo

package portaudio

import (
	"log/slog"
	"sync/atomic"

	"github.com/go-sipsimple/callflow/audio"
)

// driver implements [Driver].
type driver struct {
	host   *host
	closed atomic.Bool
}

// Open starts PortAudio, unless another driver of this process has. The logger
// may be nil for slog.Default(). The error is that of PortAudio or [ErrHangs];
// a machine without sound cards is none.
func Open(log *slog.Logger) (Driver, error) {
	if log == nil {
		log = slog.Default()
	}
	d := &driver{host: acquire(log)}
	if err := d.host.do(d.host.initialise); err != nil {
		_ = d.Close() // it has not begun
		return nil, err
	}
	return d, nil
}

// Close implements [Driver].
func (d *driver) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	d.Watch(nil)
	return d.host.release()
}

func (d *driver) list() *list { return d.host.listed.Load() }

// Devices implements [Driver].
func (d *driver) Devices() []Info { return d.list().infos() }

// Inputs implements [audio.Driver].
func (d *driver) Inputs() []string {
	return d.list().names(func(l listed) bool { return l.Inputs > 0 })
}

// Outputs implements [audio.Driver].
func (d *driver) Outputs() []string {
	return d.list().names(func(l listed) bool { return l.Outputs > 0 })
}

// DefaultInput implements [audio.Driver].
func (d *driver) DefaultInput() string {
	return first(d.list().names(func(l listed) bool { return l.DefaultInput }))
}

// DefaultOutput implements [audio.Driver].
func (d *driver) DefaultOutput() string {
	return first(d.list().names(func(l listed) bool { return l.DefaultOutput }))
}

func first(names []string) string {
	if len(names) == 0 {
		return audio.NoDevice
	}
	return names[0]
}

// Device implements [audio.Driver]. Both devices must be of the same API of the
// system, otherwise Open fails: there is one clock for both.
func (d *driver) Device(input, output string) (audio.Device, error) {
	for _, name := range []string{input, output} {
		if _, ok := d.list().find(name); !ok && name != audio.NoDevice {
			return nil, unknown(name)
		}
	}
	return &device{host: d.host, input: input, output: output}, nil
}

// Watch implements [audio.Driver].
func (d *driver) Watch(changed func()) { d.host.setWatcher(d, changed) }

// Rescan implements [Driver].
func (d *driver) Rescan() error {
	return d.host.do(func() error {
		_, err := d.host.rescan()
		return err
	})
}
