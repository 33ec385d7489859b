package streams

import (
	"context"
	"errors"
	"fmt"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// DesktopSharingType is the type of a [DesktopSharingStream].
const DesktopSharingType = "desktop-sharing"

const rfbType = "application/x-rfb"

// maxInFlight is how many pieces of RFB data wait for the connection before a handler has to wait.
const maxInFlight = 32

// DesktopSharingStream is RFB, the protocol of VNC, over MSRP. One side is the viewer (rfbsetup active), the other the
// server (passive); a [DesktopSharingHandler] is between the stream and the program. What the program does not take is
// not read from the network, and what the network does not take is not read from the program.
type DesktopSharingStream struct {
	msrpStream
	handler DesktopSharingHandler // guarded by mu; fixed from Initialize on
	slots   chan struct{}         // pieces in flight
}

// NewDesktopSharingStream returns a stream to offer, in state NULL. The handler decides which side we are; it must not
// be nil.
func NewDesktopSharingStream(env *Environment, handler DesktopSharingHandler) (*DesktopSharingStream, error) {
	if handler == nil {
		return nil, errNoHandler
	}
	s := &DesktopSharingStream{handler: handler, slots: make(chan struct{}, maxInFlight)}
	s.init(env, s)
	return s, nil
}

// RegisterDesktopSharing makes application m-lines for RFB welcome. Streams that the registry makes have internal
// handlers; replace them with SetHandler.
func RegisterDesktopSharing(r *Registry) {
	r.Add(Factory{
		Type: DesktopSharingType, Priority: 1,
		New: func(env *Environment) (MediaStream, error) {
			s, err := NewDesktopSharingStream(env, NewInternalVNCViewerHandler(env))
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		NewFromSDP: newDesktopFromSDP,
	})
}

// Type implements [MediaStream].
func (*DesktopSharingStream) Type() string { return DesktopSharingType }

func newDesktopFromSDP(env *Environment, remote *sdp.SessionDescription, index int) (MediaStream, error) {
	line, ok := lineAt(remote, index)
	if !ok || line.MediaName.Media != "application" {
		return nil, ErrUnknownStream
	}
	types, ok := value(line, "accept-types")
	if !ok || !msrp.Accepts(fields(types), rfbType) {
		return nil, ErrUnknownStream
	}
	handler := DesktopSharingHandler(NewInternalVNCServerHandler(env))
	switch setup, ok := value(line, "rfbsetup"); {
	case setup == rfbPassive:
		handler = NewInternalVNCViewerHandler(env)
	case ok && setup != rfbActive:
		return nil, &InvalidStreamError{Reason: fmt.Sprintf("rfbsetup %.40q is not supported", setup)}
	}
	s, err := NewDesktopSharingStream(env, handler)
	if err != nil {
		return nil, err
	}
	if err := s.takeOffer(remote, line, index); err != nil {
		return nil, err
	}
	if d := callsdp.Direction(line, remote); d != callsdp.SendRecv { // RFB goes both ways, and so would our answer
		return nil, &InvalidStreamError{Reason: fmt.Sprintf("direction %v is not supported", d)}
	}
	return s, nil
}

var errNoHandler = errors.New("a desktop sharing stream needs a handler")

// Handler is the handler.
func (s *DesktopSharingStream) Handler() DesktopSharingHandler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handler
}

// SetHandler takes another handler of the same type, before Initialize.
func (s *DesktopSharingStream) SetHandler(h DesktopSharingHandler) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case h == nil:
		return errNoHandler
	case h.Type() != s.handler.Type():
		return fmt.Errorf("the handler is %s, not %s", h.Type(), s.handler.Type())
	case s.state != MSRPNull:
		return &IllegalStateError{Method: "SetHandler", State: string(s.state)}
	}
	s.handler = h
	return nil
}

func (s *DesktopSharingStream) prepareLocked(Direction) error {
	s.handler.Initialize(s)
	return nil
}

func (s *DesktopSharingStream) describeLocked() description {
	return description{
		media: "application", acceptTypes: rfbType, direction: callsdp.SendRecv,
		attributes: []sdp.Attribute{sdp.NewAttribute("rfbsetup", s.handler.Type())},
	}
}

func (s *DesktopSharingStream) negotiatedLocked(_, remote *sdp.MediaDescription) error {
	types, _ := value(remote, "accept-types")
	if !msrp.Accepts(fields(types), rfbType) {
		return errors.New("the peer does not take " + rfbType)
	}
	return nil
}

func (s *DesktopSharingStream) startedLocked() { s.handler.Start() }
func (s *DesktopSharingStream) endingLocked()  { s.handler.Stop() }
func (s *DesktopSharingStream) endLocked()     {}
func (s *DesktopSharingStream) await()         { s.Handler().Wait() }

// ErrStreamEnded is what Send returns when the stream is no longer running.
var ErrStreamEnded = errors.New("the stream has ended")

// Send is for handlers: it sends data to the peer, and waits while the connection is behind. Data is not kept.
func (s *DesktopSharingStream) Send(ctx context.Context, data []byte) error {
	s.mu.Lock()
	session, started := s.session, s.state == MSRPStarted
	s.mu.Unlock()
	if !started {
		return ErrStreamEnded
	}
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return ErrStreamEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	session.Send(msrp.Outgoing{
		ContentType: rfbType, Data: append([]byte{}, data...), FailureReport: msrp.FailurePartial,
	})
	return nil
}

// MessageSent implements msrp.Handler.
func (s *DesktopSharingStream) MessageSent(string) {
	select {
	case <-s.slots:
	default:
	}
}

// MessageFailed implements msrp.Handler: RFB does not survive a loss.
func (s *DesktopSharingStream) MessageFailed(_ string, code int, comment string) {
	s.fail("sending", &msrp.Error{Method: "SEND", Code: code, Comment: comment})
}

// ReceiveReport implements msrp.Handler.
func (s *DesktopSharingStream) ReceiveReport(r msrp.Report) {
	if r.Code != 200 {
		s.fail("sending", &msrp.Error{Method: "SEND", Code: r.Code, Comment: r.Comment})
	}
}

// ReceiveChunk implements msrp.Handler. It waits for the handler: that is the flow control.
func (s *DesktopSharingStream) ReceiveChunk(c *msrp.Chunk) int {
	if s.State() != MSRPStarted {
		return 200
	}
	s.Handler().Receive(c.Data)
	if c.Flag != 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.state == MSRPStarted {
			s.session.Report(c, 200, "")
		}
	}
	return 200
}

// handlerFailed is for handlers: it ends the stream with what has happened to the program.
func (s *DesktopSharingStream) handlerFailed(h DesktopSharingHandler, where string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed || s.state == MSRPEnded {
		return
	}
	s.env.Center.Post(h, DesktopSharingHandlerDidFail{Context: where, Failure: err, Reason: err.Error()})
	s.failLocked(where, err)
}

// Attribute reads an attribute by its seed name, for tools. A null attribute is nil.
func (s *DesktopSharingStream) Attribute(name string) (any, bool) {
	if name == "handler_type" {
		return s.Handler().Type(), true
	}
	return s.attribute(name)
}
