package audio

import (
	"slices"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// build makes both mixers anew.
func (s *System) build(settings Settings) error {
	voice, err := s.ends(settings.SampleRate)
	if err != nil {
		return err
	}
	alert, err := s.ends(settings.SampleRate)
	if err != nil {
		s.shut(voice.Mixer)
		return err
	}
	s.mu.Lock()
	s.voice, s.alert, s.settings = voice, alert, settings
	s.mu.Unlock()
	s.openVoice(settings)
	s.openAlert(settings)
	return nil
}

// ends is a mixer on a null device with its bridge.
func (s *System) ends(rate int) (Ends, error) {
	mixer, err := NewMixer(MixerConfig{Driver: s.cfg.Driver, SampleRate: rate, SlotCount: s.cfg.SlotCount, Center: s.cfg.Center, Logger: s.log})
	if err != nil {
		return Ends{}, err
	}
	ends := Ends{mixer, NewAudioBridge(mixer), NewAudioDevice(mixer)}
	return ends, ends.Bridge.Add(ends.Device)
}

// openVoice opens the devices of calls and notes which ones they are.
func (s *System) openVoice(settings Settings) {
	input, output := s.open(s.Voice().Mixer, settings.InputDevice, settings.OutputDevice, settings.TailLength)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings.InputDevice, s.settings.OutputDevice, s.settings.TailLength = input, output, settings.TailLength
}

// openAlert opens the device that rings.
func (s *System) openAlert(settings Settings) {
	mixer := s.Alert().Mixer
	_, output := s.open(mixer, NoDevice, settings.AlertDevice, 0)
	volume := 100
	if settings.Silent {
		volume = 0
	}
	_ = mixer.SetOutputVolume(volume) // neither is negative
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings.AlertDevice, s.settings.Silent = output, settings.Silent
}

// open goes through what audio.md 3 says: the named devices, else the system's
// own, else none. It returns what has been opened, as settings name it.
func (s *System) open(mixer *Mixer, input, output string, tail time.Duration) (realInput, realOutput string) {
	list := s.known
	input, output = s.present(list, input, list.inputs), s.present(list, output, list.outputs)
	err := mixer.SetSoundDevices(input, output, tail)
	if err == nil {
		return input, output
	}
	s.log.Warn("sound devices cannot be opened, those of the system are tried", "input", input, "output", output, "error", err)
	fallback := func(name string) string {
		if name == NoDevice {
			return NoDevice
		}
		return s.present(list, SystemDefault, nil)
	}
	input, output = fallback(input), fallback(output)
	if err := mixer.SetSoundDevices(input, output, tail); err == nil {
		return input, output
	}
	s.log.Warn("no sound device can be opened", "error", err)
	if err := mixer.SetSoundDevices(NoDevice, NoDevice, tail); err != nil {
		s.log.Error("not even the null device can be opened", "error", err)
	}
	return NoDevice, NoDevice
}

// present is name if it is there, else what the system prefers; without any
// device at all it is none.
func (*System) present(list deviceList, name string, names []string) string {
	if len(list.inputs)+len(list.outputs) == 0 {
		return NoDevice
	}
	if names == nil {
		return name
	}
	return listed(name, names)
}

// change works off new settings: only what differs is opened again.
func (s *System) change(next Settings) {
	now := s.Settings()
	switch {
	case next.SampleRate != now.SampleRate:
		s.old = append(s.old, s.Voice().Mixer, s.Alert().Mixer)
		voice, alert := s.Voice(), s.Alert()
		if err := s.build(next); err != nil {
			s.log.Error("no new mixers", "error", err)
			s.mu.Lock()
			s.voice, s.alert = voice, alert
			s.mu.Unlock()
			return
		}
		voice.Bridge.Stop()
		alert.Bridge.Stop()
	default:
		if next.InputDevice != now.InputDevice || next.OutputDevice != now.OutputDevice || next.TailLength != now.TailLength {
			s.openVoice(next)
		}
		if next.AlertDevice != now.AlertDevice || next.Silent != now.Silent {
			s.openAlert(next)
		}
	}
	s.save()
}

func (s *System) save() {
	if s.cfg.Save != nil {
		s.cfg.Save(s.Settings())
	}
}

// follow tells of a change of the driver's lists and leaves devices that have
// gone.
func (s *System) follow() {
	before, now := s.known, listOf(s.cfg.Driver)
	s.known = now
	if old, names := before.all(), now.all(); !slices.Equal(old, names) {
		s.tell(AudioDevicesDidChange{OldDevices: old, NewDevices: names})
		gone := func(name string) bool { return !slices.Contains(names, name) }
		if slices.ContainsFunc(old, gone) {
			s.reopen()
			s.save()
			return
		}
	}
	changedInput, changedOutput := before.defaultInput != now.defaultInput, before.defaultOutput != now.defaultOutput
	if !changedInput && !changedOutput {
		return
	}
	s.tell(DefaultAudioDeviceDidChange{ChangedInput: changedInput, ChangedOutput: changedOutput})
	settings := s.Settings()
	if changedInput && settings.InputDevice == SystemDefault || changedOutput && settings.OutputDevice == SystemDefault {
		s.openVoice(settings)
	}
	if changedOutput && settings.AlertDevice == SystemDefault {
		s.openAlert(settings)
	}
	s.save()
}

func (s *System) tell(data notification.Data) {
	if s.cfg.Center != nil {
		s.cfg.Center.Post(s.cfg.Sender, data)
	}
}

// reopen opens both mixers' devices again: what has gone becomes the system's
// own.
func (s *System) reopen() {
	settings := s.Settings()
	s.openVoice(settings)
	s.openAlert(settings)
}
