package audio_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// waveFile writes a file by hand: octets of sound with a format in front.
func waveFile(t testing.TB, encoding, channels, rate, bits int, sound []byte) string {
	t.Helper()
	var b bytes.Buffer
	block := channels * bits / 8
	b.WriteString("RIFF")
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(40+len(sound))))
	b.WriteString("WAVELIST\x03\x00\x00\x00abc\x00fmt ") // a chunk of odd size in front
	for _, v := range []any{uint32(16), uint16(encoding), uint16(channels), uint32(rate), uint32(rate * block), uint16(block), uint16(bits)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(sound))))
	b.Write(sound)
	name := filepath.Join(t.TempDir(), "sound.wav")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func ramp(n int) ([]int16, []byte) {
	samples, octets := make([]int16, n), []byte(nil)
	for i := range samples {
		samples[i] = int16(i*37 + 1)
		octets = binary.LittleEndian.AppendUint16(octets, uint16(samples[i]))
	}
	return samples, octets
}

// watcher logs what is posted, without the device's own.
type watcher struct {
	mu  sync.Mutex
	log []string
}

func (w *watcher) center() *notification.Center {
	center := notification.NewCenter(nil)
	center.AddObserver(notification.ObserverFunc(func(n notification.Notification) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.log = append(w.log, n.Name)
	}))
	return center
}

func (w *watcher) take(center *notification.Center) []string {
	_ = center.Flush(context.Background())
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log
	w.log = nil
	return log
}

// TestWavePlayer is P28: three loops with pauses, bit-exact, and what is posted.
func TestWavePlayer(t *testing.T) {
	samples, octets := ramp(3 * 8000)
	name := waveFile(t, 1, 1, 8000, 16, octets)
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		center := w.center()
		m, err := audio.NewMixer(audio.MixerConfig{Center: center})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		bridge := audio.NewAudioBridge(m)
		defer bridge.Stop()
		listener := &sink{mixer: m}
		listener.slot, err = m.AddPort(nil, listener)
		if err != nil {
			t.Fatal(err)
		}
		player := audio.NewWavePlayer(m, name, audio.WavePlayerOptions{Loops: 3, Pause: time.Second})
		for _, port := range []audio.Port{listener, player} {
			if err := bridge.Add(port); err != nil {
				t.Fatal(err)
			}
		}
		begin := time.Now()
		if err := player.Play(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin) - 11*time.Second; took.Abs() > 60*time.Millisecond {
			t.Errorf("it took %v more than 11 s", took)
		}
		slots := "AudioPortDidChangeSlots"
		want := []string{"WavePlayerDidStart", slots, slots, slots, slots, slots, slots, "WavePlayerDidEnd"}
		if got := w.take(center); !slices.Equal(got, want) {
			t.Errorf("posted %v", got)
		}
		_ = m.Close() // no more ticks
		if want := slices.Concat(samples, samples, samples); !slices.Equal(listener.heard, want) {
			t.Errorf("heard %d samples, not the file three times", len(listener.heard))
		}
		if player.IsActive() || player.ProducerSlot() != audio.NoSlot {
			t.Error("it is still active")
		}
	})
}

// TestWavePlayerOptions: the pause may come first, and the volume is that of the option.
func TestWavePlayerOptions(t *testing.T) {
	samples, octets := ramp(8000)
	name := waveFile(t, 1, 1, 8000, 16, octets)
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		m, err := audio.NewMixer(audio.MixerConfig{Center: w.center()})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		listener := &sink{mixer: m}
		listener.slot, err = m.AddPort(nil, listener)
		if err != nil {
			t.Fatal(err)
		}
		player := audio.NewWavePlayer(m, name, audio.WavePlayerOptions{Volume: 50, Pause: time.Second, PauseFirst: true})
		bridge := audio.NewAudioBridge(m)
		defer bridge.Stop()
		add(t, bridge, listener, player)
		begin := time.Now()
		if err := player.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(990 * time.Millisecond)
		if player.ProducerSlot() != audio.NoSlot || !player.IsActive() {
			t.Error("it plays before the pause is over")
		}
		for player.IsActive() && time.Since(begin) < 5*time.Second {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(begin) - 2*time.Second; took.Abs() > 60*time.Millisecond {
			t.Errorf("it took %v more than 2 s", took)
		}
		_ = m.Close()
		if len(listener.heard) != len(samples) {
			t.Fatalf("heard %d samples, want %d", len(listener.heard), len(samples))
		}
		for i, s := range listener.heard {
			if want := samples[i] / 2; s != want {
				t.Fatalf("sample %d is %d, want %d", i, s, want)
			}
		}
	})
}

