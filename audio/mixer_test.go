package audio_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/audio"
)

// bench is a device that ticks when the test says so.
type bench struct {
	process func(in, out []int16)
	in, out []int16
	paused  bool
}

func (*bench) Name() string { return "bench" }
func (b *bench) Open(rate int, process func(in, out []int16)) error {
	b.process, b.in, b.out = process, make([]int16, rate/50), make([]int16, rate/50)
	return nil
}
func (*bench) Close() error { return nil }
func (b *bench) Pause()     { b.paused = true }
func (b *bench) Resume()    { b.paused = false }

func (b *bench) tick() { b.process(b.in, b.out) }

func newBench(t testing.TB) (*bench, *audio.Mixer) {
	t.Helper()
	b := &bench{}
	m, err := audio.NewMixer(audio.MixerConfig{Device: b})
	if err != nil {
		t.Fatal(err)
	}
	return b, m
}

// end is a port that speaks a frame and remembers what it hears.
type end struct {
	mixer *audio.Mixer
	slot  int
	says  []int16 // nil: silence
	heard []int16
	quiet bool // it heard silence in the last tick
}

func newEnd(t testing.TB, m *audio.Mixer, says []int16) *end {
	t.Helper()
	e := &end{mixer: m, says: says, heard: make([]int16, m.FrameSize())}
	slot, err := m.AddPort(e, e)
	if err != nil {
		t.Fatal(err)
	}
	e.slot = slot
	return e
}

func (e *end) Mixer() *audio.Mixer { return e.mixer }
func (e *end) ConsumerSlot() int   { return e.slot }
func (e *end) ProducerSlot() int   { return e.slot }
func (e *end) ReadFrame(frame []int16) bool {
	copy(frame, e.says)
	return e.says != nil
}
func (e *end) WriteFrame(frame []int16) {
	e.quiet = frame == nil
	clear(e.heard)
	copy(e.heard, frame)
}

func constant(v int16) []int16 {
	frame := make([]int16, 160)
	for i := range frame {
		frame[i] = v
	}
	return frame
}

