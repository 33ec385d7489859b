package scenario

import (
	"slices"
	"strings"
)

// SoundDevice is one of a machine's sound devices: an input and an output under
// one name.
type SoundDevice struct {
	Name      string
	Plays     []float64 // what its microphone hears, Hz; nil = what the party plays
	OpenFails bool      // every time
	Unplugged bool      // at the start
}

// deviceWords are the keys of a device.
var deviceWords = keywords{
	"name":  "what settings call it",
	"plays": "what its microphone hears, instead of what the party plays",
	"open":  "fails: it is there, and cannot be opened",
	"there": "false: it is not plugged in at the start",
}

// adjustable are the attributes that a user interface sets (audio.md 2 and
// 4.2), with whether each is a number of percent.
var adjustable = map[string]bool{
	"voice_audio_mixer.input_volume": true, "voice_audio_mixer.output_volume": true, "voice_audio_mixer.muted": false,
	"voice_audio_device.input_muted": false, "voice_audio_device.output_muted": false,
	"alert_audio_mixer.output_volume": true, "alert_audio_device.output_muted": false,
}

// inputs are notifications that the program posts, not the middleware.
var inputs = []string{"SystemIPAddressDidChange", "SystemDidWakeUpFromSleep"}

// devices reads a list of names, or of maps such as {name: old, open: fails}.
func (c *compiler) devices(n *node) []SoundDevice {
	devices := []SoundDevice{}
	for _, item := range c.list(n, "a list of devices such as [speakers, {name: headset, there: false}]") {
		d, where := c.device(item)
		switch {
		case !partyName.MatchString(d.Name):
			c.r.at(where, "%s is no name for a device: small letters, digits and _", quote(d.Name))
		case d.Name == "system_default" || d.Name == "null":
			c.r.at(where, "%s is a word of the settings and cannot be a device", quote(d.Name))
		case slices.ContainsFunc(devices, func(other SoundDevice) bool { return other.Name == d.Name }):
			c.r.at(where, "the device %s is there already", quote(d.Name))
		default:
			devices = append(devices, d)
		}
	}
	return devices
}

// device reads one, and tells where its name stands.
func (c *compiler) device(n *node) (d SoundDevice, where *node) {
	if n.isScalar() {
		d.Name = c.text(n, "the name of a device")
		return d, n
	}
	where = n
	pairs := c.dict(n, "a name, or a map such as {name: headset, open: fails}")
	c.knownKeys(pairs, "key of a device", names(deviceWords))
	for _, p := range pairs {
		switch p.key.text {
		case "name":
			d.Name, where = c.text(p.value, "the name of a device"), p.value
		case "plays":
			d.Plays = c.tones(p.value)
		case "open":
			d.OpenFails = c.word(p.value, []string{"fails"}) != ""
		case "there":
			d.Unplugged = !c.bool(p.value)
		}
	}
	return d, where
}

// Device finds a device of the party.
func (p *Party) Device(name string) *SoundDevice {
	for i := range p.Devices {
		if p.Devices[i].Name == name {
			return &p.Devices[i]
		}
	}
	return nil
}

// knownDevice reports a device that a party does not have.
func (c *compiler) knownDevice(n *node, p *Party, name string) {
	if p == nil || p.Device(name) != nil {
		return
	}
	if len(p.Devices) == 0 {
		c.r.inside(n, name, "%s has no sound device %s: it has no devices: [%s]", p.Name, quote(name), name)
		return
	}
	var have []string
	for _, d := range p.Devices {
		have = append(have, d.Name)
	}
	c.r.inside(n, name, "%s has no sound device %s%s", p.Name, quote(name), hint(name, have))
}

// soundEnd reads one side of a sentence: a party, or party/device.
func (c *compiler) soundEnd(n *node, written string, hears bool) (party, device string) {
	text, device, named := strings.Cut(strings.TrimSpace(written), "/")
	party = c.soundParty(n, text)
	switch p := c.party(party); {
	case p == nil:
	case named:
		c.knownDevice(n, p, device)
	case hears && p.Devices != nil:
		c.r.inside(n, text, "%s has sound devices of its own: say at which, such as %s/NAME hears", party, party)
	}
	return party, device
}

// deviceArgument checks calls about sound devices and players.
func (c *compiler) deviceArgument(call *Call, n *node) {
	switch call.Name {
	case "plug", "unplug", "prefer":
		for _, s := range call.Subjects {
			c.knownDevice(n, c.party(s.Party), n.text)
		}
	case "play":
		call.Arg = c.waveToPlay(n)
	}
}

// adjustments reads the value of `adjust`: attributes, and numbers or true and
// false.
func (c *compiler) adjustments(n *node) map[string]any {
	changes := map[string]any{}
	pairs := c.dict(n, "a map such as {voice_audio_device.input_muted: true}")
	c.knownKeys(pairs, "attribute that can be adjusted", names(adjustable))
	for _, p := range pairs {
		switch percent, known := adjustable[p.key.text]; {
		case !known:
		case percent:
			changes[p.key.text] = c.number(p.value)
		default:
			changes[p.key.text] = c.bool(p.value)
		}
	}
	return changes
}