// TestWavePlayerEndsWithMixer: a mixer that closes ends what plays and what
// pauses, and waits for its last word; then nothing starts.
func TestWavePlayerEndsWithMixer(t *testing.T) {
	_, octets := ramp(3 * 8000)
	name := waveFile(t, 1, 1, 8000, 16, octets)
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		center := w.center()
		m, err := audio.NewMixer(audio.MixerConfig{Center: center})
		if err != nil {
			t.Fatal(err)
		}
		plays := audio.NewWavePlayer(m, name, audio.WavePlayerOptions{Loops: -1})
		pauses := audio.NewWavePlayer(m, name, audio.WavePlayerOptions{Pause: time.Hour, PauseFirst: true})
		for _, player := range []*audio.WavePlayer{plays, pauses} {
			if err := player.Start(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		_ = m.Close()
		if plays.IsActive() || pauses.IsActive() {
			t.Error("a player outlives its mixer")
		}
		got := w.take(center)
		if ends := len(slices.DeleteFunc(got, func(name string) bool { return name != "WavePlayerDidEnd" })); ends != 2 {
			t.Errorf("%d ends, want 2", ends)
		}
		if err := plays.Start(); err == nil {
			t.Error("a player starts on a closed mixer")
		}
	})
}

// sink keeps all frames that are not silence.
type sink struct {
	mixer *audio.Mixer
	slot  int
	heard []int16
}

func (s *sink) Mixer() *audio.Mixer      { return s.mixer }
func (s *sink) ConsumerSlot() int        { return s.slot }
func (*sink) ProducerSlot() int          { return audio.NoSlot }
func (s *sink) WriteFrame(frame []int16) { s.heard = append(s.heard, frame...) }

// TestWavePlayerStops: in a loop, in a pause, before the first loop.
func TestWavePlayerStops(t *testing.T) {
	_, octets := ramp(8000)
	name := waveFile(t, 1, 1, 8000, 16, octets)
	for _, after := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 2500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var w watcher
			center := w.center()
			m, err := audio.NewMixer(audio.MixerConfig{Center: center})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			player := audio.NewWavePlayer(m, name, audio.WavePlayerOptions{Loops: -1, Pause: time.Second, PauseFirst: true})
			bridge := audio.NewAudioBridge(m)
			defer bridge.Stop()
			for _, port := range []audio.Port{audio.NewAudioDevice(m), player} {
				if err := bridge.Add(port); err != nil {
					t.Fatal(err)
				}
			}
			if err := player.Start(); err != nil {
				t.Fatal(err)
			}
			if err := player.Start(); !errors.Is(err, audio.ErrPlaying) {
				t.Errorf("started twice: %v", err)
			}
			time.Sleep(after)
			player.Stop()
			player.Stop()
			synctest.Wait()
			log := w.take(center)
			if log[len(log)-1] != "WavePlayerDidEnd" || player.IsActive() || len(m.Connections()) != 0 {
				t.Errorf("stopped after %v: %v, connections %v", after, log, m.Connections())
			}
			player.Stop()
		})
	}
}

