package streams

import (
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// ChatType is the type of a [ChatStream].
const ChatType = "chat"

// What a chat stream takes, directly and wrapped in CPIM.
const (
	chatAcceptTypes  = "message/cpim text/* application/im-iscomposing+xml"
	chatWrappedTypes = "*"
)

// ChatStream is instant messages over MSRP (RFC 4975), wrapped in CPIM (RFC 3862) if both sides can, with composing
// indications (RFC 3994). Messages arrive in order; each one that was asked to be is reported delivered or not
// delivered, once, before MediaStreamDidEnd. All methods return at once and may be called from any goroutine.
type ChatStream struct {
	msrpStream
	direction sdp.Direction

	// guarded by mu
	cpimKnown  bool // whether CPIM is used has been negotiated
	cpim       bool
	private    bool   // private messages are allowed
	theirTypes string // what the peer takes
	theirWraps string
	waiting    []chatOut           // before the start
	unresolved map[string]*chatOut // by message id
	outOrder   []string            // of them
	ids        *msrp.IDs
	assembler  msrp.Assembler // the reader's
}

// ChatStreamError says why a message cannot be sent. Nothing has been sent then.
type ChatStreamError struct{ Reason string }

// Error is the reason.
func (e *ChatStreamError) Error() string { return "chat stream: " + e.Reason }

// NewChatStream returns a stream to offer, in state NULL, that sends and receives.
func NewChatStream(env *Environment) *ChatStream {
	s := &ChatStream{direction: callsdp.SendRecv, unresolved: map[string]*chatOut{}}
	s.assembler.MaxSize = env.MSRP.MaxMessage
	s.init(env, s)
	return s
}

// RegisterChat makes message m-lines welcome.
func RegisterChat(r *Registry) {
	r.Add(Factory{
		Type: ChatType, Priority: 1,
		New:        func(env *Environment) (MediaStream, error) { return NewChatStream(env), nil },
		NewFromSDP: newChatFromSDP,
	})
}

// Type implements [MediaStream].
func (*ChatStream) Type() string { return ChatType }

// SetDirection makes a stream that only sends or only receives; call it before Initialize.
func (s *ChatStream) SetDirection(d sdp.Direction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != MSRPNull || s.offer != nil:
		return &IllegalStateError{Method: "SetDirection", State: string(s.state)}
	case d != callsdp.SendRecv && d != callsdp.SendOnly && d != callsdp.RecvOnly:
		return &ChatStreamError{fmt.Sprintf("direction %v", d)}
	}
	s.direction = d
	return nil
}

// newChatFromSDP takes m=message lines with a content type that we have.
func newChatFromSDP(env *Environment, remote *sdp.SessionDescription, index int) (MediaStream, error) {
	line, ok := lineAt(remote, index)
	if !ok || line.MediaName.Media != "message" {
		return nil, ErrUnknownStream
	}
	s := NewChatStream(env)
	if err := s.takeOffer(remote, line, index); err != nil {
		return nil, err
	}
	s.direction = callsdp.Reverse(callsdp.Direction(line, remote))
	if s.direction == callsdp.Inactive {
		return nil, &InvalidStreamError{Reason: "direction inactive is not supported"}
	}
	types, ok := value(line, "accept-types")
	if !ok || !acceptsAny(types, chatAcceptTypes) {
		return nil, &InvalidStreamError{Reason: "no content type in common"}
	}
	return s, nil
}

func (s *ChatStream) prepareLocked(Direction) error { return nil }

func (s *ChatStream) describeLocked() description {
	return description{
		media: "message", acceptTypes: chatAcceptTypes, wrappedTypes: chatWrappedTypes, direction: s.direction, keepAlive: true,
	}
}

// negotiatedLocked finds out about CPIM and private messages.
func (s *ChatStream) negotiatedLocked(_, remote *sdp.MediaDescription) error {
	s.theirTypes, _ = value(remote, "accept-types")
	s.theirWraps, _ = value(remote, "accept-wrapped-types")
	if !acceptsAny(s.theirTypes, chatAcceptTypes) {
		return &ChatStreamError{"no content type in common"}
	}
	s.cpimKnown = true
	s.cpim = msrp.Accepts(fields(s.theirTypes), cpim.ContentType)
	room, _ := value(remote, "chatroom")
	for _, word := range fields(room) {
		s.private = s.private || s.cpim && s.focus && strings.EqualFold(word, "private-messages")
	}
	return nil
}

// CPIMEnabled tells whether messages are wrapped; ok is false while that is not negotiated.
func (s *ChatStream) CPIMEnabled() (enabled, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cpim, s.cpimKnown
}

// PrivateMessagesAllowed tells whether messages may have other recipients than the peer: in a chat room that says so.
func (s *ChatStream) PrivateMessagesAllowed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.private
}

// Attribute reads an attribute by its seed name, for tools. A null attribute is nil.
func (s *ChatStream) Attribute(name string) (any, bool) {
	switch name {
	case "cpim_enabled":
		if enabled, ok := s.CPIMEnabled(); ok {
			return enabled, true
		}
		return nil, true
	case "private_messages_allowed":
		return s.PrivateMessagesAllowed(), true
	}
	return s.attribute(name)
}
