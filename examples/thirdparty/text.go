package thirdparty

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TextType is the type of a [TextStream].
const TextType = "text"

type state string

const (
	null        state = "NULL"
	initialized state = "INITIALIZED"
	started     state = "STARTED"
	failed      state = "FAILED"
	ended       state = "ENDED"
)

// TextStream sends and receives text while it is typed: every [TextStream.Send] is one RTP packet, what comes is told by
// [TextStreamGotText]. It can be held. All methods return at once and may be called from any goroutine.
type TextStream struct {
	env *streams.Environment

	mu          sync.Mutex
	state       state
	initialized bool // MediaStreamDidInitialize is posted
	index       int
	offer       *sdp.MediaDescription // the m-line an incoming stream was made from
	offerOf     *sdp.SessionDescription
	hold        streams.HoldState
	direction   sdp.Direction // as negotiated, 0 before
	conn        net.PacketConn
	port        int
	remote      netip.AddrPort
	dest        net.Addr
	sender      sender
	reader      sync.WaitGroup
}

// Register makes text m-lines welcome.
func Register(r *streams.Registry) {
	r.Add(streams.Factory{
		Type: TextType, Priority: 1,
		New:        func(env *streams.Environment) (streams.MediaStream, error) { return NewTextStream(env), nil },
		NewFromSDP: newFromSDP,
	})
}

// NewTextStream returns a stream to offer. It has no socket yet, and nothing runs.
func NewTextStream(env *streams.Environment) *TextStream { return &TextStream{env: env, state: null} }

// newFromSDP tells m-lines of others (ErrUnknownStream: the next factory is asked) from our own that cannot be used.
func newFromSDP(env *streams.Environment, remote *sdp.SessionDescription, index int) (streams.MediaStream, error) {
	line, ok := lineAt(remote, index)
	if !ok || line.MediaName.Media != "text" {
		return nil, streams.ErrUnknownStream
	}
	if err := usable(line); err != nil {
		return nil, &streams.InvalidStreamError{Reason: err.Error()}
	}
	s := NewTextStream(env)
	s.index, s.offer, s.offerOf = index, line, remote // nobody changes them any more
	return s, nil
}

// Type implements [streams.MediaStream].
func (*TextStream) Type() string { return TextType }

// Index implements [streams.MediaStream].
func (s *TextStream) Index() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index
}

// SetIndex implements [streams.MediaStream].
func (s *TextStream) SetIndex(index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index = index
}

// RemoteAddress is where text is sent to, not valid before the start.
func (s *TextStream) RemoteAddress() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remote
}

// Initialize implements [streams.MediaStream]: it binds a port.
func (s *TextStream) Initialize(session streams.Session, _ streams.Direction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != null {
		return s.illegalLocked("Initialize")
	}
	var seed [12]byte
	conn, err := s.env.Net.ListenPacket("udp", net.JoinHostPort(session.LocalIP().String(), "0"))
	if err == nil {
		_, err = io.ReadFull(s.env.Rand, seed[:])
	}
	if err != nil {
		if conn != nil {
			_ = conn.Close() // the error that matters is the other one
		}
		s.failLocked(fmt.Errorf("port for text: %w", err))
		return nil
	}
	s.conn, s.port = conn, conn.LocalAddr().(*net.UDPAddr).Port
	s.sender = newSender(binary.BigEndian.Uint32(seed[:]), binary.BigEndian.Uint32(seed[4:]), binary.BigEndian.Uint16(seed[8:]))
	s.state, s.initialized = initialized, true
	s.reader.Go(s.read)
	s.env.Center.Post(s, streams.MediaStreamDidInitialize{})
	return nil
}

// failLocked posts the one failure of the stream.
func (s *TextStream) failLocked(err error) {
	s.state = failed
	s.env.Center.Post(s, streams.MediaStreamDidFail{Reason: err.Error()})
}

func (s *TextStream) illegalLocked(method string) error {
	return &streams.IllegalStateError{Method: method, State: string(s.state)}
}

// Start implements [streams.MediaStream]: text flows when it returns.
func (s *TextStream) Start(local, remote *sdp.SessionDescription, index int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != initialized {
		return s.illegalLocked("Start")
	}
	if err := s.negotiatedLocked(local, remote, index); err != nil {
		s.failLocked(err)
		return nil
	}
	s.state = started
	s.env.Center.Post(s, streams.MediaStreamDidStart{})
	return nil
}

// ValidateUpdate implements [streams.MediaStream]: the line must stay text that we can read, or be dead.
func (s *TextStream) ValidateUpdate(remote *sdp.SessionDescription, index int) bool {
	line, ok := lineAt(remote, index)
	return ok && line.MediaName.Media == "text" && (!callsdp.Alive(line) || usable(line) == nil)
}

// Update implements [streams.MediaStream].
func (s *TextStream) Update(local, remote *sdp.SessionDescription, index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != started {
		return
	}
	if err := s.negotiatedLocked(local, remote, index); err != nil {
		s.failLocked(err)
	}
}

// Deactivate implements [streams.MediaStream]: UDP does not notice when the peer goes.
func (*TextStream) Deactivate() {}

// End implements [streams.MediaStream].
func (s *TextStream) End() {
	s.mu.Lock()
	effective := s.initialized && s.state != ended
	s.state = ended
	conn := s.conn
	s.mu.Unlock()
	if !effective {
		return
	}
	s.env.Center.Post(s, streams.MediaStreamWillEnd{})
	_ = conn.Close() // nobody could act on an error, and nothing is buffered
	go func() {      // the reader may be waiting for our lock
		s.reader.Wait()
		s.env.Center.Post(s, streams.MediaStreamDidEnd{})
	}()
}
