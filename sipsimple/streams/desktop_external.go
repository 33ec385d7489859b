package streams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/dialing"
)

// vncTimeout is how long an external program may take to connect or to answer.
const vncTimeout = 3 * time.Second

// vncRead is how much is read from an external program at once.
const vncRead = 2048

// externalHandler joins the stream and a TCP connection to a program.
type externalHandler struct {
	env     *Environment
	self    DesktopSharingHandler
	connect func(ctx context.Context) (net.Conn, error)
	release func() // gives up what is there before the connection
	timeout time.Duration
	ctx     context.Context // until Stop
	cancel  context.CancelFunc
	ready   chan struct{} // closed when conn is there
	workers sync.WaitGroup

	mu     sync.Mutex
	stream *DesktopSharingStream
	conn   net.Conn
}

func (h *externalHandler) init(env *Environment, self DesktopSharingHandler, timeout time.Duration) {
	if timeout == 0 {
		timeout = vncTimeout
	}
	h.env, h.self, h.timeout, h.ready, h.release = env, self, timeout, make(chan struct{}), func() {}
	h.ctx, h.cancel = context.WithCancel(context.Background())
}

// Initialize implements [DesktopSharingHandler].
func (h *externalHandler) Initialize(stream *DesktopSharingStream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stream = stream
}

// Start implements [DesktopSharingHandler]: it connects, and pumps from then on.
func (h *externalHandler) Start() { h.workers.Go(h.run) }

// Stop implements [DesktopSharingHandler].
func (h *externalHandler) Stop() {
	h.cancel()
	h.release()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		_ = h.conn.Close()
	}
}

// Wait implements [DesktopSharingHandler].
func (h *externalHandler) Wait() { h.workers.Wait() }

func (h *externalHandler) run() {
	ctx, cancel := context.WithTimeout(h.ctx, h.timeout)
	conn, err := h.connect(ctx)
	cancel()
	h.mu.Lock()
	stream := h.stream
	if err == nil {
		h.conn = conn
		close(h.ready)
	}
	h.mu.Unlock()
	if err != nil {
		h.failed(stream, "connecting", err)
		return
	}
	if h.ctx.Err() != nil { // Stop has not seen the connection
		_ = conn.Close()
		return
	}
	buf := make([]byte, vncRead)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			if err := stream.Send(h.ctx, buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("the VNC program has closed the connection")
			}
			h.failed(stream, "reading", err)
			return
		}
	}
}

// failed tells the stream, unless it has ended us.
func (h *externalHandler) failed(stream *DesktopSharingStream, where string, err error) {
	if h.ctx.Err() == nil {
		stream.handlerFailed(h.self, where, err)
	}
}

// Receive implements [DesktopSharingHandler]: it waits for the connection, and for the program to take the data.
func (h *externalHandler) Receive(data []byte) {
	select {
	case <-h.ready:
	case <-h.ctx.Done():
		return
	}
	if _, err := h.conn.Write(data); err != nil {
		h.failed(h.stream, "sending", err)
	}
}

// ExternalVNCViewerHandler is for a viewer that connects to us: it listens from the beginning, and takes one connection
// after MediaStreamDidStart.
type ExternalVNCViewerHandler struct {
	externalHandler
	listener net.Listener
}

// NewExternalVNCViewerHandler listens at address, "" for any free port of the loopback interface. A timeout of 0 is 3 s.
func NewExternalVNCViewerHandler(env *Environment, address string, timeout time.Duration) (*ExternalVNCViewerHandler, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	addr, err := env.Net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	listener, err := env.Net.ListenTCP("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening for the VNC viewer: %w", err)
	}
	h := &ExternalVNCViewerHandler{listener: listener}
	h.init(env, h, timeout)
	h.release = func() { _ = listener.Close() }
	h.connect = func(ctx context.Context) (net.Conn, error) {
		if deadline, ok := ctx.Deadline(); ok {
			_ = listener.SetDeadline(deadline)
		}
		defer h.release()
		return listener.Accept()
	}
	return h, nil
}

// Type implements [DesktopSharingHandler].
func (*ExternalVNCViewerHandler) Type() string { return rfbActive }

// Address is where the viewer has to connect to.
func (h *ExternalVNCViewerHandler) Address() string { return h.listener.Addr().String() }

// ExternalVNCServerHandler is for a server that we connect to after MediaStreamDidStart.
type ExternalVNCServerHandler struct{ externalHandler }

// NewExternalVNCServerHandler connects to address when the stream starts. A timeout of 0 is 3 s.
func NewExternalVNCServerHandler(env *Environment, address string, timeout time.Duration) *ExternalVNCServerHandler {
	h := &ExternalVNCServerHandler{}
	h.init(env, h, timeout)
	h.connect = func(ctx context.Context) (net.Conn, error) {
		return dialing.TCP(ctx, env.Net, &net.Dialer{Timeout: h.timeout}, address)
	}
	return h
}

// Type implements [DesktopSharingHandler].
func (*ExternalVNCServerHandler) Type() string { return rfbPassive }
