package audio

import (
	"sync"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Port is the seed's IAudioPort: something with at most one slot to write to
// and one to read from, which a bridge can hold. A port that changes a slot
// posts [AudioPortDidChangeSlots] to the centre of its mixer, with itself as
// sender, after the change.
type Port interface {
	Mixer() *Mixer
	ConsumerSlot() int // where sound for the port is written to, or NoSlot
	ProducerSlot() int // where its sound is read from, or NoSlot
}

// AudioPortDidChangeSlots tells that slots of a port have changed.
type AudioPortDidChangeSlots struct {
	ConsumerSlotChanged bool        `field:"consumer_slot_changed"`
	ProducerSlotChanged bool        `field:"producer_slot_changed"`
	OldConsumerSlot     ChangedSlot `field:"old_consumer_slot,omit"` // these only if the first is true
	NewConsumerSlot     ChangedSlot `field:"new_consumer_slot,omit"`
	OldProducerSlot     ChangedSlot `field:"old_producer_slot,omit"` // these only if the second is true
	NewProducerSlot     ChangedSlot `field:"new_producer_slot,omit"`
}

// NotificationName implements [notification.Data].
func (AudioPortDidChangeSlots) NotificationName() string { return "AudioPortDidChangeSlots" }

// ChangedSlot is a slot in a notification. Its zero value stands for an
// attribute that is not there.
type ChangedSlot struct {
	Slot    int // or NoSlot
	present bool
}

// FieldValue is the slot number, or nil for NoSlot.
func (s ChangedSlot) FieldValue() any {
	if !s.present || s.Slot == NoSlot {
		return nil
	}
	return s.Slot
}

// SlotChange makes the notification of a change, from the slots before and
// after it. It reports false when nothing has changed.
func SlotChange(oldConsumer, newConsumer, oldProducer, newProducer int) (AudioPortDidChangeSlots, bool) {
	var data AudioPortDidChangeSlots
	if oldConsumer != newConsumer {
		data.ConsumerSlotChanged = true
		data.OldConsumerSlot, data.NewConsumerSlot = ChangedSlot{oldConsumer, true}, ChangedSlot{newConsumer, true}
	}
	if oldProducer != newProducer {
		data.ProducerSlotChanged = true
		data.OldProducerSlot, data.NewProducerSlot = ChangedSlot{oldProducer, true}, ChangedSlot{newProducer, true}
	}
	return data, data.ConsumerSlotChanged || data.ProducerSlotChanged
}

// Notifications lists a zero value of every notification of this package.
func Notifications() []notification.Data {
	return []notification.Data{
		AudioPortDidChangeSlots{}, ToneGeneratorDidFinishPlaying{}, WaveFileDidFinishPlaying{},
		WavePlayerDidStart{}, WavePlayerDidEnd{}, WavePlayerDidFail{},
		AudioDevicesDidChange{}, DefaultAudioDeviceDidChange{},
	}
}

func (m *Mixer) post(sender any, data notification.Data) {
	if m.center != nil {
		m.center.Post(sender, data)
	}
}

// AudioDevice is the sound device of a mixer as a port. Muting it concerns the
// bridges that hold it and nobody else.
type AudioDevice struct {
	mixer *Mixer

	mu          sync.Mutex
	inputMuted  bool
	outputMuted bool
}

// NewAudioDevice returns the device of mixer as a port, not muted.
func NewAudioDevice(mixer *Mixer) *AudioDevice { return &AudioDevice{mixer: mixer} }

// Mixer implements [Port].
func (d *AudioDevice) Mixer() *Mixer { return d.mixer }

// ProducerSlot is the microphone's slot, NoSlot while it is muted.
func (d *AudioDevice) ProducerSlot() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return deviceSlot(d.inputMuted)
}

// ConsumerSlot is the loudspeaker's slot, NoSlot while it is muted.
func (d *AudioDevice) ConsumerSlot() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return deviceSlot(d.outputMuted)
}

func deviceSlot(muted bool) int {
	if muted {
		return NoSlot
	}
	return DeviceSlot
}

// InputMuted says whether the microphone is muted here.
func (d *AudioDevice) InputMuted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inputMuted
}

// OutputMuted says whether the loudspeaker is muted here.
func (d *AudioDevice) OutputMuted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.outputMuted
}

// SetInputMuted mutes the microphone. A change is notified.
func (d *AudioDevice) SetInputMuted(muted bool) { d.mute(muted, d.OutputMuted()) }

// SetOutputMuted mutes the loudspeaker. A change is notified.
func (d *AudioDevice) SetOutputMuted(muted bool) { d.mute(d.InputMuted(), muted) }

func (d *AudioDevice) mute(input, output bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	data, changed := SlotChange(deviceSlot(d.outputMuted), deviceSlot(output), deviceSlot(d.inputMuted), deviceSlot(input))
	d.inputMuted, d.outputMuted = input, output
	if changed {
		d.mixer.post(d, data)
	}
}
