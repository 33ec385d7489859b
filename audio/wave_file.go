package audio

import (
	"errors"
	"sync"
)

// ErrWaveActive is returned by Start of a file that is being played or recorded,
// or was recorded before.
var ErrWaveActive = errors.New("wave file is started already")

// WaveFileDidFinishPlaying tells that a [WaveFile] has come to its end or was
// stopped.
type WaveFileDidFinishPlaying struct{}

// NotificationName implements [notification.Data].
func (WaveFileDidFinishPlaying) NotificationName() string { return "WaveFileDidFinishPlaying" }

// WaveFile plays a wave file once (see [WavePlayer] for more). It is a [Port]
// that only produces. The file is PCM of 16 bit or A-law or µ-law of 8 bit, mono
// or stereo, of any rate. It goes on only while somebody listens.
type WaveFile struct {
	mixer    *Mixer
	filename string

	mu       sync.Mutex
	volume   int
	slot     int
	finished func() // instead of notifications, called once with the lock held
	lastSlot int    // written by the owner of finished

	// Used on the tick, or while there is no slot.
	sound     *wave
	resampler *Resampler // nil if the rates are equal
	chunk     []int16
	waiting   []int16
	over      bool
}

// NewWaveFile returns a file that is not started. It is opened by Start.
func NewWaveFile(mixer *Mixer, filename string) *WaveFile {
	return &WaveFile{mixer: mixer, filename: filename, volume: 100, slot: NoSlot}
}

// Mixer implements [Port].
func (f *WaveFile) Mixer() *Mixer { return f.mixer }

// ConsumerSlot implements [Port]: there is none.
func (*WaveFile) ConsumerSlot() int { return NoSlot }

// ProducerSlot implements [Port]: NoSlot unless it is playing.
func (f *WaveFile) ProducerSlot() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.slot
}

// IsActive says whether it is playing.
func (f *WaveFile) IsActive() bool { return f.ProducerSlot() != NoSlot }

// SetVolume sets the volume in percent, at once.
func (f *WaveFile) SetVolume(percent int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.slot != NoSlot {
		if err := f.mixer.SetVolume(f.slot, percent); err != nil {
			return err
		}
	}
	f.volume = percent
	return nil
}

// Start plays the file from its beginning. The error is [ErrWaveActive],
// [ErrNoSlot], that of the file, or wraps [ErrNotWave].
func (f *WaveFile) Start() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.slot != NoSlot {
		return ErrWaveActive
	}
	sound, err := readWave(f.filename)
	if err != nil {
		return err
	}
	return f.playLocked(sound)
}

func (f *WaveFile) playLocked(sound *wave) error {
	sound.at = 0
	f.sound, f.over, f.resampler = sound, false, nil
	f.waiting = make([]int16, 0, 4*f.mixer.FrameSize())
	f.chunk = make([]int16, 0, sound.rate/FramesPerSecond)
	if sound.rate != f.mixer.SampleRate() {
		f.resampler = NewResampler(sound.rate, f.mixer.SampleRate())
	}
	slot, err := f.mixer.AddPort(source{f}, nil)
	if err != nil {
		return err
	}
	_ = f.mixer.SetVolume(slot, f.volume) // the slot is there, and the volume was checked
	f.setSlotLocked(slot)
	return nil
}

// Stop ends playing. Not playing: nothing happens.
func (f *WaveFile) Stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.slot == NoSlot {
		return
	}
	f.mixer.RemovePort(f.slot)
	f.setSlotLocked(NoSlot)
	if f.finished == nil {
		f.mixer.post(f, WaveFileDidFinishPlaying{})
	}
}

func (f *WaveFile) setSlotLocked(slot int) {
	data, _ := SlotChange(NoSlot, NoSlot, f.slot, slot)
	f.slot = slot
	if f.finished == nil {
		f.mixer.post(f, data)
	}
}

// source is the tick's view of a file.
type source struct{ file *WaveFile }

// ReadFrame implements [Source]. A tick after the last one ends the file.
func (s source) ReadFrame(frame []int16) bool {
	f := s.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over || f.slot == NoSlot {
		return false
	}
	for len(f.waiting) < len(frame) && f.moreLocked() {
	}
	n := copy(frame, f.waiting)
	clear(frame[n:])
	f.waiting = f.waiting[:copy(f.waiting, f.waiting[n:])]
	if len(f.waiting) == 0 && f.sound.at >= len(f.sound.data) {
		f.over = true
		f.endLocked()
	}
	return n > 0
}

// moreLocked reads on; false at the end of the file.
func (f *WaveFile) moreLocked() bool {
	f.chunk = f.sound.read(f.chunk[:0], cap(f.chunk))
	if f.resampler == nil {
		f.waiting = append(f.waiting, f.chunk...)
	} else {
		f.waiting = f.resampler.Resample(f.waiting, f.chunk)
	}
	return len(f.chunk) > 0
}

// endLocked gives the slot back from the tick itself, which still hears the last
// frame.
func (f *WaveFile) endLocked() {
	if f.finished != nil {
		f.finished()
		return
	}
	f.mixer.RemovePort(f.slot)
	f.setSlotLocked(NoSlot)
	f.mixer.post(f, WaveFileDidFinishPlaying{})
}
