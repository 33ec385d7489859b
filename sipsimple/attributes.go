package sipsimple

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// attributes are what a session shows of itself. The machine writes them, at
// the latest before it posts the notification that announces the change (SD4);
// anybody reads them. The lock is held for reads and writes only, never over a
// call, so that streams may read from within a method the session has called.
type attributes struct {
	mu     sync.Mutex
	values attributeValues
}

type attributeValues struct {
	state     State
	account   *account.Account
	direction streams.Direction
	transport string
	localIP   netip.Addr

	startTime, stopTime time.Time

	onHold    bool
	userAgent string

	localIdentity, remoteIdentity *core.Address

	streams, proposed []streams.MediaStream // nil = null
	subject           *string

	localFocus, remoteFocus bool

	dialog   *core.DialogID // nil until the peer's tag is known
	replaced *Session       // whose place this session takes
	info     *TransferInfo
	transfer transferValues

	conference conferenceValues
}

// values are the attributes; of no session those of one in state null.
func (s *Session) values() attributeValues {
	if s == nil {
		return attributeValues{state: Null}
	}
	return s.attrs.get()
}

func (a *attributes) get() attributeValues {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.values
}

func (a *attributes) set(change func(v *attributeValues)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.values)
}

// State is where the session stands (seed: state).
func (s *Session) State() State { return s.values().state }

// Account is the account given to [NewSession], or the one that matched the
// incoming INVITE (seed: account).
func (s *Session) Account() *account.Account { return s.values().account }

// Direction is "", "incoming" or "outgoing" (seed: direction).
func (s *Session) Direction() string { return string(s.values().direction) }

// Transport is "udp", "tcp" or "tls": that of the route in use, or the one the
// INVITE came by; "" before Connect (seed: transport).
func (s *Session) Transport() string { return s.values().transport }

// LocalIP is our address facing the peer: facing the route in use, or the
// address the peer's offer names. It is the zero Addr while none is known.
func (s *Session) LocalIP() netip.Addr { return s.values().localIP }

// StartTime is the moment just before SIPSessionDidStart, zero until then
// (seed: start_time).
func (s *Session) StartTime() time.Time { return s.values().startTime }

// StopTime is the moment just before SIPSessionDidEnd, zero until then and
// also after SIPSessionDidFail (seed: stop_time; SD12).
func (s *Session) StopTime() time.Time { return s.values().stopTime }

// OnHold says whether a stream is held by either party (seed: on_hold; SD13).
func (s *Session) OnHold() bool { return s.values().onHold }

// RemoteUserAgent is the peer's User-Agent or Server header, "" while unknown
// (seed: remote_user_agent).
func (s *Session) RemoteUserAgent() string { return s.values().userAgent }

// LocalIdentity is our From, in an incoming call our To, nil when the session is
// not active (seed: local_identity; application.md D22).
func (s *Session) LocalIdentity() core.Identity {
	v := s.values()
	return identity(v.localIdentity, v.direction == streams.Outgoing)
}

// RemoteIdentity is the peer's To, in an incoming call its From, nil when the
// session is not active (seed: remote_identity).
func (s *Session) RemoteIdentity() core.Identity {
	v := s.values()
	return identity(v.remoteIdentity, v.direction == streams.Incoming)
}

func identity(a *core.Address, calls bool) core.Identity {
	switch {
	case a == nil:
		return nil
	case calls:
		return a.FreezeFrom()
	}
	return a.FreezeTo()
}

// Streams are the active streams: nil until SIPSessionDidStart, a copy
// afterwards (seed: streams).
func (s *Session) Streams() []streams.MediaStream { return slices.Clone(s.values().streams) }

// ProposedStreams are the streams of the proposal in progress, those of the
// initial INVITE included; nil without one (seed: proposed_streams).
func (s *Session) ProposedStreams() []streams.MediaStream {
	return slices.Clone(s.values().proposed)
}

// LocalFocus says whether we are a conference focus: our Contact has isfocus.
func (s *Session) LocalFocus() bool { return s.values().localFocus }

