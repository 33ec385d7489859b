package audio

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Settings are the seed's audio.* settings.
type Settings struct {
	InputDevice  string        // a name, SystemDefault or NoDevice
	OutputDevice string        //
	AlertDevice  string        //
	TailLength   time.Duration // of echo, at least 0
	SampleRate   int           // Hz: 8000, 16000, 32000, 44100 or 48000
	Silent       bool          // alerts are not to be heard
}

// DefaultSettings are the settings as they are without any.
func DefaultSettings() Settings {
	return Settings{
		InputDevice: SystemDefault, OutputDevice: SystemDefault, AlertDevice: SystemDefault,
		TailLength: 100 * time.Millisecond, SampleRate: 44100,
	}
}

func (s Settings) validate() error {
	if s.TailLength < 0 {
		return fmt.Errorf("audio.tail_length: %v is negative", s.TailLength)
	}
	if !slices.Contains([]int{8000, 16000, 32000, 44100, 48000}, s.SampleRate) {
		return fmt.Errorf("audio.sample_rate: %d is none of 8000, 16000, 32000, 44100, 48000", s.SampleRate)
	}
	return nil
}

// Notifications of [System]; the sender is its Sender.
type (
	// AudioDevicesDidChange: devices have come or gone.
	AudioDevicesDidChange struct {
		OldDevices []string `field:"old_devices"`
		NewDevices []string `field:"new_devices"`
	}
	// DefaultAudioDeviceDidChange: the system prefers other devices.
	DefaultAudioDeviceDidChange struct {
		ChangedInput  bool `field:"changed_input"`
		ChangedOutput bool `field:"changed_output"`
	}
)

func (AudioDevicesDidChange) NotificationName() string       { return "AudioDevicesDidChange" }
func (DefaultAudioDeviceDidChange) NotificationName() string { return "DefaultAudioDeviceDidChange" }

// SystemConfig describes the sound of an application.
type SystemConfig struct {
	Driver    Driver // nil: a NullDriver
	Settings  Settings
	SlotCount int // of each mixer, as in [MixerConfig]
	Center    *notification.Center
	Logger    *slog.Logger   // nil: slog.Default()
	Sender    any            // of the notifications of devices; nil: the System
	Save      func(Settings) // told what is really in use, whenever that has been settled; may be nil
}

// Ends are the three objects of one purpose: voice or alerts.
type Ends struct {
	Mixer  *Mixer
	Bridge *AudioBridge // ports in it are heard on the device, or record it
	Device *AudioDevice // always in the bridge
}

// System is the sound of an application: a mixer for voice on the input and
// output devices, and one for alerts. It always has both, on null devices if
// nothing else can be opened. Changes of settings and of devices are worked off
// one after the other on a goroutine of its own.
type System struct {
	cfg SystemConfig
	log *slog.Logger

	wake chan struct{}
	done chan struct{}

	mu       sync.Mutex
	stopped  bool
	pending  *Settings
	looked   bool // the driver has changed
	settings Settings
	voice    Ends
	alert    Ends

	// Used by the goroutine only.
	old   []*Mixer // of another sample rate: streams may be on them
	known deviceList
}

type deviceList struct {
	inputs, outputs             []string
	defaultInput, defaultOutput string
}

func listOf(d Driver) deviceList {
	return deviceList{d.Inputs(), d.Outputs(), d.DefaultInput(), d.DefaultOutput()}
}

// all is every name once, sorted.
func (l deviceList) all() []string {
	names := slices.Concat(l.inputs, l.outputs)
	slices.Sort(names)
	return slices.Compact(names)
}

// NewSystem opens the devices: voice first, then alerts. The error is that of
// the settings; devices that cannot be opened are no error.
func NewSystem(cfg SystemConfig) (*System, error) {
	if cfg.Driver == nil {
		cfg.Driver = NullDriver{}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if err := cfg.Settings.validate(); err != nil {
		return nil, err
	}
	s := &System{cfg: cfg, log: cfg.Logger, wake: make(chan struct{}, 1), done: make(chan struct{}), known: listOf(cfg.Driver)}
	if cfg.Sender == nil {
		s.cfg.Sender = s
	}
	if err := s.build(cfg.Settings); err != nil {
		return nil, err
	}
	s.save()
	cfg.Driver.Watch(s.driverChanged)
	go s.run()
	return s, nil
}

// Voice is what calls use.
func (s *System) Voice() Ends {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.voice
}

// Alert is what rings.
func (s *System) Alert() Ends {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alert
}

// Settings are those in use.
func (s *System) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// Apply changes the settings, soon. The error is that of the settings. A new
// sample rate makes new mixers: streams that exist stay on the old ones, and
// ports that the application had added must be added again.
func (s *System) Apply(settings Settings) error {
	if err := settings.validate(); err != nil {
		return err
	}
	s.post(func() { s.pending = &settings })
	return nil
}

func (s *System) driverChanged() { s.post(func() { s.looked = true }) }

func (s *System) post(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	change()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Stop closes everything: there are no more ticks when it returns. It may be
// repeated.
func (s *System) Stop() {
	s.cfg.Driver.Watch(nil)
	s.mu.Lock()
	stopped := s.stopped
	s.stopped = true
	if !stopped {
		close(s.wake)
	}
	s.mu.Unlock()
	<-s.done
}

func (s *System) run() {
	defer close(s.done)
	for range s.wake {
		s.mu.Lock()
		settings, looked := s.pending, s.looked
		s.pending, s.looked = nil, false
		s.mu.Unlock()
		if looked {
			s.follow()
		}
		if settings != nil {
			s.change(*settings)
		}
	}
	s.close()
}

func (s *System) close() {
	for _, ends := range []Ends{s.alert, s.voice} {
		ends.Bridge.Stop()
		s.shut(ends.Mixer)
	}
	for _, mixer := range s.old {
		s.shut(mixer)
	}
}

func (s *System) shut(mixer *Mixer) {
	if err := mixer.Close(); err != nil {
		s.log.Warn("sound device does not close well", "error", err)
	}
}
