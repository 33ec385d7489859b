package audio

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// DeviceSlot is the slot of the sound device: its source is what is captured,
// its sink what is played.
const DeviceSlot = 0

// Errors of slots.
var (
	ErrUnknownSlot = errors.New("unknown slot")
	ErrNoSlot      = errors.New("no free slot in the mixer")
)

// MixerConfig describes a mixer.
type MixerConfig struct {
	Device     Device // nil: that of the driver
	Driver     Driver // where devices come from; nil: Device is all there is
	Input      string // of the driver: a name, SystemDefault or NoDevice
	Output     string
	Tail       time.Duration        // of echo, at least 0
	SampleRate int                  // Hz, a multiple of 50; 0: 8000, the rate of G.711
	SlotCount  int                  // slots besides that of the device; 0: 254
	Center     *notification.Center // where ports of this mixer post; nil: nowhere
	Logger     *slog.Logger         // nil: slog.Default()
}

// Mixer joins sources and sinks of sound. All methods may be called from any
// goroutine and return at once; changes are in force from the next tick.
type Mixer struct {
	driver    Driver
	rate      int
	slotCount int
	center    *notification.Center
	log       *slog.Logger

	graph   atomic.Pointer[graph] // what the tick works on, replaced as a whole
	ticking atomic.Int32          // ticks under way

	echo atomic.Pointer[echoCanceller] // nil: none

	switching sync.Mutex // while the device is changed or closed

	over    chan struct{}  // closed by Close
	players sync.WaitGroup // that go on until they have told their end; joined with mu

	mu          sync.Mutex
	device      Device
	using       devices
	closed      bool
	slots       slots
	spare       *graph // empty, for the next one; may be nil
	muted       bool
	inputVolume int
	outVolume   int
}

