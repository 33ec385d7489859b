// Package double has stand-ins for media streams: they negotiate like streams of
// their type, move no media, and behave as a scenario dictates.
//
//	c: {type: chat, double: {initialize: 200ms, start: {fail: no route}}}
//
// A double writes its name into its SDP (a=label, RFC 4574), so that the far end
// can tell which stream it is.
package double

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// State is the state of a double (streams.md 2.4).
type State string

// The states.
const (
	Null         State = "NULL"
	Initializing State = "INITIALIZING"
	Initialized  State = "INITIALIZED"
	Starting     State = "STARTING"
	Started      State = "STARTED"
	Failed       State = "FAILED"
	Ended        State = "ENDED"
)

// Config dictates what a double is and does.
type Config struct {
	Name   string          // its label; may be empty
	Type   string          // audio, chat, file-transfer, desktop-sharing, or anything else
	Double scenario.Double // outcomes; the zero value succeeds at once
	Hold   bool            // supports hold
}

// ConfigOf is the configuration of a stream of a scenario. Audio supports hold
// unless the scenario says otherwise, other types only if it says so.
func ConfigOf(def *scenario.StreamDef) Config {
	c := Config{Name: def.Name, Type: def.Type, Hold: def.Type == streams.AudioType}
	if def.Double != nil {
		c.Double = *def.Double
	}
	if def.Hold != nil {
		c.Hold = *def.Hold
	}
	return c
}

// Stream is a double: a [streams.MediaStream] that remembers every call made on
// it. Its methods may be called from any goroutine.
type Stream struct {
	env *streams.Environment
	cfg Config

	mu          sync.Mutex
	index       int
	state       State
	initialized bool // DidInitialize is posted
	failed      bool // DidFail is posted
	offer       *sdp.MediaDescription
	offerOf     *sdp.SessionDescription
	address     address
	direction   sdp.Direction
	hold        streams.HoldState
	timer       *time.Timer
	calls       []string
}

// New returns a double to offer. Center and Rand of env are used, nothing else.
func New(env *streams.Environment, cfg Config) *Stream {
	return &Stream{env: env, cfg: cfg, state: Null}
}

// FromSDP returns the double for m-line index of a remote offer. The error is
// [streams.ErrUnknownStream] unless the m-line is one of the type.
func FromSDP(env *streams.Environment, cfg Config, remote *sdp.SessionDescription, index int) (*Stream, error) {
	if index < 0 || index >= len(remote.MediaDescriptions) {
		return nil, streams.ErrUnknownStream
	}
	line := remote.MediaDescriptions[index]
	if TypeOf(line) != cfg.Type {
		return nil, streams.ErrUnknownStream
	}
	if protocol := callsdp.Protocol(line); !slices.Contains(protocolsOf(cfg.Type), protocol) {
		return nil, &streams.InvalidStreamError{Reason: fmt.Sprintf("transport protocol %q is not supported", protocol)}
	}
	s := New(env, cfg)
	s.index, s.offer, s.offerOf = index, callsdp.CloneLine(line), callsdp.Clone(remote)
	if !callsdp.HasCommonCodec(s.offer, s.lineLocked(callsdp.SendRecv)) {
		return nil, &streams.InvalidStreamError{Reason: "no format in common"}
	}
	return s, nil
}

// Factory takes incoming m-lines for doubles, before any other stream type.
// find says which double an m-line is for; label is "" if it has none.
func Factory(find func(label string, line *sdp.MediaDescription, index int) (Config, bool)) streams.Factory {
	return streams.Factory{
		Type: "double", Priority: 1000,
		New: func(env *streams.Environment) (streams.MediaStream, error) {
			return New(env, Config{Type: "double"}), nil
		},
		NewFromSDP: func(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
			if index < 0 || index >= len(remote.MediaDescriptions) {
				return nil, streams.ErrUnknownStream
			}
			line := remote.MediaDescriptions[index]
			cfg, ok := find(Label(line), line, index)
			if !ok {
				return nil, streams.ErrUnknownStream
			}
			s, err := FromSDP(env, cfg, remote, index)
			if err != nil {
				return nil, err // not s: a nil *Stream in an interface is not nil
			}
			return s, nil
		},
	}
}

// Name is the name in the scenario.
func (s *Stream) Name() string { return s.cfg.Name }

// Type implements [streams.MediaStream].
func (s *Stream) Type() string { return s.cfg.Type }

// HoldSupported implements [streams.MediaStream].
func (s *Stream) HoldSupported() bool { return s.cfg.Hold }

// State is the current state.
func (s *Stream) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Attribute reads an attribute by its name in scenarios.
func (s *Stream) Attribute(name string) (any, bool) {
	switch name {
	case "state":
		return string(s.State()), true
	case "name":
		return s.Name(), true
	case "calls":
		return s.Calls(), true
	}
	return nil, false
}

// Calls lists the calls made so far, such as "Initialize outgoing".
func (s *Stream) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (s *Stream) calledLocked(format string, args ...any) {
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

// Index implements [streams.MediaStream].
func (s *Stream) Index() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index
}

// SetIndex implements [streams.MediaStream].
func (s *Stream) SetIndex(index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index = index
}

func (s *Stream) random() io.Reader { return randomOr(s.env.Rand) }
