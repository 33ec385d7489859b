package audio

import (
	"errors"
	"fmt"
	"slices"
)

// Names of devices in settings besides those of the driver.
const (
	SystemDefault = "system_default" // whatever the system prefers
	NoDevice      = ""               // the seed's null
)

// ErrUnknownDevice is what a driver returns for a name that it does not list.
var ErrUnknownDevice = errors.New("unknown sound device")

// Driver knows the sound devices of the machine. Its methods may be called from
// any goroutine.
type Driver interface {
	// Inputs and Outputs list the names of devices that capture and that play.
	Inputs() []string
	Outputs() []string
	// DefaultInput and DefaultOutput are what the system prefers, [NoDevice] if
	// there is nothing.
	DefaultInput() string
	DefaultOutput() string
	// Device returns the pair of an input and an output as one device, closed.
	// One of the two may be NoDevice. It fails, or the device's Open, with
	// [ErrUnknownDevice] or the error of the system.
	Device(input, output string) (Device, error)
	// Watch has changed called, from any goroutine, whenever lists or defaults
	// have changed; nil ends that.
	Watch(changed func())
}

// NullDriver is the driver of a machine without sound.
type NullDriver struct{}

// Inputs implements [Driver].
func (NullDriver) Inputs() []string { return nil }

// Outputs implements [Driver].
func (NullDriver) Outputs() []string { return nil }

// DefaultInput implements [Driver].
func (NullDriver) DefaultInput() string { return NoDevice }

// DefaultOutput implements [Driver].
func (NullDriver) DefaultOutput() string { return NoDevice }

// Device implements [Driver].
func (NullDriver) Device(input, output string) (Device, error) {
	return nil, fmt.Errorf("%q, %q: %w", input, output, ErrUnknownDevice)
}

// Watch implements [Driver].
func (NullDriver) Watch(func()) {}

// FixedDriver offers one duplex device under its name, to one mixer: voice and
// alerts cannot both have it. Config.Sound of an application takes care of that.
type FixedDriver struct{ Only Device }

// Inputs implements [Driver].
func (d FixedDriver) Inputs() []string { return []string{d.Only.Name()} }

// Outputs implements [Driver].
func (d FixedDriver) Outputs() []string { return d.Inputs() }

// DefaultInput implements [Driver].
func (d FixedDriver) DefaultInput() string { return d.Only.Name() }

// DefaultOutput implements [Driver].
func (d FixedDriver) DefaultOutput() string { return d.Only.Name() }

// Device implements [Driver].
func (d FixedDriver) Device(input, output string) (Device, error) {
	if name := d.Only.Name(); input != name && input != NoDevice || output != name && output != NoDevice {
		return nil, fmt.Errorf("%q, %q: %w", input, output, ErrUnknownDevice)
	}
	return d.Only, nil
}

// Watch implements [Driver].
func (FixedDriver) Watch(func()) {}

// resolve turns what settings ask for into names of the driver: system_default
// is what the system prefers.
func resolve(driver Driver, input, output string) (realInput, realOutput string) {
	if input == SystemDefault {
		input = driver.DefaultInput()
	}
	if output == SystemDefault {
		output = driver.DefaultOutput()
	}
	return input, output
}

// pairOf is the device of two real names; without any it is the null device.
func pairOf(driver Driver, input, output string) (Device, error) {
	if input == NoDevice && output == NoDevice {
		return NewNullDevice(), nil
	}
	return driver.Device(input, output)
}

// listed is name if there is such a device, else [SystemDefault].
func listed(name string, names []string) string {
	if name == NoDevice || name == SystemDefault || slices.Contains(names, name) {
		return name
	}
	return SystemDefault
}