// NewMixer opens the device and returns the running mixer. The error is that
// of the configuration or of the device.
func NewMixer(cfg MixerConfig) (*Mixer, error) {
	m, err := newMixer(cfg)
	if err != nil {
		return nil, err
	}
	m.rebuildLocked()
	if err := m.open(m.device, m.using.tail); err != nil {
		return nil, fmt.Errorf("open sound device %q: %w", m.device.Name(), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pauseLocked()
	return m, nil
}

func newMixer(cfg MixerConfig) (*Mixer, error) {
	using, err := cfg.devices()
	if err != nil {
		return nil, err
	}
	if cfg.SampleRate == 0 {
		cfg.SampleRate = 8000
	}
	if cfg.SampleRate < 0 || cfg.SampleRate%FramesPerSecond != 0 {
		return nil, fmt.Errorf("mixer: sample rate %d is not a positive multiple of %d", cfg.SampleRate, FramesPerSecond)
	}
	if cfg.SlotCount == 0 {
		cfg.SlotCount = 254
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	m := &Mixer{
		over: make(chan struct{}), driver: cfg.Driver, device: cfg.Device, using: using, rate: cfg.SampleRate, slotCount: cfg.SlotCount, center: cfg.Center, log: cfg.Logger,
		inputVolume: 100, outVolume: 100,
	}
	m.slots.insert(newNode(DeviceSlot, m.FrameSize()))
	return m, nil
}

// devices settles what the mixer begins with.
func (cfg *MixerConfig) devices() (using devices, err error) {
	if cfg.Tail < 0 {
		return devices{}, fmt.Errorf("mixer: echo tail of %v is negative", cfg.Tail)
	}
	switch {
	case cfg.Driver == nil && cfg.Device == nil:
		cfg.Driver, cfg.Device = NullDriver{}, NewNullDevice()
	case cfg.Driver == nil:
		cfg.Driver = FixedDriver{cfg.Device}
		name := cfg.Device.Name()
		return devices{name, name, name, name, cfg.Tail}, nil
	case cfg.Device == nil:
		using = devices{input: cfg.Input, output: cfg.Output, tail: cfg.Tail}
		using.realInput, using.realOutput = resolve(cfg.Driver, cfg.Input, cfg.Output)
		cfg.Device, err = pairOf(cfg.Driver, using.realInput, using.realOutput)
	}
	return using, err
}

// Close closes the device and ends what plays: when it returns there are no more
// ticks, and players have posted their end. Slots and connections stay as they
// are. It may be repeated.
func (m *Mixer) Close() error {
	m.switching.Lock()
	defer m.switching.Unlock()
	m.mu.Lock()
	closed, device := m.closed, m.device
	m.closed = true
	m.mu.Unlock()
	if closed {
		return nil
	}
	close(m.over)
	m.players.Wait()
	return device.Close()
}

// join has Close wait for a player; false: it is closed.
func (m *Mixer) join(play func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.players.Go(play)
	return true
}

// Device is the sound device of the mixer.
func (m *Mixer) Device() Device {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.device
}

// SampleRate is the rate of every frame, in Hz.
func (m *Mixer) SampleRate() int { return m.rate }

// FrameSize is the number of samples of a frame.
func (m *Mixer) FrameSize() int { return m.rate / FramesPerSecond }

// Center is where the ports of this mixer post; it may be nil.
func (m *Mixer) Center() *notification.Center { return m.center }

// UsedSlotCount is the number of slots in use besides that of the device.
func (m *Mixer) UsedSlotCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.slots.nodes) - 1
}

// AddPort gives a slot to a source, a sink or something that is both; either
// may be nil. The error is [ErrNoSlot].
func (m *Mixer) AddPort(source Source, sink Sink) (slot int, err error) {
	return m.addPort(source, sink, true)
}

func (m *Mixer) addPort(source Source, sink Sink, active bool) (slot int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	slot = m.slots.free(m.slotCount)
	if slot == 0 {
		return NoSlot, ErrNoSlot
	}
	n := newNode(slot, m.FrameSize())
	n.source, n.sink, n.active = source, sink, active
	m.slots.insert(n)
	m.rebuildLocked()
	m.pauseLocked()
	return slot, nil
}

// RemovePort takes a slot and its connections out of the mixer. A tick in
// progress may still use the port once. An unknown slot is ignored.
func (m *Mixer) RemovePort(slot int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slot == DeviceSlot || !m.slots.remove(slot) {
		return
	}
	m.rebuildLocked()
	m.pauseLocked()
}

// Connect lets the sink slot hear the source slot. Connected already: nothing
// happens. The error is [ErrUnknownSlot].
func (m *Mixer) Connect(source, sink int) error {
	return m.ChangeConnections([]Connection{{source, sink}}, nil)
}

// Disconnect undoes Connect. Not connected: nothing happens.
func (m *Mixer) Disconnect(source, sink int) {
	_ = m.ChangeConnections(nil, []Connection{{source, sink}}) // removing cannot fail
}

// ChangeConnections makes and removes connections between two ticks: no tick
// sees half of the change. With an unknown slot in add nothing is changed, and
// the error is [ErrUnknownSlot].
func (m *Mixer) ChangeConnections(add, remove []Connection) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range add {
		if m.slots.at(c.Source) == nil || m.slots.at(c.Sink) == nil {
			return fmt.Errorf("connect slot %d to slot %d: %w", c.Source, c.Sink, ErrUnknownSlot)
		}
	}
	changed := false
	for _, c := range remove {
		if n := m.slots.at(c.Sink); n != nil && n.disconnect(c.Source) {
			changed = true
		}
	}
	for _, c := range add {
		if m.slots.at(c.Sink).connect(m.slots.at(c.Source)) {
			changed = true
		}
	}
	if changed {
		m.rebuildLocked()
	}
	return nil
}

// Connections lists what is connected, sorted.
func (m *Mixer) Connections() []Connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Connection
	for _, n := range m.slots.nodes {
		for _, source := range n.hears {
			list = append(list, Connection{source.slot, n.slot})
		}
	}
	slices.SortFunc(list, Connection.compare)
	return list
}

// pauseLocked lets the device rest while nobody needs its clock.
func (m *Mixer) pauseLocked() {
	pauser, ok := m.device.(Pauser)
	if !ok {
		return
	}
	for _, n := range m.slots.nodes {
		if n.active {
			pauser.Resume()
			return
		}
	}
	pauser.Pause()
}
