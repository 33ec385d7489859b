package msrp

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

// Session is one MSRP session on a connection of its own. All methods return at once and may be called from any
// goroutine.
type Session struct {
	conn      net.Conn
	log       *slog.Logger
	ids       *IDs
	keepAlive time.Duration
	accept    []string      // media types
	siblings  *Sessions     // of the application, nil: unknown
	pathsCh   chan struct{} // closed when both paths are known
	ready     chan struct{} // closed by Run
	wake      chan struct{} // something for the writer; room for one
	boundCh   chan struct{} // closed when the connection is bound
	deadCh    chan struct{}
	done      chan struct{} // both goroutines have ended
	workers   sync.WaitGroup

	in incoming // the reader's alone

	mu           sync.Mutex
	handler      Handler
	paths        paths
	bind         binding
	control      []byte // responses, reports and requests without body, to be written before anything else
	controlEnds  []int  // where each of them ends
	controlRoom  sync.Cond
	holding      bool   // reports wait for the response
	held         []byte // those that wait
	heldEnds     []int  // where each of them ends
	queue        []*outgoing
	current      *outgoing // being written
	transactions map[string]*transaction
	expiring     []*transaction // by deadline
	pending      int            // those that wait for a response
	timer        *time.Timer
	timing       bool
	alive        *time.Timer
	closing      bool // Close was called
	dead         bool // deadCh is closed
	atDeath      []func()
	err          error
}

// paths are the two ends of a session. The lines are as they are written.
type paths struct {
	local  Path // as in our SDP
	remote Path // as in the peer's SDP
	to     string
	from   string // our own URI
}

func newPaths(local, remote, relay Path) paths {
	to := slices.Clone(relay)
	slices.Reverse(to) // we meet them the other way round
	to = append(to, remote...)
	return paths{local: local, remote: remote, to: to.String(), from: local[len(local)-1].String()}
}

// fromPeer tells whether a From-Path is the peer's: it begins with the hop of its SDP, or behind our relays ends with it.
func (p *paths) fromPeer(from Path) bool {
	return from[0].SessionID == p.remote[0].SessionID ||
		from[len(from)-1].SessionID == p.remote[len(p.remote)-1].SessionID
}

// fromRelay tells whether a URI is one of our relays': they report what they could not pass on.
func (p *paths) fromRelay(from URI) bool {
	for _, u := range p.local[:len(p.local)-1] {
		if u.SessionID == from.SessionID {
			return true
		}
	}
	return false
}

// own is our own URI, the last of our path.
func (p *paths) own() URI { return p.local[len(p.local)-1] }

var errClosed = errors.New("MSRP session is closed")

type sessionConfig struct {
	conn      net.Conn
	log       *slog.Logger
	ids       *IDs
	paths     paths
	bind      binding
	accept    []string
	keepAlive time.Duration
	trace     func(*Session, TraceEntry) // nil: nobody
	siblings  *Sessions
}

// newSession runs a session on a connection whose handshakes are over. Nothing is handed to a handler before Run.
func newSession(c sessionConfig) *Session {
	s := &Session{
		conn: c.conn, log: c.log, ids: c.ids, paths: c.paths, bind: c.bind, accept: c.accept, siblings: c.siblings, keepAlive: c.keepAlive,
		ready: make(chan struct{}), wake: make(chan struct{}, 1), deadCh: make(chan struct{}), done: make(chan struct{}), boundCh: make(chan struct{}), pathsCh: make(chan struct{}),
		transactions: map[string]*transaction{},
	}
	s.controlRoom.L = &s.mu
	if c.trace != nil {
		s.conn = TraceConn(c.conn, func(e TraceEntry) { c.trace(s, e) })
	}
	if c.paths.remote != nil {
		close(s.pathsCh)
	}
	s.in.session = s
	s.workers.Go(s.read)
	s.workers.Go(s.write)
	go s.finish()
	return s
}

// Run gives the session its handler; what came in meanwhile follows. It must be called once.
func (s *Session) Run(h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = h
	close(s.ready)
	if s.keepAlive > 0 && !s.dead {
		s.alive = time.AfterFunc(s.keepAlive, s.keepAliveNow)
	}
}

// running is the handler, nil before Run.
func (s *Session) running() Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handler
}

