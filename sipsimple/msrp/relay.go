package msrp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Relay is a relay and who we are there (RFC 4976).
type Relay struct {
	Host     string // where to connect to
	Port     int    // 0: 2855
	Domain   string // that the relay serves, in the URI that AUTH goes to and in its certificate; "" is Host
	Username string
	Password string
}

func (r *Relay) uri(secure bool) URI {
	return URI{Secure: secure, Host: r.domain(), Port: r.port(), Transport: "tcp"}
}

func (r *Relay) domain() string { return cmp.Or(r.Domain, r.Host) }

func (r *Relay) port() int { return cmp.Or(r.Port, DefaultPort) }

// relayClient is a connection to a relay with a path of its own. The session on it exists from the start; it gets its
// paths when those of the peer are known.
type relayClient struct {
	endpoint *Endpoint
	session  *Session
	target   URI

	mu        sync.Mutex
	challenge *challenge
	count     int // nc
	refresh   *time.Timer
	taken     bool
}

var errRelay = errors.New("relay sent no usable Use-Path")

// openRelay connects and authenticates.
func (e *Endpoint) openRelay(ctx context.Context) error {
	r := &e.cfg.Relay
	hop := URI{Secure: e.cfg.TLS != nil, Host: r.Host, Port: r.port(), Transport: "tcp"}
	conn, err := e.dial(ctx, hop, r.domain(), "")
	if err != nil {
		return err
	}
	e.own.Port = portOf(conn.LocalAddr())
	c := &relayClient{endpoint: e, target: r.uri(e.cfg.TLS != nil)}
	c.session = newSession(sessionConfig{
		conn: conn, log: e.cfg.Logger, ids: e.ids, paths: paths{local: Path{e.own}, from: e.own.String()},
		bind: bindPassive, accept: e.cfg.Accept, keepAlive: e.cfg.KeepAlive, trace: e.cfg.Trace, siblings: e.cfg.Sessions,
	})
	e.relay = c
	return c.authenticate(ctx)
}

// authenticate sends AUTH, and again with credentials when the relay asks for them.
func (c *relayClient) authenticate(ctx context.Context) error {
	for tries := 0; ; tries++ {
		r, err := c.auth(ctx)
		if err != nil {
			return fmt.Errorf("relay %s: %w", c.endpoint.cfg.Relay.Host, err)
		}
		switch {
		case r.code == 200:
			return c.accepted(r)
		case r.code == 401 && tries < 2:
			asked, err := parseChallenge(r.fields("WWW-Authenticate"))
			if err != nil {
				return err
			}
			if tries > 0 && !asked.stale {
				return &Error{Method: "AUTH", Code: 401, Comment: r.comment}
			}
			c.mu.Lock()
			c.challenge, c.count = asked, 0
			c.mu.Unlock()
		default:
			return &Error{Method: "AUTH", Code: r.code, Comment: r.comment}
		}
	}
}

// auth is one AUTH and its response.
func (c *relayClient) auth(ctx context.Context) (response, error) {
	s := c.session
	m := Message{TransactionID: s.ids.New(), Method: "AUTH", ToPath: c.target.String(), FromPath: c.endpoint.own.String()}
	c.mu.Lock()
	if c.challenge != nil {
		c.count++
		m.Fields = []Field{{"Authorization", c.challenge.answer(&c.endpoint.cfg.Relay, m.ToPath, s.ids.New(), c.count)}}
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.endpoint.cfg.Timeout)
	defer cancel()
	return s.roundTrip(ctx, &m)
}

// roundTrip sends a request without a body and waits for its response.
func (s *Session) roundTrip(ctx context.Context, m *Message) (response, error) {
	answer := make(chan response, 1)
	s.mu.Lock()
	t := &transaction{id: m.TransactionID, done: func(r response) {
		if r.fields != nil {
			r.fields = keepFields(r.fields, "WWW-Authenticate", "Use-Path", "Expires")
		}
		answer <- r
	}}
	s.awaitLocked(t)
	s.armLocked(t)
	s.controlLocked(m)
	s.mu.Unlock()
	select {
	case r := <-answer:
		return r, nil
	case <-s.deadCh:
		return response{}, s.Err()
	case <-ctx.Done():
		return response{}, ctx.Err()
	}
}

// keepFields copies headers that are to outlive the call they came in.
func keepFields(fields func(string) string, names ...string) func(string) string {
	kept := map[string]string{}
	for _, name := range names {
		kept[name] = fields(name)
	}
	return func(name string) string { return kept[name] }
}

// accepted takes the path that the relay gives us, and comes back before it expires.
func (c *relayClient) accepted(r response) error {
	path, err := ParsePath(r.fields("Use-Path"))
	if err != nil {
		return fmt.Errorf("%w: %w", errRelay, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endpoint.relayed == nil {
		c.endpoint.relayed = path
	}
	seconds, err := strconv.Atoi(r.fields("Expires"))
	if err != nil || seconds <= 0 {
		return nil
	}
	in := time.Duration(seconds) * time.Second * 3 / 4
	if c.refresh == nil {
		c.refresh = time.AfterFunc(in, c.authenticateAgain)
	} else {
		c.refresh.Reset(in)
	}
	return nil
}

// authenticateAgain keeps the reservation; if the relay refuses, the session is over.
func (c *relayClient) authenticateAgain() {
	select {
	case <-c.session.deadCh:
		return
	default:
	}
	if err := c.authenticate(context.Background()); err != nil {
		c.session.abort(err)
	}
}

// close ends the refreshing, and the connection unless a session has taken it.
func (c *relayClient) close() {
	c.mu.Lock()
	taken := c.taken
	if c.refresh != nil && !taken {
		c.refresh.Stop()
	}
	c.mu.Unlock()
	if !taken {
		c.session.Abort(nil)
		<-c.session.Done()
	}
}

// throughRelay binds the relay connection to the peer.
func (e *Endpoint) throughRelay(ctx context.Context, peer Peer) (*Session, error) {
	s := e.relay.session
	s.setPaths(newPaths(e.Path(), peer.Path, e.relayed))
	if !peer.Active {
		if _, err := e.bind(ctx, s); err != nil {
			return nil, err
		}
	} else {
		ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
		defer cancel()
		if err := s.awaitBound(ctx); err != nil {
			return nil, fmt.Errorf("waiting for the peer: %w", err)
		}
	}
	e.relay.take()
	return s, nil
}

// take leaves the connection to the session.
func (c *relayClient) take() {
	c.mu.Lock()
	c.taken = true
	refresh := c.refresh
	c.mu.Unlock()
	if refresh != nil {
		c.session.onDead(func() { refresh.Stop() })
	}
}

func (s *Session) setPaths(p paths) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths = p
	close(s.pathsCh)
}