// TestWaveFormats: every encoding, stereo and other rates give the same tone.
func TestWaveFormats(t *testing.T) {
	muLaw, _ := audio.LookupCodec("PCMU", 0)
	aLaw, _ := audio.LookupCodec("PCMA", 0)
	tone := func(rate int) []int16 {
		samples := make([]int16, rate)
		for i := range samples {
			samples[i] = int16(10000 * math.Sin(2*math.Pi*440*float64(i)/float64(rate)))
		}
		return samples
	}
	pcm := func(samples []int16, channels int) []byte {
		var b []byte
		for _, s := range samples {
			for range channels {
				b = binary.LittleEndian.AppendUint16(b, uint16(s))
			}
		}
		return b
	}
	for _, test := range []struct {
		encoding, channels, rate, bits int
		sound                          []byte
	}{
		{1, 1, 8000, 16, pcm(tone(8000), 1)},
		{1, 2, 8000, 16, pcm(tone(8000), 2)},
		{1, 2, 44100, 16, pcm(tone(44100), 2)},
		{1, 1, 11025, 16, pcm(tone(11025), 1)},
		{6, 1, 8000, 8, aLaw.NewEncoder().Encode(nil, tone(8000))},
		{7, 1, 8000, 8, muLaw.NewEncoder().Encode(nil, tone(8000))},
	} {
		b, m := newBench(t)
		file := audio.NewWaveFile(m, waveFile(t, test.encoding, test.channels, test.rate, test.bits, test.sound))
		if err := file.Start(); err != nil {
			t.Fatal(err)
		}
		if err := file.Start(); !errors.Is(err, audio.ErrWaveActive) {
			t.Errorf("started twice: %v", err)
		}
		if err := m.Connect(file.ProducerSlot(), audio.DeviceSlot); err != nil {
			t.Fatal(err)
		}
		var heard []int16
		for range 60 {
			b.tick()
			heard = append(heard, b.out...)
		}
		power := 0.0
		for _, s := range heard[800:7200] {
			power += float64(s) * float64(s)
		}
		if rms := math.Sqrt(power / 6400); math.Abs(rms-7071) > 40 {
			t.Errorf("encoding %d, %d channels, %d Hz: %.0f, want 7071", test.encoding, test.channels, test.rate, rms)
		}
		if file.IsActive() {
			t.Error("it does not end")
		}
	}
}

