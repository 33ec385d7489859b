package play

import (
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/simnet"
)

// soundcards are the sound devices that the file gives a party.
type soundcards struct {
	driver *simnet.SoundDriver
	byName map[string]*simnet.Sound
}

// playing is what the application of a party plays besides its calls.
type playing struct {
	player *audio.WavePlayer // nil: nothing yet
	bridge *audio.AudioBridge
}

// newSoundcards makes the devices and plugs them in, but for those that are not
// there at the start.
func (p *party) newSoundcards() error {
	cards := &soundcards{driver: p.world.sounds.NewSoundDriver(), byName: map[string]*simnet.Sound{}}
	for _, d := range p.def.Devices {
		plays := d.Plays
		if plays == nil {
			plays = p.def.Plays
		}
		sound := simnet.NewNamedSound(d.Name, plays)
		if d.Plays == nil {
			if err := p.speakInto(sound); err != nil {
				return err
			}
		}
		cards.byName[d.Name] = sound
		cards.driver.Break(d.Name, d.OpenFails)
		if !d.Unplugged {
			cards.driver.Plug(sound)
		}
	}
	p.cards = cards
	return nil
}

// ear is the loudspeaker of a device, or the only one.
func (p *party) ear(device string) *simnet.Sound {
	if p.cards != nil {
		return p.cards.byName[device]
	}
	return p.sound
}

// playsAt is what the microphone of a device hears.
func (p *party) playsAt(device string) []float64 {
	if d := p.def.Device(device); d != nil && d.Plays != nil {
		return d.Plays
	}
	return p.def.Plays
}

// performOnSound makes the calls about devices, players and volumes. ok is false
// if it is none of these.
func (p *party) performOnSound(v *scenario.Call) (ok bool, err error) {
	switch v.Name {
	case "plug", "unplug", "prefer":
		if p.cards == nil {
			return true, fmt.Errorf("%s has no sound devices: devices: [%v]", p.def.Name, v.Arg)
		}
		p.changeDevices(v.Name, fmt.Sprint(v.Arg))
	case "play":
		err = p.play(v)
	case "stop_playing":
		if p.playing.player != nil {
			p.playing.player.Stop()
		}
	case "adjust":
		changes, _ := v.Arg.(map[string]any)
		for _, name := range sortedKeys(changes) {
			if err := p.adjust(name, changes[name]); err != nil {
				return true, err
			}
		}
	default:
		return false, nil
	}
	return true, err
}

func (p *party) changeDevices(verb, name string) {
	switch verb {
	case "plug":
		p.cards.driver.Plug(p.cards.byName[name])
	case "unplug":
		p.cards.driver.Unplug(name)
	case "prefer":
		p.cards.driver.SetDefault(name)
	}
}

// play starts a player on a bridge of the application, in place of the one
// before.
func (p *party) play(v *scenario.Call) error {
	bridge := p.app.AlertAudioBridge()
	if v.Params["on"] == "voice" {
		bridge = p.app.VoiceAudioBridge()
	}
	if bridge == nil {
		return fmt.Errorf("the application of %s has no bridges yet", p.def.Name)
	}
	name, err := p.got.folder.path(path.Base(fmt.Sprint(v.Arg)))
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, p.world.c.Files[fmt.Sprint(v.Arg)], 0o600); err != nil {
		return err
	}
	options := audio.WavePlayerOptions{}
	options.Volume, _ = v.Params["volume"].(int)
	options.Pause, _ = v.Params["pause"].(time.Duration)
	if loops, given := v.Params["loops"].(int); given {
		if options.Loops = loops; loops == 0 {
			options.Loops = -1
		}
	}
	p.playing.leave()
	p.playing = playing{audio.NewWavePlayer(bridge.Mixer(), name, options), bridge}
	if err := bridge.Add(p.playing.player); err != nil {
		return err
	}
	return p.playing.player.Start() // the end of the application is that of the player
}

// leave takes the player out of its bridge.
func (c *playing) leave() {
	if c.player != nil {
		c.player.Stop()
		_ = c.bridge.Remove(c.player) // the bridge may have been stopped
	}
}

// adjust sets an attribute of a mixer or of a device.
func (p *party) adjust(name string, value any) error {
	kind, attribute, _ := strings.Cut(name, ".")
	mixer, device := p.app.VoiceAudioMixer(), p.app.VoiceAudioDevice()
	if strings.HasPrefix(kind, "alert") {
		mixer, device = p.app.AlertAudioMixer(), p.app.AlertAudioDevice()
	}
	if mixer == nil {
		return fmt.Errorf("the application of %s has no %s yet", p.def.Name, kind)
	}
	on, _ := value.(bool)
	percent, _ := value.(int)
	switch attribute {
	case "input_volume":
		return mixer.SetInputVolume(percent)
	case "output_volume":
		return mixer.SetOutputVolume(percent)
	case "muted":
		mixer.SetMuted(on)
	case "input_muted":
		device.SetInputMuted(on)
	case "output_muted":
		device.SetOutputMuted(on)
	}
	return nil
}

// soundAttributes are those of an application with which it is heard and hears.
var soundAttributes = []string{
	"voice_audio_mixer", "voice_audio_bridge", "voice_audio_device", "alert_audio_mixer", "alert_audio_bridge", "alert_audio_device",
}

// soundAttribute reads one of them: nil before the start.
func (p *party) soundAttribute(name string) any {
	mixer, bridge, device := p.app.VoiceAudioMixer(), p.app.VoiceAudioBridge(), p.app.VoiceAudioDevice()
	if strings.HasPrefix(name, "alert") {
		mixer, bridge, device = p.app.AlertAudioMixer(), p.app.AlertAudioBridge(), p.app.AlertAudioDevice()
	}
	switch {
	case mixer == nil || bridge == nil || device == nil:
		return nil
	case strings.HasSuffix(name, "mixer"):
		return map[string]any{
			"input_device": deviceName(mixer.InputDevice()), "output_device": deviceName(mixer.OutputDevice()),
			"real_input_device": deviceName(mixer.RealInputDevice()), "real_output_device": deviceName(mixer.RealOutputDevice()),
			"sample_rate": mixer.SampleRate(), "input_volume": mixer.InputVolume(), "output_volume": mixer.OutputVolume(), "muted": mixer.Muted(),
		}
	case strings.HasSuffix(name, "device"):
		return map[string]any{"input_muted": device.InputMuted(), "output_muted": device.OutputMuted()}
	}
	members := []any{}
	for _, port := range bridge.Ports() {
		switch port := port.(type) {
		case *audio.AudioDevice:
			members = append(members, map[bool]string{true: "device", false: "another device"}[port == device])
		case *audio.WavePlayer:
			members = append(members, "player")
		default:
			members = append(members, fmt.Sprintf("%T", port))
		}
	}
	return members
}

// deviceName is a device as settings name it.
func deviceName(name string) any {
	if name == audio.NoDevice {
		return nil
	}
	return name
}
