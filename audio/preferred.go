package audio

import "slices"

// Preferred is a driver whose defaults are chosen by the user: as long as the
// devices are there, they are what the system prefers. [NoDevice] leaves a
// default as it is, [Nothing] stands for no device at all.
type Preferred struct {
	Driver
	Input, Output string
}

// Nothing is how a user chooses to have no device.
const Nothing = "null"

// DefaultInput implements [Driver].
func (p Preferred) DefaultInput() string {
	return prefer(p.Input, p.Inputs(), p.Driver.DefaultInput())
}

// DefaultOutput implements [Driver].
func (p Preferred) DefaultOutput() string {
	return prefer(p.Output, p.Outputs(), p.Driver.DefaultOutput())
}

func prefer(name string, names []string, standard string) string {
	switch {
	case name == Nothing:
		return NoDevice
	case name != NoDevice && slices.Contains(names, name):
		return name
	}
	return standard
}
