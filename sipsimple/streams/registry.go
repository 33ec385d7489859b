// Package streams defines what a media stream is ([MediaStream], the seed's
// IMediaStream), which kinds there are ([Registry]), and the streams that come
// with the middleware.
//
// What a stream can do besides is found by its type: an *[AudioStream] sends DTMF
// and records, a *[ChatStream] sends messages, a *[FileTransferStream] is told its
// file before it is offered, and a *[DesktopSharingStream] has a handler.
package streams

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/pion/sdp/v3"
)

// ErrUnknownStream is what a factory returns for an m-line that is not its own:
// the next factory is asked.
var ErrUnknownStream = errors.New("unknown stream")

// InvalidStreamError says that an m-line is the factory's own but unusable: the
// m-line is refused and nobody else is asked.
type InvalidStreamError struct{ Reason string }

// Error is the reason.
func (e *InvalidStreamError) Error() string { return "invalid stream: " + e.Reason }

// Factory makes streams of one type.
type Factory struct {
	Type     string // "audio"
	Priority int    // higher is asked first; equal ones in order of registration; 0 = never registered
	// New makes a stream to offer.
	New func(env *Environment) (MediaStream, error)
	// NewFromSDP makes the stream for m-line index of a remote offer, which
	// nobody changes any more, or returns ErrUnknownStream or
	// *InvalidStreamError.
	NewFromSDP func(env *Environment, remote *sdp.SessionDescription, index int) (MediaStream, error)
}

// Registry is the seed's MediaStreamRegistry: the stream types that incoming
// m-lines are offered to. Its zero value is empty and ready.
type Registry struct {
	mu        sync.Mutex
	factories []Factory // replaced as a whole
}

// Add registers a factory. One with priority 0, or of a type already
// registered, is ignored.
func (r *Registry) Add(f Factory) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := slices.ContainsFunc(r.factories, func(other Factory) bool { return other.Type == f.Type })
	if f.Priority == 0 || known {
		return
	}
	r.factories = append(slices.Clone(r.factories), f)
	slices.SortStableFunc(r.factories, func(a, b Factory) int { return b.Priority - a.Priority })
}

// Factories lists the registered factories, highest priority first.
func (r *Registry) Factories() []Factory { return slices.Clone(r.list()) }

func (r *Registry) list() []Factory {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.factories
}

// Lookup finds the factory of a type.
func (r *Registry) Lookup(streamType string) (Factory, bool) {
	for _, f := range r.list() {
		if f.Type == streamType {
			return f, true
		}
	}
	return Factory{}, false
}

// NewFromSDP asks the factories in order for the stream of m-line index. The
// error is ErrUnknownStream or an *InvalidStreamError: whatever else a factory
// returns or panics with becomes the latter.
func (r *Registry) NewFromSDP(env *Environment, remote *sdp.SessionDescription, index int) (MediaStream, error) {
	for _, f := range r.list() {
		stream, err := tryFactory(f, env, remote, index)
		if errors.Is(err, ErrUnknownStream) {
			continue
		}
		return stream, err
	}
	return nil, ErrUnknownStream
}

func tryFactory(f Factory, env *Environment, remote *sdp.SessionDescription, index int) (stream MediaStream, err error) {
	defer func() {
		if r := recover(); r != nil {
			stream, err = nil, &InvalidStreamError{Reason: fmt.Sprintf("%s stream panicked: %v", f.Type, r)}
		}
	}()
	stream, err = f.NewFromSDP(env, remote, index)
	if err == nil || errors.Is(err, ErrUnknownStream) {
		return stream, err
	}
	if invalid, ok := errors.AsType[*InvalidStreamError](err); ok {
		return nil, invalid
	}
	return nil, &InvalidStreamError{Reason: err.Error()}
}
