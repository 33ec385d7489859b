package audio_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// shop is a driver whose devices come and go.
type shop struct {
	mu              sync.Mutex
	inputs, outputs []string
	input, output   string
	broken          map[string]bool // fails to open
	changed         func()
	opened          []string
}

func (s *shop) Inputs() []string      { s.mu.Lock(); defer s.mu.Unlock(); return slices.Clone(s.inputs) }
func (s *shop) Outputs() []string     { s.mu.Lock(); defer s.mu.Unlock(); return slices.Clone(s.outputs) }
func (s *shop) DefaultInput() string  { s.mu.Lock(); defer s.mu.Unlock(); return s.input }
func (s *shop) DefaultOutput() string { s.mu.Lock(); defer s.mu.Unlock(); return s.output }
func (s *shop) Watch(changed func())  { s.mu.Lock(); defer s.mu.Unlock(); s.changed = changed }

func (s *shop) Device(input, output string) (audio.Device, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := input + "+" + output
	s.opened = append(s.opened, name)
	if input != "" && !slices.Contains(s.inputs, input) || output != "" && !slices.Contains(s.outputs, output) {
		return nil, audio.ErrUnknownDevice
	}
	return &ware{NullDevice: audio.NewNullDevice(), name: name, broken: s.broken[input] || s.broken[output]}, nil
}

// stock changes what there is.
func (s *shop) stock(change func()) {
	s.mu.Lock()
	change()
	changed := s.changed
	s.mu.Unlock()
	changed()
	synctest.Wait()
}

type ware struct {
	*audio.NullDevice
	name   string
	broken bool
}

func (w *ware) Name() string { return w.name }
func (w *ware) Open(rate int, process func(in, out []int16)) error {
	if w.broken {
		return errors.New("it is broken")
	}
	return w.NullDevice.Open(rate, process)
}

func newShop() *shop {
	return &shop{
		inputs: []string{"mic", "headset"}, outputs: []string{"speaker", "headset"}, input: "mic", output: "speaker",
		broken: map[string]bool{},
	}
}

// settled is what a system is left with.
func settled(s *audio.System) [6]string {
	synctest.Wait()
	voice, alert, now := s.Voice().Mixer, s.Alert().Mixer, s.Settings()
	return [6]string{now.InputDevice, now.OutputDevice, now.AlertDevice, voice.RealInputDevice(), voice.RealOutputDevice(), alert.RealOutputDevice()}
}

const def = audio.SystemDefault

// TestFallback is P31: whatever is asked for, there are mixers, and the settings
// tell what is in use.
func TestFallback(t *testing.T) {
	for name, test := range map[string]struct {
		ask   [3]string
		stock func(*shop)
		want  [6]string
	}{
		"defaults":      {[3]string{def, def, def}, nil, [6]string{def, def, def, "mic", "speaker", "speaker"}},
		"named":         {[3]string{"headset", "headset", "speaker"}, nil, [6]string{"headset", "headset", "speaker", "headset", "headset", "speaker"}},
		"unknown":       {[3]string{"x", "headset", "y"}, nil, [6]string{def, "headset", def, "mic", "headset", "speaker"}},
		"none":          {[3]string{"", "", ""}, nil, [6]string{}},
		"playback only": {[3]string{"", "headset", ""}, nil, [6]string{"", "headset", "", "", "headset", ""}},
		"no hardware": {[3]string{def, "headset", def}, func(s *shop) {
			s.inputs, s.outputs, s.input, s.output = nil, nil, "", ""
		}, [6]string{}},
		"no microphone": {[3]string{def, def, def}, func(s *shop) { s.inputs, s.input = nil, "" }, [6]string{def, def, def, "", "speaker", "speaker"}},
		"broken":        {[3]string{"headset", "headset", def}, func(s *shop) { s.broken["headset"] = true }, [6]string{def, def, def, "mic", "speaker", "speaker"}},
		"all broken": {[3]string{"headset", "headset", def}, func(s *shop) {
			s.broken["headset"], s.broken["mic"], s.broken["speaker"] = true, true, true
		}, [6]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				driver := newShop()
				if test.stock != nil {
					test.stock(driver)
				}
				settings := audio.DefaultSettings()
				settings.InputDevice, settings.OutputDevice, settings.AlertDevice = test.ask[0], test.ask[1], test.ask[2]
				var saved audio.Settings
				s, err := audio.NewSystem(audio.SystemConfig{Driver: driver, Settings: settings, Save: func(now audio.Settings) { saved = now }})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Stop()
				if got := settled(s); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
				if saved != s.Settings() {
					t.Errorf("saved %+v, in use %+v", saved, s.Settings())
				}
				for _, ends := range []audio.Ends{s.Voice(), s.Alert()} {
					if !ends.Bridge.Contains(ends.Device) || ends.Mixer.SampleRate() != 44100 {
						t.Errorf("ends %+v", ends)
					}
				}
			})
		})
	}
}

