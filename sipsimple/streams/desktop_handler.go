package streams

import (
	"context"
	"sync"
)

// Values of a=rfbsetup, and types of handlers: who is the RFB client, and who the server.
const (
	rfbActive  = "active"
	rfbPassive = "passive"
)

// DesktopSharingHandler is between a [DesktopSharingStream] and a program that speaks RFB (the seed's
// IDesktopSharingHandler). The stream calls Initialize before its own initialisation, Start after MediaStreamDidStart,
// Stop when it ends or fails, and Wait after that; all but Wait return at once, with the stream's lock held, so they must
// not call the stream.
type DesktopSharingHandler interface {
	Type() string // "active" is a viewer, "passive" a server
	Initialize(stream *DesktopSharingStream)
	Start()
	Receive(data []byte) // from the peer; it may wait until Stop; data is not kept
	Stop()
	Wait() // until nothing of the handler is left
}

// Notifications of desktop sharing. The sender is the handler.
type (
	// DesktopSharingStreamGotData: RFB octets for the program.
	DesktopSharingStreamGotData struct {
		Data []byte `field:"data"`
	}
	// DesktopSharingHandlerDidFail: the connection to the program has failed. The stream fails with the same data.
	DesktopSharingHandlerDidFail struct {
		Context string `field:"context"` // "connecting", "sending" or "reading"
		Failure error  `field:"failure,null"`
		Reason  string `field:"reason"`
	}
)

func (DesktopSharingStreamGotData) NotificationName() string  { return "DesktopSharingStreamGotData" }
func (DesktopSharingHandlerDidFail) NotificationName() string { return "DesktopSharingHandlerDidFail" }

// internalHandler hands data to the application as notifications and takes it from there.
type internalHandler struct {
	env    *Environment
	self   DesktopSharingHandler
	ctx    context.Context // until Stop
	cancel context.CancelFunc

	mu     sync.Mutex
	stream *DesktopSharingStream
}

func (h *internalHandler) init(env *Environment, self DesktopSharingHandler) {
	h.env, h.self = env, self
	h.ctx, h.cancel = context.WithCancel(context.Background())
}

// Initialize implements [DesktopSharingHandler].
func (h *internalHandler) Initialize(stream *DesktopSharingStream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stream = stream
}

// Start implements [DesktopSharingHandler].
func (*internalHandler) Start() {}

// Stop implements [DesktopSharingHandler].
func (h *internalHandler) Stop() { h.cancel() }

// Wait implements [DesktopSharingHandler].
func (*internalHandler) Wait() {}

// Receive implements [DesktopSharingHandler]: it waits until the observers have had the data.
func (h *internalHandler) Receive(data []byte) {
	_ = h.env.Center.PostWait(h.ctx, h.self, DesktopSharingStreamGotData{append([]byte{}, data...)})
}

// Send sends data to the peer. It waits while the connection is behind.
func (h *internalHandler) Send(ctx context.Context, data []byte) error {
	h.mu.Lock()
	stream := h.stream
	h.mu.Unlock()
	if stream == nil {
		return ErrStreamEnded
	}
	return stream.Send(ctx, data)
}

// InternalVNCViewerHandler is a viewer within the application: what the server says is notified
// ([DesktopSharingStreamGotData]), what the viewer says goes to Send.
type InternalVNCViewerHandler struct{ internalHandler }

// NewInternalVNCViewerHandler returns a viewer.
func NewInternalVNCViewerHandler(env *Environment) *InternalVNCViewerHandler {
	h := &InternalVNCViewerHandler{}
	h.init(env, h)
	return h
}

// Type implements [DesktopSharingHandler].
func (*InternalVNCViewerHandler) Type() string { return rfbActive }

// InternalVNCServerHandler is a server within the application.
type InternalVNCServerHandler struct{ internalHandler }

// NewInternalVNCServerHandler returns a server.
func NewInternalVNCServerHandler(env *Environment) *InternalVNCServerHandler {
	h := &InternalVNCServerHandler{}
	h.init(env, h)
	return h
}

// Type implements [DesktopSharingHandler].
func (*InternalVNCServerHandler) Type() string { return rfbPassive }