// TestSum is P10: each hears the exact sum of the others (row X9).
func TestSum(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := 2; n <= 16; n++ {
		device, mixer := newBench(t)
		bridge := audio.NewAudioBridge(mixer)
		var ends []*end
		total := make([]int, 160)
		for range n {
			noise := make([]int16, 160)
			for i := range noise {
				noise[i] = int16(random.IntN(4001) - 2000)
				total[i] += int(noise[i])
			}
			e := newEnd(t, mixer, noise)
			ends = append(ends, e)
			if err := bridge.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		device.tick()
		for k, e := range ends {
			for i := range total {
				if int(e.heard[i]) != total[i]-int(e.says[i]) {
					t.Fatalf("%d ports: port %d hears %d at %d, want %d", n, k, e.heard[i], i, total[i]-int(e.says[i]))
				}
			}
		}
	}
}

// TestOverload is P11: the sum saturates, whatever the order of the parts.
func TestOverload(t *testing.T) {
	device, mixer := newBench(t)
	bridge := audio.NewAudioBridge(mixer)
	listener := newEnd(t, mixer, nil)
	for _, v := range []int16{20000, 20000, -30000, 20000} {
		if err := bridge.Add(newEnd(t, mixer, constant(v))); err != nil {
			t.Fatal(err)
		}
	}
	if err := bridge.Add(listener); err != nil {
		t.Fatal(err)
	}
	device.tick()
	if listener.heard[0] != 30000 {
		t.Errorf("an intermediate sum was saturated: %d", listener.heard[0])
	}
	if err := bridge.Add(newEnd(t, mixer, constant(20000))); err != nil {
		t.Fatal(err)
	}
	device.tick()
	if listener.heard[0] != 32767 {
		t.Errorf("sum 50000 is heard as %d", listener.heard[0])
	}
}

// TestVolume is P15.
func TestVolume(t *testing.T) {
	device, mixer := newBench(t)
	speaker, listener := newEnd(t, mixer, constant(10000)), newEnd(t, mixer, nil)
	if err := mixer.Connect(speaker.slot, listener.slot); err != nil {
		t.Fatal(err)
	}
	for percent, want := range map[int]int16{0: 0, 1: 156, 33: 3359, 50: 5000, 100: 10000, 133: 13281, 200: 20000, 400: 32767} {
		if err := mixer.SetVolume(speaker.slot, percent); err != nil {
			t.Fatal(err)
		}
		device.tick()
		if listener.heard[0] != want {
			t.Errorf("%d %%: %d, want %d", percent, listener.heard[0], want)
		}
	}
	if mixer.SetVolume(speaker.slot, -1) == nil || mixer.SetInputVolume(-1) == nil || mixer.SetOutputVolume(-1) == nil {
		t.Error("a negative volume is accepted")
	}
	if err := mixer.SetVolume(99, 100); !errors.Is(err, audio.ErrUnknownSlot) {
		t.Errorf("unknown slot: %v", err)
	}
}

// TestMicrophone: what is captured reaches a port, unless muted.
func TestMicrophone(t *testing.T) {
	device, mixer := newBench(t)
	port := newEnd(t, mixer, constant(7))
	bridge := audio.NewAudioBridge(mixer)
	for _, p := range []audio.Port{audio.NewAudioDevice(mixer), port} {
		if err := bridge.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	copy(device.in, constant(1000))
	device.tick()
	if port.heard[5] != 1000 || device.out[5] != 7 {
		t.Errorf("port hears %d, loudspeaker %d", port.heard[5], device.out[5])
	}
	mixer.SetMuted(true)
	device.tick()
	if !port.quiet || device.out[5] != 7 || !mixer.Muted() {
		t.Errorf("muted: port hears %d, loudspeaker %d", port.heard[5], device.out[5])
	}
	if err := mixer.SetInputVolume(50); err != nil {
		t.Fatal(err)
	}
	if err := mixer.SetOutputVolume(200); err != nil {
		t.Fatal(err)
	}
	device.tick()
	if port.heard[5] != 500 || device.out[5] != 14 {
		t.Errorf("volumes 50 and 200: port hears %d, loudspeaker %d", port.heard[5], device.out[5])
	}
	port.says = nil
	device.tick()
	if device.out[5] != 0 {
		t.Errorf("the loudspeaker repeats %d", device.out[5])
	}
}

// TestSlots: numbers are not reused at once, and are given up for good ports.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, mixer := newBench(t)
		if !device.paused {
			t.Error("a mixer without ports does not let the device rest")
		}
		a := newEnd(t, mixer, nil)
		if device.paused {
			t.Error("the device rests although there is a port")
		}
		mixer.RemovePort(a.slot)
		if b := newEnd(t, mixer, nil); b.slot == a.slot {
			t.Error("a slot is reused at once")
		}
		time.Sleep(time.Second)
		if c := newEnd(t, mixer, nil); c.slot != a.slot {
			t.Errorf("slot %d is not reused, got %d", a.slot, c.slot)
		}
		var err error
		for range 300 {
			_, err = mixer.AddPort(a, nil)
		}
		if !errors.Is(err, audio.ErrNoSlot) {
			t.Errorf("after 254 ports: %v", err)
		}
		if err := mixer.Connect(1, 999); !errors.Is(err, audio.ErrUnknownSlot) {
			t.Errorf("connecting an unknown slot: %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	for _, rate := range []int{-8000, 8001} {
		if _, err := audio.NewMixer(audio.MixerConfig{SampleRate: rate}); err == nil {
			t.Errorf("sample rate %d is accepted", rate)
		}
	}
	if _, err := audio.NewMixer(audio.MixerConfig{Tail: -time.Millisecond}); err == nil {
		t.Error("a negative echo tail is accepted")
	}
	_, mixer := newBench(t)
	if err := mixer.SetSoundDevices("bench", "bench", -time.Millisecond); err == nil || mixer.RealInputDevice() != "bench" {
		t.Errorf("a negative echo tail: %v, input %q", err, mixer.RealInputDevice())
	}
}

// TestNullDevice ticks without drift, and not at all while paused or closed.
func TestNullDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := audio.NewNullDevice()
		var ticks atomic.Int64
		process := func(in, out []int16) {
			if len(in) != 160 || len(out) != 160 {
				t.Errorf("frames of %d and %d samples", len(in), len(out))
			}
			ticks.Add(1)
		}
		if err := device.Open(8000, process); err != nil {
			t.Fatal(err)
		}
		if err := device.Open(8000, process); !errors.Is(err, audio.ErrDeviceOpen) {
			t.Errorf("opened twice: %v", err)
		}
		expect := func(d time.Duration, want int64) {
			t.Helper()
			ticks.Store(0)
			time.Sleep(d)
			if got := ticks.Load(); got != want {
				t.Errorf("%d ticks in %v, want %d", got, d, want)
			}
		}
		expect(time.Hour, 180000)
		device.Pause()
		device.Pause()
		expect(time.Second, 0)
		device.Resume()
		expect(time.Second, 50)
		if err := device.Close(); err != nil {
			t.Fatal(err)
		}
		expect(time.Second, 0)
		if err := device.Open(8000, process); err != nil {
			t.Fatal(err)
		}
		expect(time.Second, 50)
		_ = device.Close()
		_ = device.Close()
	})
}

