package simnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	ears "github.com/go-sipsimple/callflow/conformance/hear"
	"github.com/go-sipsimple/callflow/simnet"
)

// TestUnpluggedInUse: the device of a running system vanishes, comes back as
// another, breaks: there is always a mixer, and what can be heard is heard.
func TestUnpluggedInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		headset, speaker := simnet.NewNamedSound("headset", []float64{440}), simnet.NewNamedSound("speaker", []float64{880})
		driver := simnet.NewSoundDriver(headset, speaker)
		settings := audio.DefaultSettings()
		settings.SampleRate = 16000
		system, err := audio.NewSystem(audio.SystemConfig{Driver: driver, Settings: settings})
		if err != nil {
			t.Fatal(err)
		}
		defer system.Stop()
		mixer := system.Voice().Mixer
		echo, err := mixer.AddPort(nil, &nothing{})
		if err != nil {
			t.Fatal(err)
		}
		if err := mixer.Connect(audio.DeviceSlot, audio.DeviceSlot); err != nil {
			t.Fatal(err)
		}
		hears := func(step string, device *simnet.Sound, hz float64) {
			t.Helper()
			time.Sleep(time.Second)
			from := time.Now().Add(-900 * time.Millisecond)
			want := []float64{hz}
			if hz == 0 {
				want = nil
			}
			r := ears.Measure(device.Heard(from, time.Now()), 16000, want)
			if r.Silence != (hz == 0) || hz > 0 && r.SNR < 30 {
				t.Errorf("%s: %+v", step, r)
			}
		}
		hears("at first", headset, 440)
		driver.Unplug("headset")
		hears("after unplugging", speaker, 880)
		hears("after unplugging", headset, 0)
		driver.Break("speaker", true)
		driver.SetDefault("nothing")
		driver.Unplug("speaker")
		time.Sleep(time.Second)
		if mixer.RealOutputDevice() != audio.NoDevice || mixer.UsedSlotCount() != 1 || len(mixer.Connections()) != 1 {
			t.Errorf("without devices: %q, %v", mixer.RealOutputDevice(), mixer.Connections())
		}
		driver.Break("speaker", false)
		driver.Plug(speaker)
		next := system.Settings()
		next.InputDevice, next.OutputDevice = audio.SystemDefault, "speaker"
		if err := system.Apply(next); err != nil {
			t.Fatal(err)
		}
		hears("after plugging in", speaker, 880)
		mixer.RemovePort(echo)
	})
}

type nothing struct{}

func (*nothing) WriteFrame([]int16) {}
