package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// Bounds of the life cycle.
const (
	initializeTimeout = 45 * time.Second
	startTimeout      = 14 * time.Second // the session waits 15 s
)

// Initialize implements [MediaStream]: it listens, or gets a path from the relay.
func (m *msrpStream) Initialize(session Session, direction Direction) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state != MSRPNull {
		return &IllegalStateError{Method: "Initialize", State: string(m.state)}
	}
	m.state = MSRPInitializing
	m.owner = session
	if a := session.Account(); a != nil {
		m.account = a
	}
	m.identifyLocked()
	if err := m.kind.prepareLocked(direction); err != nil {
		m.failLocked("initialize", err)
		return nil
	}
	m.mode, m.setup = m.env.MSRP.connection(direction, m.remoteSetup)
	if m.offer == nil {
		m.secure = m.env.MSRP.transport() == "tls"
	}
	cfg, err := m.configLocked()
	if err != nil {
		m.failLocked("initialize", err)
		return nil
	}
	if m.mode != msrp.ViaRelay {
		m.openedLocked(msrp.Open(m.ctx, cfg))
		return nil
	}
	m.goLocked(func() {
		ctx, cancel := context.WithTimeout(m.ctx, initializeTimeout)
		defer cancel()
		endpoint, err := m.openAtRelay(ctx, cfg)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.openedLocked(endpoint, err)
	})
	return nil
}

// openAtRelay goes to the first relay that can be reached. What a relay answers
// is final: the others know no other password.
func (m *msrpStream) openAtRelay(ctx context.Context, cfg msrp.Config) (*msrp.Endpoint, error) {
	relays, err := m.env.MSRP.relays(ctx, m.secure)
	for _, relay := range relays {
		cfg.Relay = relay
		if relay.Username == "" {
			cfg.Relay.Username, cfg.Relay.Password = m.credentials()
		}
		endpoint, failed := msrp.Open(ctx, cfg)
		if failed == nil {
			return endpoint, nil
		}
		if _, refused := errors.AsType[*msrp.Error](failed); refused {
			return nil, failed
		}
		err = errors.Join(err, failed)
	}
	return nil, err
}

// credentials are those of the account.
func (m *msrpStream) credentials() (username, password string) {
	if m.account == nil {
		return "", ""
	}
	if c := m.account.Credentials(); c != nil {
		return c.Username, c.Password
	}
	uri := m.account.URI()
	return uri.User, ""
}

// goLocked runs a part of the life cycle that takes time.
func (m *msrpStream) goLocked(f func()) {
	m.working++
	m.workers.Go(f)
}

// configLocked describes our end of the connection.
func (m *msrpStream) configLocked() (msrp.Config, error) {
	d := m.kind.describeLocked()
	cfg := msrp.Config{
		Net: m.env.Net, Rand: m.env.Rand, Logger: m.libraryLog(), Trace: m.tracer(), Allow: m.env.MSRP.Allow, Sessions: m.env.MSRP.Sessions, Host: m.owner.LocalIP(), Mode: m.mode,
		Accept: fields(d.acceptTypes), KeepAlive: m.env.MSRP.KeepAlive,
	}
	if !d.keepAlive {
		cfg.KeepAlive = -1
	}
	var err error
	if m.secure {
		cfg.TLS, err = m.env.MSRP.tls()
	}
	return cfg, err
}

func (m *msrpStream) openedLocked(endpoint *msrp.Endpoint, err error) {
	switch {
	case m.state != MSRPInitializing:
		if endpoint != nil {
			endpoint.Close()
		}
	case err != nil:
		m.failLocked("initialize", err)
	default:
		m.endpoint, m.state, m.initialized = endpoint, MSRPInitialized, true
		m.env.Center.Post(m.kind, MediaStreamDidInitialize{})
	}
}

// failLocked reports the one failure of the stream.
func (m *msrpStream) failLocked(where string, err error) {
	if m.failed || m.state == MSRPEnded {
		return
	}
	m.failed, m.state = true, MSRPFailed
	reason := err.Error()
	switch {
	case errors.Is(err, io.EOF):
		reason = "the peer has closed the connection"
	case errors.Is(err, context.DeadlineExceeded):
		reason = "timed out: " + reason
	case reason == "":
		reason = fmt.Sprintf("%T", err)
	}
	m.kind.endingLocked()
	if m.session != nil {
		m.session.Close() // what is to be answered still is
	}
	m.env.Center.Post(m.kind, MediaStreamDidFail{Reason: reason, Context: where, Failure: err})
}

// fail is failLocked for those who hold no lock.
func (m *msrpStream) fail(where string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failLocked(where, err)
}

// Start implements [MediaStream]: it connects, or waits for the peer to connect.
func (m *msrpStream) Start(local, remote *sdp.SessionDescription, index int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state != MSRPInitialized {
		return &IllegalStateError{Method: "Start", State: string(m.state)}
	}
	m.state = MSRPStarting
	m.identifyLocked()
	peer, err := m.negotiateLocked(local, remote, index)
	if err != nil {
		m.failLocked("sdp_negotiation", err)
		return nil
	}
	endpoint := m.endpoint
	m.goLocked(func() {
		ctx, cancel := context.WithTimeout(m.ctx, startTimeout)
		defer cancel()
		session, err := endpoint.Establish(ctx, peer)
		m.established(session, err)
	})
	return nil
}

func (m *msrpStream) established(session *msrp.Session, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.state != MSRPStarting:
		if session != nil {
			m.session = session // End is waiting for us and closes it
		}
	case err != nil:
		m.failLocked("start", err)
	default:
		m.session, m.state = session, MSRPStarted
		m.env.Center.Post(m.kind, MediaStreamDidStart{})
		session.Run(m.kind) // before anything is sent: it wants to hear of it
		m.kind.startedLocked()
	}
}

// Closed implements msrp.Handler: the connection is gone.
func (m *msrpStream) Closed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deactivated {
		return
	}
	m.failLocked("reading", err)
}

// End implements [MediaStream]: what is queued is still sent, for 2 s at most; MediaStreamDidEnd follows when everything
// is released.
func (m *msrpStream) End() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state == MSRPEnded {
		return
	}
	if !m.failed {
		m.kind.endingLocked()
	}
	m.state = MSRPEnded
	m.cancel()
	if m.initialized {
		m.env.Center.Post(m.kind, MediaStreamWillEnd{})
	}
	if m.session == nil && m.working == 0 {
		m.releaseLocked()
		return
	}
	session := m.session
	if session != nil {
		session.Close()
	}
	go func() {
		m.workers.Wait()
		m.mu.Lock()
		session = m.session
		m.mu.Unlock()
		if session != nil {
			session.Close()
			<-session.Done()
		}
		m.kind.await()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.releaseLocked()
	}()
}

// releaseLocked gives everything back.
func (m *msrpStream) releaseLocked() {
	if m.endpoint != nil {
		m.endpoint.Close()
	}
	m.kind.endLocked()
	m.owner = nil
	if m.initialized {
		m.env.Center.Post(m.kind, MediaStreamDidEnd{})
	}
	close(m.done)
}