// TestDevicesChange: plugging and unplugging, another default, other settings.
func TestDevicesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		driver := newShop()
		center := notification.NewCenter(nil)
		var log []notification.Data
		var mu sync.Mutex
		center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, n.Data)
		}))
		take := func() []notification.Data {
			_ = center.Flush(context.Background())
			mu.Lock()
			defer mu.Unlock()
			taken := log
			log = nil
			return taken
		}
		settings := audio.DefaultSettings()
		settings.InputDevice, settings.OutputDevice = "headset", "headset"
		s, err := audio.NewSystem(audio.SystemConfig{Driver: driver, Settings: settings, Center: center})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		check := func(step string, want [6]string) {
			t.Helper()
			if got := settled(s); got != want {
				t.Errorf("%s: %q, want %q", step, got, want)
			}
		}
		mixer, bridge := s.Voice().Mixer, s.Voice().Bridge

		driver.stock(func() { driver.inputs, driver.outputs = []string{"mic"}, []string{"speaker"} })
		check("unplugged", [6]string{def, def, def, "mic", "speaker", "speaker"})
		if got, ok := take()[0].(audio.AudioDevicesDidChange); !ok || !slices.Equal(got.OldDevices, []string{"headset", "mic", "speaker"}) || !slices.Equal(got.NewDevices, []string{"mic", "speaker"}) {
			t.Errorf("told %+v", got)
		}
		opened := len(driver.opened)
		driver.stock(func() { driver.outputs = []string{"speaker", "tv"} })
		check("plugged", [6]string{def, def, def, "mic", "speaker", "speaker"})
		if len(driver.opened) != opened || len(take()) != 1 {
			t.Error("a device that has come changes more than the list")
		}
		driver.stock(func() { driver.output = "tv" })
		check("another default", [6]string{def, def, def, "mic", "tv", "tv"})
		if got := take(); len(got) != 1 || got[0] != (audio.DefaultAudioDeviceDidChange{ChangedOutput: true}) {
			t.Errorf("told %+v", got)
		}
		driver.stock(func() { driver.inputs, driver.outputs, driver.input, driver.output = nil, nil, "", "" })
		check("all gone", [6]string{})

		if s.Voice().Mixer != mixer || s.Voice().Bridge != bridge {
			t.Error("another mixer")
		}
		next := s.Settings()
		next.SampleRate, next.Silent = 16000, true
		if err := s.Apply(next); err != nil {
			t.Fatal(err)
		}
		check("another rate", [6]string{})
		if s.Voice().Mixer == mixer || s.Voice().Mixer.SampleRate() != 16000 || s.Alert().Mixer.OutputVolume() != 0 {
			t.Error("the mixers are those of before")
		}
		for _, wrong := range []audio.Settings{{SampleRate: 44100, TailLength: -1}, {SampleRate: 22050}, {}} {
			if s.Apply(wrong) == nil {
				t.Errorf("%+v is accepted", wrong)
			}
		}
	})
}

// TestSwitch is P30: the device changes under a mixer; slots and connections
// stay, and the gap is short.
func TestSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		driver := newShop()
		m, err := audio.NewMixer(audio.MixerConfig{Driver: driver, Input: "mic", Output: def})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		var ticks []time.Time
		var mu sync.Mutex
		slot, err := m.AddPort(nil, sinkFunc(func([]int16) {
			mu.Lock()
			defer mu.Unlock()
			ticks = append(ticks, time.Now())
		}))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Connect(audio.DeviceSlot, slot); err != nil {
			t.Fatal(err)
		}
		before := m.Connections()
		for _, names := range [][2]string{{"headset", "headset"}, {"", ""}, {"gone", ""}, {def, ""}} {
			time.Sleep(105 * time.Millisecond)
			err := m.SetSoundDevices(names[0], names[1], 0)
			if (err != nil) != (names[0] == "gone") || names[0] == "gone" && !errors.Is(err, audio.ErrUnknownDevice) {
				t.Errorf("%v: %v", names, err)
			}
			if m.InputDevice() != names[0] || m.OutputDevice() != names[1] {
				t.Errorf("asked for %v, got %q and %q", names, m.InputDevice(), m.OutputDevice())
			}
		}
		if m.RealInputDevice() != "mic" || m.RealOutputDevice() != "" {
			t.Errorf("real devices %q, %q", m.RealInputDevice(), m.RealOutputDevice())
		}
		time.Sleep(200 * time.Millisecond)
		if err := m.SetSoundDevices(def, def, -1); err == nil {
			t.Error("a negative tail is accepted")
		}
		if !slices.Equal(m.Connections(), before) {
			t.Errorf("connections %v", m.Connections())
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range ticks[1:] {
			if gap := ticks[i+1].Sub(ticks[i]); gap > 40*time.Millisecond {
				t.Errorf("gap of %v", gap)
			}
		}
		if len(ticks) < 28 {
			t.Errorf("%d ticks in 620 ms", len(ticks))
		}
	})
}

type sinkFunc func(frame []int16)

func (f sinkFunc) WriteFrame(frame []int16) { f(frame) }

// TestClockKeepsTime is P9: an hour has its number of frames.
func TestClockKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ticks := 0
		device := audio.NewNullDevice()
		if err := device.Open(8000, func(_, _ []int16) { ticks++ }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := device.Close(); err != nil {
			t.Fatal(err)
		}
		if ticks < 180000-1 || ticks > 180000+1 {
			t.Errorf("%d frames in an hour", ticks)
		}
	})
}
