package audio

import "slices"

// Preferred is a driver whose defaults are chosen by the user: as long as the
// devices are there, they are what the system prefers. [NoDevice] leaves a
// default as it is.
type Preferred struct {
	Driver
	Input, Output string
}

// DefaultInput implements [Driver].
func (p Preferred) DefaultInput() string {
	if p.Input != NoDevice && slices.Contains(p.Inputs(), p.Input) {
		return p.Input
	}
	return p.Driver.DefaultInput()
}

// DefaultOutput implements [Driver].
func (p Preferred) DefaultOutput() string {
	if p.Output != NoDevice && slices.Contains(p.Outputs(), p.Output) {
		return p.Output
	}
	return p.Driver.DefaultOutput()
}
