package audio_test

import (
	"testing"

	"github.com/go-sipsimple/callflow/audio"
)

// twoDevices is a driver of a head set and a card, which the system prefers.
type twoDevices struct{ audio.NullDriver }

func (twoDevices) Inputs() []string      { return []string{"card", "headset"} }
func (twoDevices) Outputs() []string     { return []string{"card", "headset"} }
func (twoDevices) DefaultInput() string  { return "card" }
func (twoDevices) DefaultOutput() string { return "card" }

func TestPreferred(t *testing.T) {
	for _, c := range []struct{ input, output, wantInput, wantOutput string }{
		{"headset", "", "headset", "card"},
		{"", "headset", "card", "headset"},
		{"gone", "gone", "card", "card"},
		{"null", "null", "", ""},
	} {
		d := audio.Preferred{Driver: twoDevices{}, Input: c.input, Output: c.output}
		if in, out := d.DefaultInput(), d.DefaultOutput(); in != c.wantInput || out != c.wantOutput {
			t.Errorf("preferring %q and %q: %q and %q, want %q and %q", c.input, c.output, in, out, c.wantInput, c.wantOutput)
		}
	}
}
