package streams

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
)

// MSRPState is the state of an MSRP stream (a [ChatStream], [FileTransferStream] or [DesktopSharingStream]).
type MSRPState string

// The states. FAILED and ENDED are final.
const (
	MSRPNull         MSRPState = "NULL"
	MSRPInitializing MSRPState = "INITIALIZING"
	MSRPInitialized  MSRPState = "INITIALIZED"
	MSRPStarting     MSRPState = "STARTING"
	MSRPStarted      MSRPState = "STARTED"
	MSRPFailed       MSRPState = "FAILED"
	MSRPEnded        MSRPState = "ENDED"
)

// msrpKind is what the three kinds of MSRP streams add to msrpStream. Methods with Locked are called with its lock held.
type msrpKind interface {
	MediaStream
	msrp.Handler
	describeLocked() description
	prepareLocked(direction Direction) error                   // before Initialize does anything
	negotiatedLocked(line, remote *sdp.MediaDescription) error // before the connection is made
	startedLocked()                                            // right after MediaStreamDidStart
	endingLocked()                                             // when End is called or the stream has failed
	endLocked()                                                // right before MediaStreamDidEnd
	await()                                                    // until nothing of the kind is left; called after endingLocked, without the lock
}

// description is what a kind writes into its m-line.
type description struct {
	media        string // m=
	acceptTypes  string
	wrappedTypes string // "" for none
	direction    sdp.Direction
	attributes   []sdp.Attribute // its own
	keepAlive    bool
}

// msrpStream is what MSRP streams have in common: the life cycle, SDP, and the connection.
type msrpStream struct {
	env   *Environment
	kind  msrpKind
	index atomic.Int64

	mu          sync.Mutex
	state       MSRPState
	initialized bool // MediaStreamDidInitialize is posted
	failed      bool // MediaStreamDidFail is posted
	deactivated bool
	owner       Session
	account     *account.Account
	offer       *remoteOffer // the m-line an incoming stream was made from
	secure      bool
	mode        msrp.Mode
	setup       string // ours
	remoteSetup string // the offer's
	local       *sdp.MediaDescription
	remote      *sdp.MediaDescription
	localID     cpim.Identity
	remoteID    cpim.Identity
	focus       bool // the peer is a conference focus
	endpoint    *msrp.Endpoint
	session     *msrp.Session
	ctx         context.Context // ends with the stream
	cancel      context.CancelFunc
	working     int // goroutines of initialize and start
	workers     sync.WaitGroup
	done        chan struct{}
}

func (m *msrpStream) init(env *Environment, kind msrpKind) {
	m.env, m.kind, m.state, m.account = env, kind, MSRPNull, env.Account
	m.done = make(chan struct{})
	m.ctx, m.cancel = context.WithCancel(context.Background())
}

// HoldSupported implements [MediaStream]: MSRP knows no hold.
func (*msrpStream) HoldSupported() bool { return false }

// OnHoldByLocal implements [MediaStream].
func (*msrpStream) OnHoldByLocal() bool { return false }

// OnHoldByRemote implements [MediaStream].
func (*msrpStream) OnHoldByRemote() bool { return false }

// OnHold implements [MediaStream].
func (*msrpStream) OnHold() bool { return false }

// Hold implements [MediaStream]; it does nothing.
func (*msrpStream) Hold() {}

// Unhold implements [MediaStream]; it does nothing.
func (*msrpStream) Unhold() {}

// Update implements [MediaStream]; it does nothing: the connection stays.
func (*msrpStream) Update(_, _ *sdp.SessionDescription, _ int) {}

// Index implements [MediaStream].
func (m *msrpStream) Index() int { return int(m.index.Load()) }

// SetIndex implements [MediaStream].
func (m *msrpStream) SetIndex(index int) { m.index.Store(int64(index)) }

// State is the current state.
func (m *msrpStream) State() MSRPState {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// LocalIdentity is who we are: the account.
func (m *msrpStream) LocalIdentity() cpim.Identity {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.localID
}

// RemoteIdentity is the peer, zero before the start.
func (m *msrpStream) RemoteIdentity() cpim.Identity {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.remoteID
}

// Done is closed when the stream has ended and nothing of it is left: no goroutine, no socket.
func (m *msrpStream) Done() <-chan struct{} { return m.done }

// Connected implements [Connected].
func (m *msrpStream) Connected() bool { return m.State() == MSRPStarted }

// Deactivate implements [MediaStream]: that the connection closes is no failure from now on.
func (m *msrpStream) Deactivate() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deactivated = true
}

// identities are what a session tells of the two ends, if it does.
type identities interface {
	LocalIdentity() core.Identity
	RemoteIdentity() core.Identity
}

// identifyLocked asks the session and the account who is who.
func (m *msrpStream) identifyLocked() {
	if m.account != nil {
		m.localID = cpim.Identity{DisplayName: m.account.Name(), URI: "sip:" + m.account.String()}
	}
	if ids, ok := m.owner.(identities); ok {
		if a := ids.LocalIdentity(); a != nil && m.account == nil {
			m.localID = identityOf(a)
		}
		if a := ids.RemoteIdentity(); a != nil {
			m.remoteID = identityOf(a)
		}
	}
	if conference, ok := m.owner.(interface{ RemoteFocus() bool }); ok {
		m.focus = conference.RemoteFocus()
	}
}

func identityOf(a core.Identity) cpim.Identity {
	uri := a.URI()
	uri.Headers = nil
	return cpim.Identity{DisplayName: a.DisplayName(), URI: uri.String()}
}

// attribute reads an attribute that all kinds have.
func (m *msrpStream) attribute(name string) (any, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch name {
	case "state":
		return string(m.state), true
	case "media_type":
		return m.kind.describeLocked().media, true
	case "accept_types":
		return fields(m.kind.describeLocked().acceptTypes), true
	case "accept_wrapped_types":
		if wrapped := fields(m.kind.describeLocked().wrappedTypes); len(wrapped) > 0 {
			return wrapped, true
		}
		return nil, true
	case "local_role":
		return nullText(m.setup), true
	case "remote_role":
		return nullText(m.remoteSetup), true
	case "transport":
		if m.secure {
			return "tls", true
		}
		return "tcp", true
	case "local_identity":
		return nullText(m.localID.URI), true
	case "remote_identity":
		return nullText(m.remoteID.URI), true
	case "direction":
		return m.kind.describeLocked().direction.String(), true
	case "shutting_down":
		return m.deactivated, true
	case "local_path":
		if m.endpoint == nil {
			return nil, true
		}
		return m.endpoint.Path().String(), true
	case "remote_path":
		if m.session == nil {
			return nil, true
		}
		return m.session.RemotePath().String(), true
	}
	return nil, false
}

// RegisterBuiltIn registers all stream types of this package, in the order in which the seed asks them.
func RegisterBuiltIn(r *Registry) {
	RegisterFileTransfer(r)
	RegisterAudio(r)
	RegisterChat(r)
	RegisterDesktopSharing(r)
}
