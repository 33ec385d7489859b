package streams

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

// AudioType is the type of an [AudioStream].
const AudioType = "audio"

// AudioState is the state of an [AudioStream].
type AudioState string

// The states of an audio stream. A stream that failed stays in the state it
// had, except that a failed initialisation goes to ENDED.
const (
	AudioNull         AudioState = "NULL"
	AudioInitializing AudioState = "INITIALIZING"
	AudioInitialized  AudioState = "INITIALIZED"
	AudioWaitICE      AudioState = "WAIT_ICE"
	AudioEstablished  AudioState = "ESTABLISHED"
	AudioEnded        AudioState = "ENDED"
)

// AudioStream is a voice call over RTP (RFC 3550, RFC 3551): [MediaStream] and
// [audio.Port] in one. Its sound passes through a bridge of its own, between
// the network and a device of its own on the application's voice mixer.
//
// It sends to the address in the peer's SDP and plays what comes from there,
// nothing else: unless ICE finds another way, or the peer's packets prove to
// come from another address (see wanderer). All methods return at once and may
// be called from any goroutine.
type AudioStream struct {
	env    *Environment
	mixer  *audio.Mixer
	codecs []audio.Codec // ours, in order of preference
	bridge *audio.AudioBridge
	device *audio.AudioDevice
	index  atomic.Int64
	slot   atomic.Int64 // of the media, or audio.NoSlot
	muted  atomic.Bool

	mu     sync.Mutex
	state  AudioState
	failed bool // MediaStreamDidFail is posted
	offer  *remoteOffer
	rtp    *rtpSession // from INITIALIZED on
	keying keying      // from INITIALIZED on
	active *path       // from ESTABLISHED on
	hold   HoldState

	proposed  *sdp.MediaDescription // the peer's m-line that was validated last
	recording *recording            // nil: none

	ice          *iceSession // nil: none
	cancelLookup context.CancelFunc
	negotiation  *negotiation // while ICE is under way
	proposedICE  remoteICE    // of the offer that made the stream, or that was validated last
}

// remoteOffer is the m-line an incoming stream was made from.
type remoteOffer struct {
	session *sdp.SessionDescription
	line    *sdp.MediaDescription
}

// path is what has been negotiated. It never changes.
type path struct {
	remote     netip.AddrPort // zero: nowhere to send to
	control    netip.AddrPort // of RTCP
	codec      audio.Codec
	sendType   uint8  // payload type, as the peer numbers it
	parameters string // of a=fmtp, what the peer says of its decoder
	direction  sdp.Direction
	formats    []format    // that we decode, as we number them
	eventsOut  eventFormat // that the peer takes
	eventsIn   eventFormat // that we take
	keys       keys        // zero: plain RTP

	byICE                 bool // ICE has found the addresses
	localType, remoteType ice.Type
}

// noPath is that of a stream that has none.
var noPath = &path{}

// NewAudioStream returns a stream to offer, in state NULL.
func NewAudioStream(env *Environment) *AudioStream { return newAudioStream(env, ourCodecs(env)) }

func newAudioStream(env *Environment, codecs []audio.Codec) *AudioStream {
	s := &AudioStream{
		env: env, mixer: env.Mixer, codecs: codecs, state: AudioNull, active: noPath,
		bridge: audio.NewAudioBridge(env.Mixer), device: audio.NewAudioDevice(env.Mixer),
	}
	s.slot.Store(audio.NoSlot)
	if err := s.bridge.Add(s.device); err != nil {
		panic("streams: device does not fit its own mixer: " + err.Error())
	}
	return s
}

// RegisterAudio makes audio m-lines welcome.
func RegisterAudio(r *Registry) {
	r.Add(Factory{
		Type: AudioType, Priority: 1,
		New:        func(env *Environment) (MediaStream, error) { return NewAudioStream(env), nil },
		NewFromSDP: newAudioFromSDP,
	})
}

