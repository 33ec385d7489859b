package streams

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Direction says who offered a stream, seen from here.
type Direction string

// The two directions of [MediaStream.Initialize].
const (
	Outgoing Direction = "outgoing" // we offer it
	Incoming Direction = "incoming" // the peer offered it
)

// Session is what a stream may ask of the session that owns it.
type Session interface {
	Transport() string   // "udp", "tcp" or "tls": the SIP transport
	LocalIP() netip.Addr // our address facing the peer
	Account() *account.Account
}

// MediaStream is the seed's IMediaStream: what a session needs of a stream of
// any kind. All methods return at once; outcomes are notifications posted with
// the stream as sender. The session calls them from one goroutine at a time.
//
// Descriptions that a stream is given, as to a [Factory], are never changed
// afterwards, by it or by anybody else: it may keep them. What LocalMedia
// returns is the caller's.
type MediaStream interface {
	Type() string // "audio", "chat", …
	HoldSupported() bool
	OnHoldByLocal() bool  // we do not want the peer's media
	OnHoldByRemote() bool // the peer does not want ours
	OnHold() bool         // either of the two
	Index() int           // m-line position; set by the session
	SetIndex(int)

	Initialize(session Session, direction Direction) error
	LocalMedia(forOffer bool) (*sdp.MediaDescription, error)
	Start(local, remote *sdp.SessionDescription, index int) error
	ValidateUpdate(remote *sdp.SessionDescription, index int) bool
	Update(local, remote *sdp.SessionDescription, index int) // not when we have removed another and nothing changes here
	Hold()
	Unhold()
	Deactivate()
	End()
}

// Connected is what a [MediaStream] implements beside when its end closes a
// connection, which the peer notices: a session that hangs up ends a stream whose
// connection stands when the BYE is answered, or 1 s later; others at once.
type Connected interface{ Connected() bool }

// Environment is what streams are made from: one per application, shared by
// its streams, never changed while they live.
type Environment struct {
	Center  *notification.Center
	Net     transport.Net
	Rand    io.Reader    // SSRC, sequence numbers, timestamps
	Logger  *slog.Logger // nil: slog.Default()
	Mixer   *audio.Mixer // the application's voice mixer
	RTP     RTPSettings
	MSRP    MSRPSettings
	NAT     NATSettings
	Ports   *PortRotation    // where the search for free RTP ports goes on; nil: at a random place
	Sockets *SocketReader    // opens and reads all RTP sockets of the system; nil: each has a goroutine of its own
	Account *account.Account // of the session, may be nil
}

// NATSettings are the seed's nat_traversal.* settings of an account that concern RTP.
type NATSettings struct {
	UseICE bool // default false
	// STUNServers finds the STUN servers to ask, best first; it may block until ctx ends, which is after 15 s. Nil: none.
	STUNServers func(ctx context.Context) []netip.AddrPort
}

// RTPSettings are the seed's rtp.* settings.
type RTPSettings struct {
	PortMin, PortMax int           // default 50000-50500
	Timeout          time.Duration // silence check, default 30 s; negative = off
	Codecs           []string      // in order of preference; default DefaultCodecs; what the mixer is too slow for is left out

	SRTPEncryption    Encryption // default disabled; of the account, in the seed
	UseSRTPWithoutTLS bool       // keys may be exchanged over signalling that is not encrypted
}