// TestNoWave: files that are none are refused, whatever is wrong with them.
func TestNoWave(t *testing.T) {
	_, octets := ramp(100)
	good, err := os.ReadFile(waveFile(t, 1, 1, 8000, 16, octets))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(content []byte) string {
		name := filepath.Join(dir, "x.wav")
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	_, m := newBench(t)
	bad := []string{filepath.Join(dir, "missing.wav"), dir, write(nil)}
	for _, name := range bad {
		if err := audio.NewWaveFile(m, name).Start(); err == nil {
			t.Errorf("%s plays", name)
		}
	}
	for _, format := range [][4]int{{2, 1, 8000, 16}, {1, 3, 8000, 16}, {1, 0, 8000, 16}, {1, 1, 0, 16}, {1, 1, 8000, 24}, {7, 1, 8000, 16}, {1, 1, 1 << 30, 16}} {
		if err := audio.NewWaveFile(m, waveFile(t, format[0], format[1], format[2], format[3], octets)).Start(); !errors.Is(err, audio.ErrNotWave) {
			t.Errorf("format %v: %v", format, err)
		}
	}
	for cut := range good[:56] {
		if err := audio.NewWaveFile(m, write(good[:cut])).Start(); !errors.Is(err, audio.ErrNotWave) {
			t.Errorf("cut after %d octets: %v", cut, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		center := w.center()
		m, err := audio.NewMixer(audio.MixerConfig{Center: center})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		player := audio.NewWavePlayer(m, write([]byte("RIFF")), audio.WavePlayerOptions{})
		if err := player.Play(); !errors.Is(err, audio.ErrNotWave) {
			t.Errorf("Play: %v", err)
		}
		if got := w.take(center); !slices.Equal(got, []string{"WavePlayerDidFail"}) {
			t.Errorf("posted %v", got)
		}
	})
}

// TestRecorder: what is said is recorded as a sum, silence keeps time, and the
// file is right at any time.
func TestRecorder(t *testing.T) {
	name := filepath.Join(t.TempDir(), "new", "directory", "call.wav")
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		center := w.center()
		m, err := audio.NewMixer(audio.MixerConfig{Center: center})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		recorder, generator := audio.NewWaveRecorder(m, name), audio.NewToneGenerator(m)
		bridge := audio.NewAudioBridge(m)
		defer bridge.Stop()
		for _, port := range []audio.Port{recorder, generator} {
			if err := bridge.Add(port); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(recorder.Start(), generator.Start()); err != nil {
			t.Fatal(err)
		}
		if err := recorder.Start(); !errors.Is(err, audio.ErrWaveActive) {
			t.Errorf("started twice: %v", err)
		}
		time.Sleep(4 * time.Second)
		if err := generator.PlayTones(audio.Tone{F1: 440, Duration: 2 * time.Second}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		if size := recordedSize(t, name); size < 9*16000 {
			t.Errorf("after 10 s the header tells of %d octets", size)
		}
		if err := recorder.Stop(); err != nil {
			t.Error(err)
		}
		if err := recorder.Stop(); err != nil {
			t.Error(err)
		}
		size := recordedSize(t, name)
		if d := time.Duration(size-160000) * time.Second / 16000; d.Abs() > 40*time.Millisecond {
			t.Errorf("%d octets were recorded in 10 s", size)
		}
		content, err := os.ReadFile(name)
		if err != nil || len(content) != 44+size {
			t.Fatalf("the file has %d octets (%v)", len(content), err)
		}
		loud := 0
		for i := 44; i < len(content); i += 2 {
			if v := int16(binary.LittleEndian.Uint16(content[i:])); v > 1000 || v < -1000 {
				loud++
			}
		}
		if loud < 13000 || loud > 16000 {
			t.Errorf("%d loud samples of 16000", loud)
		}
		if got := w.take(center); len(got) != 4 { // slots of recorder and generator, the end of the tone, slots
			t.Errorf("posted %v", got)
		}
	})
}

// recordedSize is what the header says.
func recordedSize(t *testing.T, name string) int {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil || len(content) < 44 {
		t.Fatalf("%d octets (%v)", len(content), err)
	}
	riff, data := binary.LittleEndian.Uint32(content[4:]), binary.LittleEndian.Uint32(content[40:])
	if riff != data+36 || string(content[:4]) != "RIFF" || string(content[36:40]) != "data" {
		t.Errorf("header % x", content[:44])
	}
	return int(data)
}

// TestRecorderOfBadPlaces: the error is that of the file, nothing is left.
func TestRecorderOfBadPlaces(t *testing.T) {
	_, m := newBench(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{dir, filepath.Join(dir, "plain", "x.wav"), ""} {
		if err := audio.NewWaveRecorder(m, name).Start(); err == nil {
			t.Errorf("%q can be recorded to", name)
		}
	}
	if n := m.UsedSlotCount(); n != 0 {
		t.Errorf("%d slots are left", n)
	}
}

// TestWaveSamples: what is written is read, here and by sox.
func TestWaveSamples(t *testing.T) {
	samples, sound := ramp(1000)
	name := filepath.Join(t.TempDir(), "x.wav")
	if err := audio.WriteWaveFile(name, samples, 16000); err != nil {
		t.Fatal(err)
	}
	got, rate, err := audio.ReadWaveFile(name)
	if err != nil || rate != 16000 || !slices.Equal(got, samples) {
		t.Errorf("read %d samples at %d Hz (%v)", len(got), rate, err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got, rate, err = audio.DecodeWave(content); err != nil || rate != 16000 || !slices.Equal(got, samples) {
		t.Errorf("decoded %d samples at %d Hz (%v)", len(got), rate, err)
	}
	if _, _, err := audio.DecodeWave(content[4:]); !errors.Is(err, audio.ErrNotWave) {
		t.Errorf("without RIFF: %v", err)
	}
	if theirs := referee(t, content, "sox", "-t", "wav", "IN", "-t", "s16", "OUT"); !bytes.Equal(theirs, sound) {
		t.Error("sox reads something else")
	}
}