// RemoteFocus says whether the peer is a conference focus: its latest Contact had
// isfocus (RFC 4579).
func (s *Session) RemoteFocus() bool { return s.values().remoteFocus }

// Subject is the text of the Subject header, nil without one (seed: subject).
func (s *Session) Subject() *string {
	if subject := s.values().subject; subject != nil {
		return new(*subject)
	}
	return nil
}

// ReplacedSession is the session whose place an incoming one is to take, nil
// without one. It becomes nil when this session has started, the other one
// being ended then, or failed (seed: replaced_session; 7.15).
func (s *Session) ReplacedSession() *Session { return s.values().replaced }

// TransferInfo tells how the call came from a transfer, nil if it did not (seed:
// transfer_info).
func (s *Session) TransferInfo() *TransferInfo { return s.values().info }

// TransferHandler shows the transfer of the session; nil, which is harmless, in
// state null (seed: transfer_handler).
func (s *Session) TransferHandler() *TransferHandler {
	if s.values().state == Null {
		return nil
	}
	return &TransferHandler{session: s}
}

// Conference shows the conference of the session; nil, which is harmless, in
// state null (seed: conference).
func (s *Session) Conference() *ConferenceHandler {
	if s.values().state == Null {
		return nil
	}
	return &ConferenceHandler{session: s}
}

func cloneAddress(a *core.Address) *core.Address {
	if a == nil {
		return nil
	}
	return &core.Address{DisplayName: a.DisplayName, URI: *a.URI.Clone(), Params: a.Params.Clone()}
}

// Attribute returns an attribute by its seed name (snake case), null as nil, or
// local_focus and remote_focus, which the seed does not have; ok is false for any
// other name. Tools use it, which take names from files.
func (s *Session) Attribute(name string) (value any, ok bool) {
	read, ok := attributeReaders[name]
	if !ok {
		return nil, false
	}
	return read(s, s.values()), true
}

// AttributeNames lists the names that [Session.Attribute] knows, sorted.
func AttributeNames() []string {
	names := make([]string, 0, len(attributeReaders))
	for name := range attributeReaders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var attributeReaders = map[string]func(_ *Session, v attributeValues) any{
	"state":             func(_ *Session, v attributeValues) any { return string(v.state) },
	"account":           func(_ *Session, v attributeValues) any { return v.account },
	"direction":         func(_ *Session, v attributeValues) any { return orNull(string(v.direction)) },
	"transport":         func(_ *Session, v attributeValues) any { return orNull(v.transport) },
	"start_time":        func(_ *Session, v attributeValues) any { return orNull(v.startTime) },
	"stop_time":         func(_ *Session, v attributeValues) any { return orNull(v.stopTime) },
	"on_hold":           func(_ *Session, v attributeValues) any { return v.onHold },
	"remote_user_agent": func(_ *Session, v attributeValues) any { return orNull(v.userAgent) },
	"local_identity":    func(s *Session, _ attributeValues) any { return orNull(s.LocalIdentity()) },
	"remote_identity":   func(s *Session, _ attributeValues) any { return orNull(s.RemoteIdentity()) },
	"streams":           func(_ *Session, v attributeValues) any { return streamsOrNull(v.streams) },
	"proposed_streams":  func(_ *Session, v attributeValues) any { return streamsOrNull(v.proposed) },
	"subject":           func(_ *Session, v attributeValues) any { return pointeeOrNull(v.subject) },
	"local_focus":       func(_ *Session, v attributeValues) any { return v.localFocus },
	"remote_focus":      func(_ *Session, v attributeValues) any { return v.remoteFocus },
	"conference":        func(s *Session, _ attributeValues) any { return orNull(s.Conference()) },
	"replaced_session":  func(_ *Session, v attributeValues) any { return orNull(v.replaced) },
	"transfer_handler":  func(s *Session, _ attributeValues) any { return orNull(s.TransferHandler()) },
	"transfer_info":     func(_ *Session, v attributeValues) any { return orNull(v.info) },
}

func orNull[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}

func pointeeOrNull(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

func streamsOrNull(list []streams.MediaStream) any {
	if list == nil {
		return nil
	}
	return Streams(slices.Clone(list))
}