// LocalPath is our path, as in our SDP.
func (s *Session) LocalPath() Path { return s.paths.local }

// RemotePath is the peer's path, as in its SDP.
func (s *Session) RemotePath() Path { return s.paths.remote }

// Done is closed when the connection is closed and no goroutine of the session is left.
func (s *Session) Done() <-chan struct{} { return s.done }

// Close ends the session: what is queued is sent, a bulk message in the middle is aborted with "#", the connection is
// closed properly, all within some 3 s. The handler hears nothing more of what comes in.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.dead {
		return
	}
	s.closing = true
	s.siblings.remove(s.paths.own().SessionID, s)
	if m := s.current; m != nil && m.Bulk {
		m.closeBody()
	}
	s.stopTimersLocked()
	_ = s.conn.SetWriteDeadline(time.Now().Add(flushTimeout))
	s.wakeLocked()
	s.controlRoom.Broadcast()
}

// Abort closes the connection at once. Reason, if not nil, is what Handler.Closed gets.
func (s *Session) Abort(reason error) {
	s.mu.Lock()
	s.closing = s.closing || reason == nil
	s.mu.Unlock()
	s.abort(reason)
}

// abort is the end of the connection. The first reason counts. It is logged before
// the handler hears of it.
func (s *Session) abort(reason error) {
	if !s.doom(reason) {
		return
	}
	defer s.workers.Done()
	if reason != nil && reason != io.EOF {
		s.log.Debug("MSRP connection given up", "error", reason)
	}
	s.die()
}

// doom tells whether the session was alive. Its end waits for who has doomed it.
func (s *Session) doom(reason error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return false
	}
	if reason == nil {
		reason = errClosed
	}
	s.dead, s.err = true, reason
	s.workers.Add(1)
	return true
}

func (s *Session) die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopTimersLocked()
	s.siblings.remove(s.paths.own().SessionID, s)
	close(s.deadCh)
	if m := s.current; m != nil {
		m.closeBody()
	}
	for _, f := range s.atDeath {
		f()
	}
	s.controlRoom.Broadcast()
	s.workers.Go(func() { _ = s.conn.Close() }) // closing TLS writes
}

// onDead has f called when the session ends, at once if it has. F must not block.
func (s *Session) onDead(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		f()
		return
	}
	s.atDeath = append(s.atDeath, f)
}

func (s *Session) stopTimersLocked() {
	for _, t := range []*time.Timer{s.timer, s.alive} {
		if t != nil {
			t.Stop()
		}
	}
}

// finish waits for the workers and tells the handler how it came.
func (s *Session) finish() {
	s.workers.Wait()
	s.mu.Lock()
	handler, err, told := s.handler, s.err, s.closing
	s.mu.Unlock()
	if handler != nil && !told {
		handler.Closed(err)
	}
	close(s.done)
}

// wakeLocked makes the writer look.
func (s *Session) wakeLocked() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Err is why the session is over, nil before. It is io.EOF if the peer has closed it properly.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// keepAliveNow sends an empty SEND (RFC 4975 section 7.1.1 forbids nothing of the kind); without a response the session
// is over.
func (s *Session) keepAliveNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || s.closing {
		return
	}
	s.sendEmptyLocked(func(r response) {
		if r.code == 408 || r.code == 481 {
			s.abort(&Error{Method: "SEND", Code: r.code, Comment: r.comment})
		}
	})
	s.alive.Reset(s.keepAlive)
}

// sendEmptyLocked queues a SEND without a body, as it binds a connection and keeps it alive.
func (s *Session) sendEmptyLocked(done func(response)) {
	t := &transaction{id: s.ids.New(), done: done}
	s.awaitLocked(t)
	s.armLocked(t)
	m := Message{
		TransactionID: t.id, Method: "SEND", ToPath: s.paths.to, FromPath: s.paths.from,
		Fields: []Field{{"Message-ID", s.ids.New()}, {"Byte-Range", "1-0/0"}},
	}
	s.controlLocked(&m)
}

// controlLocked queues a whole message before all others.
func (s *Session) controlLocked(m *Message) {
	if s.dead {
		return
	}
	s.control = m.Append(s.control)
	s.controlEnds = append(s.controlEnds, len(s.control))
	s.wakeLocked()
}
