package audio

import "fmt"

// Muted says whether the microphone is muted for everybody.
func (m *Mixer) Muted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.muted
}

// SetMuted mutes the microphone, or restores it with its volume.
func (m *Mixer) SetMuted(muted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.muted = muted
	m.rebuildLocked()
}

// InputVolume is the gain of the microphone in percent.
func (m *Mixer) InputVolume() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.inputVolume
}

// SetInputVolume sets it; a volume above 0 also ends muting. A negative one is
// refused.
func (m *Mixer) SetInputVolume(percent int) error {
	if percent < 0 {
		return fmt.Errorf("input volume %d is negative", percent)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inputVolume = percent
	m.muted = m.muted && percent == 0
	m.rebuildLocked()
	return nil
}

// OutputVolume is the gain of the loudspeaker in percent.
func (m *Mixer) OutputVolume() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.outVolume
}

// SetOutputVolume sets it. A negative one is refused.
func (m *Mixer) SetOutputVolume(percent int) error {
	if percent < 0 {
		return fmt.Errorf("output volume %d is negative", percent)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outVolume = percent
	m.rebuildLocked()
	return nil
}

// SetVolume sets the receive gain of a slot other than the device's, in
// percent: what others hear of it.
func (m *Mixer) SetVolume(slot, percent int) error {
	if percent < 0 {
		return fmt.Errorf("volume %d is negative", percent)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.slots.at(slot)
	if n == nil || slot == DeviceSlot {
		return fmt.Errorf("volume of slot %d: %w", slot, ErrUnknownSlot)
	}
	n.volume = percent
	m.rebuildLocked()
	return nil
}

// unity is the gain that changes nothing.
const unity = 128

// gainOf turns percent into 128ths: 0 is silence, 50 half, 200 double. What lies
// between two of them is the one nearer to unity.
func gainOf(percent int) int32 { return int32(unity + (int64(percent)-100)*unity/100) }

// amplify multiplies a frame by a gain in 128ths, saturating.
func amplify(frame []int16, gain int32) {
	if gain == unity {
		return
	}
	for i, s := range frame {
		frame[i] = saturate64(int64(s) * int64(gain) / unity)
	}
}

func saturate64(v int64) int16 { return int16(max(-32768, min(v, 32767))) }

func saturate(v int32) int16 { return int16(max(-32768, min(v, 32767))) }