// TestTickAllocatesNothing is P35's other half.
func TestTickAllocatesNothing(t *testing.T) {
	device := fullBridge(t, 20)
	if n := testing.AllocsPerRun(100, device.tick); n != 0 {
		t.Errorf("%v allocations in a tick", n)
	}
}

// A change of connections uses what the one before has left: of a mixer with many
// ports it would be much garbage. What a tick is at work on is left to it.
func TestChangesReuseMemory(t *testing.T) {
	device, m := newBench(t)
	amid := func() {}
	busy, err := m.AddPort(sourceFunc(func([]int16) bool { amid(); return false }), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := newEnd(t, m, []int16{1}), newEnd(t, m, nil) // read after the busy one
	connect := func() {
		if err := m.Connect(b.slot, a.slot); err != nil {
			t.Fatal(err)
		}
	}
	change := func() {
		connect()
		m.Disconnect(b.slot, a.slot)
	}
	if err := errors.Join(m.Connect(busy, b.slot), m.Connect(a.slot, b.slot)); err != nil {
		t.Fatal(err)
	}
	change()
	if n := testing.AllocsPerRun(100, change); n > 0 {
		t.Errorf("a change allocates %v times", n)
	}
	amid = connect
	device.tick()
	if b.heard[0] != 1 {
		t.Errorf("a change in the middle of a tick: the port heard %d, want 1", b.heard[0])
	}
}

type sourceFunc func(frame []int16) bool

func (f sourceFunc) ReadFrame(frame []int16) bool { return f(frame) }

func fullBridge(t testing.TB, n int) *bench {
	device, mixer := newBench(t)
	bridge := audio.NewAudioBridge(mixer)
	if err := bridge.Add(audio.NewAudioDevice(mixer)); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := bridge.Add(newEnd(t, mixer, sine(300+20*float64(i), 8000, 300, 160))); err != nil {
			t.Fatal(err)
		}
	}
	return device
}

func BenchmarkTick(b *testing.B) {
	for _, n := range []int{1, 100} {
		device := fullBridge(b, n)
		b.Run(map[int]string{1: "one port", 100: "100 ports"}[n], func(b *testing.B) {
			for b.Loop() {
				device.tick()
			}
		})
	}
}

// TestToneGenerator is P27: all keys, 200 ms of their tones and nothing else, 50 ms of pause, the end told in the tick after.
func TestToneGenerator(t *testing.T) {
	device, mixer := newBench(t)
	g := audio.NewToneGenerator(mixer)
	if err := g.PlayDTMF('5'); !errors.Is(err, audio.ErrNotStarted) {
		t.Errorf("not started: %v", err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	defer g.Stop()
	bridge := audio.NewAudioBridge(mixer)
	listener := newEnd(t, mixer, nil)
	for _, p := range []audio.Port{g, listener} {
		if err := bridge.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	if g.PlayDTMF('x') == nil {
		t.Error("x is taken for a digit")
	}
	for _, key := range "0123456789*#ABCD" {
		if err := g.PlayDTMF(key); err != nil {
			t.Fatal(err)
		}
		row, column, _ := audio.DTMFFrequencies(key)
		var heard []int16
		for g.IsBusy() {
			device.tick()
			heard = append(heard, listener.heard...)
		}
		if len(heard) != 13*160 {
			t.Errorf("%c lasts %d ms, want 260", key, len(heard)/8)
		}
		tones, all := 0.0, 0.0
		for _, f := range []float64{row, column} {
			a := amplitude(heard[160:1440], f)
			if math.Abs(a-6144) > 300 {
				t.Errorf("%c: %v Hz has amplitude %.0f", key, f, a)
			}
			tones += a * a / 2
		}
		for _, v := range heard[160:1440] {
			all += float64(v) * float64(v) / 1280
		}
		if rest := math.Abs(all - tones); rest > tones/100 {
			t.Errorf("%c: what is not its tones is at %.1f dB", key, 10*math.Log10(rest/tones))
		}
	}
	if err := g.PlayTones(make([]audio.Tone, 33)...); !errors.Is(err, audio.ErrTooManyTones) {
		t.Errorf("33 tones: %v", err)
	}
}

// amplitude is the strength of a frequency (a single Fourier coefficient).
func amplitude(samples []int16, hz float64) float64 {
	var c, s float64
	for i, v := range samples {
		x := 2 * math.Pi * hz * float64(i) / 8000
		c, s = c+float64(v)*math.Cos(x), s+float64(v)*math.Sin(x)
	}
	return 2 * math.Hypot(c, s) / float64(len(samples))
}
