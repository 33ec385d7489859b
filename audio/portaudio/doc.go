// Package portaudio plays and records on the sound cards of the machine, through
// the PortAudio library. It needs cgo, the library (Debian: portaudio19-dev) and
// the build tag portaudio:
//
//	go build -tags portaudio ./cmd/callflow
//
// Without them [Open] returns [ErrNotBuilt] and nothing else is needed.
//
//	driver, err := portaudio.Open(nil)
//	...
//	defer driver.Close()
//	app, err := sipsimple.NewApplication(sipsimple.Config{Driver: driver, ...})
//
// # How sound goes
//
// PortAudio calls us on a thread of its own, which must never wait. That
// callback moves samples between the card and two rings, and nothing else. A
// goroutine for each open device, the pump, takes frames of 20 ms out of the one
// ring and puts what the mixer makes of them into the other, as fast as the card
// goes; its sample rate is converted to that of the mixer. Where the pump has been
// late, or the card takes more at a time than was ready, more is kept ready from then
// on, as much as 160 ms, and less again after a time without need. When the card stands
// still, or has been unplugged, the pump goes on by the time of the system: a
// call goes on in silence.
//
// # Devices that come and go
//
// PortAudio learns of devices only when it is started again, which interrupts
// all sound for a moment. So the driver looks every few seconds while no device
// is in use, and during calls only when one seems to be gone: its card does not
// ask for sound any more, or not one sample other than zero has come from it for
// two seconds. When that was wrong it waits twice as long the next time, up to a
// minute.
//
// A sound server that dies may leave PortAudio waiting for ever, or have it abort
// the process. So a JACK server that has gone is noticed before, and whoever waits
// for anything else gives up after a few seconds; from then on there are no devices
// in this process.
package portaudio

import (
	"errors"

	"github.com/go-sipsimple/callflow/audio"
)

// ErrNotBuilt is returned by [Open] of a program that was built without the
// driver.
var ErrNotBuilt = errors.New("built without sound devices: they need cgo, PortAudio (Debian: portaudio19-dev) and go build -tags portaudio")

// ErrHangs is returned when PortAudio does not come back.
var ErrHangs = errors.New("PortAudio does not answer: the sound server has probably died")

// Driver is PortAudio as an [audio.Driver]. There is one PortAudio for each
// process; all drivers share it.
type Driver interface {
	audio.Driver
	// Devices describes the devices that are listed.
	Devices() []Info
	// Rescan looks for devices now. Open devices are silent meanwhile.
	Rescan() error
	// Close lets go of PortAudio. All devices must have been closed before. It
	// may be repeated.
	Close() error
}

// Info describes a device.
type Info struct {
	Name          string // as in settings
	API           string // of the system: ALSA, JACK …
	Inputs        int    // channels
	Outputs       int
	SampleRate    int // Hz, which the device prefers
	DefaultInput  bool
	DefaultOutput bool
}