func (s *AudioStream) logger() *slog.Logger {
	if s.env.Logger == nil {
		return slog.Default()
	}
	return s.env.Logger
}

// Type implements [MediaStream].
func (*AudioStream) Type() string { return AudioType }

// HoldSupported implements [MediaStream].
func (*AudioStream) HoldSupported() bool { return true }

// Index implements [MediaStream].
func (s *AudioStream) Index() int { return int(s.index.Load()) }

// SetIndex implements [MediaStream].
func (s *AudioStream) SetIndex(index int) { s.index.Store(int64(index)) }

// State is the current state.
func (s *AudioStream) State() AudioState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Device is the stream's own port of the sound device: mute the microphone
// there.
func (s *AudioStream) Device() *audio.AudioDevice { return s.device }

// Bridge is where the stream meets its device; other ports may be added.
func (s *AudioStream) Bridge() *audio.AudioBridge { return s.bridge }

// Mixer implements [audio.Port].
func (s *AudioStream) Mixer() *audio.Mixer { return s.mixer }

// ConsumerSlot implements [audio.Port]: what is written there is sent.
func (s *AudioStream) ConsumerSlot() int { return int(s.slot.Load()) }

// ProducerSlot implements [audio.Port]: what is received, NoSlot while muted.
func (s *AudioStream) ProducerSlot() int {
	if s.muted.Load() {
		return audio.NoSlot
	}
	return int(s.slot.Load())
}

// Muted says whether the peer's sound is kept from us.
func (s *AudioStream) Muted() bool { return s.muted.Load() }

// SetMuted keeps the peer's sound from us, or no longer. A change of a slot is
// notified.
func (s *AudioStream) SetMuted(muted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeSlotsLocked(func() { s.muted.Store(muted) })
}

// changeSlotsLocked reports what change does to the slots, and has the bridge
// connect them before anybody is told.
func (s *AudioStream) changeSlotsLocked(change func()) {
	consumer, producer := s.ConsumerSlot(), s.ProducerSlot()
	change()
	data, changed := audio.SlotChange(consumer, s.ConsumerSlot(), producer, s.ProducerSlot())
	if !changed {
		return
	}
	s.bridge.Refresh()
	s.env.Center.Post(s, data)
}

// Codec is the name of the codec in use, "" before the start and after the end.
func (s *AudioStream) Codec() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active.codec.Name
}

// SampleRate is the rate of the codec's sound in Hz, 0 before the start and after
// the end.
func (s *AudioStream) SampleRate() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active.codec.SampleRate
}

// LocalRTPAddress is where we receive; it is not valid before initialisation and
// after the end.
func (s *AudioStream) LocalRTPAddress() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rtp == nil || s.state == AudioEnded {
		return netip.AddrPort{}
	}
	return s.rtp.local
}

// RemoteRTPAddress is where we send to, by the peer's SDP or by ICE; it is not
// valid before the start and after the end.
func (s *AudioStream) RemoteRTPAddress() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active.remote
}

// SRTPActive says whether packets are protected, in both directions.
func (s *AudioStream) SRTPActive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == AudioEstablished && s.active.keys != (keys{})
}

// Direction is the negotiated direction, zero before the start and after the end.
func (s *AudioStream) Direction() sdp.Direction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active.direction
}

// Statistics counts packets since it was last called, or since the start: reading
// resets it, so that who reads once a second has the figures of each second. What
// came after the last reading can still be read after the end. Only one reader can
// use it; any number of others have [AudioStream.Totals].
func (s *AudioStream) Statistics() Statistics { return s.statistics(true) }

// Totals counts packets since the start; the last figures stay after the end.
// Reading changes nothing, neither here nor for Statistics.
func (s *AudioStream) Totals() Statistics { return s.statistics(false) }

func (s *AudioStream) statistics(reset bool) Statistics {
	s.mu.Lock()
	session := s.rtp
	s.mu.Unlock()
	if session == nil {
		return Statistics{}
	}
	return session.statistics(reset)
}
