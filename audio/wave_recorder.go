package audio

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// RecordingWaveFile records to a wave file: PCM of 16 bit, mono, at the rate of
// the mixer. What nobody says is recorded as silence, so that the file keeps
// time. The header is right at every instant, also when the process is killed.
type RecordingWaveFile struct {
	mixer    *Mixer
	filename string

	mu      sync.Mutex
	started bool
	slot    int
	waiting []int16
	dropped int // samples, while the disk was too slow

	// The writer: one goroutine from Start to Stop.
	file    *os.File
	wake    chan struct{}
	done    chan struct{}
	spare   []int16
	octets  []byte
	written uint32 // octets of sound
	err     error
}

// How much is collected before it is written, and how much may wait at most.
const (
	writeEvery = FramesPerSecond / 2
	writeLimit = 5 * FramesPerSecond
)

// NewRecordingWaveFile returns a recording that is not started.
func NewRecordingWaveFile(mixer *Mixer, filename string) *RecordingWaveFile {
	return &RecordingWaveFile{mixer: mixer, filename: filename, slot: NoSlot}
}

// Slot is where to write to, NoSlot unless it is recording.
func (f *RecordingWaveFile) Slot() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.slot
}

// IsActive says whether it is recording.
func (f *RecordingWaveFile) IsActive() bool { return f.Slot() != NoSlot }

// Start creates the file, and missing directories, and takes a slot. It works
// once: then the error is [ErrWaveActive]. Others are of the file, or
// [ErrNoSlot].
func (f *RecordingWaveFile) Start() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.started {
		return ErrWaveActive
	}
	file, err := createWave(f.filename, f.mixer.SampleRate())
	if err != nil {
		return err
	}
	size := writeLimit * f.mixer.FrameSize()
	f.waiting, f.spare = make([]int16, 0, size), make([]int16, 0, size)
	slot, err := f.mixer.AddPort(nil, f)
	if err != nil {
		_ = file.Close() // the missing slot is what matters
		return err
	}
	f.started, f.slot, f.file = true, slot, file
	f.wake, f.done = make(chan struct{}, 1), make(chan struct{})
	go f.write(f.wake)
	return nil
}

func createWave(filename string, rate int) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(filename), 0o777); err != nil {
		return nil, err
	}
	file, err := os.Create(filename)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(appendWaveHeader(nil, rate, 0)); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// Stop writes what is left and closes the file. The error is the first of the
// file; what could be written is there. Not recording: nothing happens.
func (f *RecordingWaveFile) Stop() error {
	f.mu.Lock()
	if f.slot == NoSlot {
		f.mu.Unlock()
		return nil
	}
	f.mixer.RemovePort(f.slot)
	f.slot = NoSlot
	close(f.wake)
	f.wake = nil
	f.mu.Unlock()
	<-f.done
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil && f.dropped > 0 {
		f.err = fmt.Errorf("%s: the disk was too slow, %d samples are missing", f.filename, f.dropped)
	}
	return f.err
}

// WriteFrame implements [Sink].
func (f *RecordingWaveFile) WriteFrame(frame []int16) {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := f.mixer.FrameSize()
	if f.wake == nil {
		return
	}
	if len(f.waiting)+size > cap(f.waiting) {
		f.dropped += size
		return
	}
	end := len(f.waiting)
	f.waiting = f.waiting[:end+size]
	if frame == nil {
		clear(f.waiting[end:])
	} else {
		copy(f.waiting[end:], frame)
	}
	if len(f.waiting) >= writeEvery*size {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// write is the goroutine of the writer.
func (f *RecordingWaveFile) write(wake <-chan struct{}) {
	defer close(f.done)
	for range wake {
		f.flush()
	}
	f.flush()
	if err := f.file.Close(); err != nil {
		f.failed(err)
	}
}

// flush writes what is waiting, and then the sizes in the header.
func (f *RecordingWaveFile) flush() {
	f.mu.Lock()
	samples, broken := f.waiting, f.err != nil
	f.waiting, f.spare = f.spare[:0], samples
	f.mu.Unlock()
	if broken || len(samples) == 0 || int64(f.written)+int64(2*len(samples)) > math.MaxUint32-waveHeader {
		return
	}
	f.octets = f.octets[:0]
	for _, s := range samples {
		f.octets = binary.LittleEndian.AppendUint16(f.octets, uint16(s))
	}
	if _, err := f.file.WriteAt(f.octets, waveHeader+int64(f.written)); err != nil {
		f.failed(err)
		return
	}
	f.written += uint32(len(f.octets))
	if _, err := f.file.WriteAt(appendWaveHeader(f.octets[:0], f.mixer.SampleRate(), f.written), 0); err != nil {
		f.failed(err)
	}
}

func (f *RecordingWaveFile) failed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

// WaveRecorder records what is written to it, as a [Port] that only consumes.
type WaveRecorder struct {
	mixer    *Mixer
	filename string

	mu   sync.Mutex
	file *RecordingWaveFile // nil: not recording
}

// NewWaveRecorder returns a recorder that is not started.
func NewWaveRecorder(mixer *Mixer, filename string) *WaveRecorder {
	return &WaveRecorder{mixer: mixer, filename: filename}
}

// Mixer implements [Port].
func (r *WaveRecorder) Mixer() *Mixer { return r.mixer }

// ProducerSlot implements [Port]: there is none.
func (*WaveRecorder) ProducerSlot() int { return NoSlot }

// ConsumerSlot implements [Port]: NoSlot unless it is recording.
func (r *WaveRecorder) ConsumerSlot() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slotLocked()
}

func (r *WaveRecorder) slotLocked() int {
	if r.file == nil {
		return NoSlot
	}
	return r.file.Slot()
}

// IsActive says whether it is recording.
func (r *WaveRecorder) IsActive() bool { return r.ConsumerSlot() != NoSlot }

// Start creates the file anew, with missing directories. The error is
// [ErrWaveActive] while recording, that of the file, or [ErrNoSlot].
func (r *WaveRecorder) Start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slotLocked() != NoSlot {
		return ErrWaveActive
	}
	file := NewRecordingWaveFile(r.mixer, r.filename)
	if err := file.Start(); err != nil {
		return err
	}
	r.file = file
	data, _ := SlotChange(NoSlot, file.Slot(), NoSlot, NoSlot)
	r.mixer.post(r, data)
	return nil
}

// Stop ends the recording; the file is complete when it returns. The error is
// that of [RecordingWaveFile.Stop].
func (r *WaveRecorder) Stop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	slot := r.slotLocked()
	if slot == NoSlot {
		return nil
	}
	err := r.file.Stop()
	r.file = nil
	data, _ := SlotChange(slot, NoSlot, NoSlot, NoSlot)
	r.mixer.post(r, data)
	return err
}
