package streams

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// ConnectionModel says how an MSRP stream gets its connection (the seed's msrp.connection_model).
type ConnectionModel string

// The models.
const (
	ModelRelay ConnectionModel = "relay" // who receives goes through the relay, who calls only if told so
	ModelACM   ConnectionModel = "acm"   // no relay: RFC 6135
	// ModelBonjour is that of the Bonjour account: who offers connects.
	ModelBonjour ConnectionModel = "bonjour"
)

// MSRPSettings are the seed's msrp.* settings and those of nat_traversal.* that MSRP needs.
type MSRPSettings struct {
	// Transport of streams that we offer is "tls" or "tcp"; default: tls if there is a certificate, else tcp. With an
	// explicit "tls" plain offers are refused.
	Transport string
	// TLS has our certificate, needed to accept connections, and the authorities that we trust when the peer's SDP has
	// no fingerprint.
	TLS *tls.Config
	// FindTLS is asked for each stream over TLS when TLS is nil.
	FindTLS func() (*tls.Config, error)
	Model   ConnectionModel // default: relay if there is one, else acm
	Relay   *msrp.Relay
	// FindRelay is asked in the model relay when Relay is nil: the relays that serve
	// the account, best first, over TLS or not. The first that can be reached is
	// used. It may take until the context ends.
	FindRelay        func(ctx context.Context, secure bool) ([]msrp.Relay, error)
	RelayForOutbound bool          // offers go through the relay too
	KeepAlive        time.Duration // default 60 s, negative: none
	// Sessions are those of the application that have a connection: what comes for one of them over the connection of another
	// is answered 506. [Environment] of an application has it; nil: 481.
	Sessions *msrp.Sessions
	// Allow tells whether a peer's path may lead us to an address; nil:
	// [msrp.AllowNear].
	Allow func(netip.Addr) bool
	// Trace gets all octets of MSRP, without TLS. It must not block. nil: nobody.
	Trace func(msrp.TraceEntry)
	// TraceMessages posts [MSRPTransportTrace] for each message.
	TraceMessages bool
	MaxMessage    int64 // octets of a chat message, default 1 MiB
	// Downloads is the folder that incoming files are saved in; "" saves nothing: the application has the chunks.
	Downloads string
}

func (s *MSRPSettings) transport() string {
	switch {
	case s.Transport != "":
		return s.Transport
	case s.TLS != nil && (len(s.TLS.Certificates) > 0 || s.TLS.GetCertificate != nil):
		return "tls"
	}
	return "tcp"
}

func (s *MSRPSettings) model() ConnectionModel {
	switch {
	case s.Model != "":
		return s.Model
	case s.Relay != nil, s.FindRelay != nil:
		return ModelRelay
	}
	return ModelACM
}

// Values of a=setup (RFC 4145, RFC 6135).
const (
	setupActive  = "active"
	setupPassive = "passive"
	setupActPass = "actpass"
)

// connection chooses how to connect, and what a=setup says (RFC 6135). Remote is what the offer says, "" in our own.
func (s *MSRPSettings) connection(direction Direction, remote string) (mode msrp.Mode, setup string) {
	model := s.model()
	relay := model == ModelRelay
	switch {
	case model == ModelBonjour && direction == Outgoing:
		return msrp.Connect, setupActive
	case model == ModelBonjour && remote != setupPassive:
		return msrp.Listen, setupPassive
	case direction == Incoming && (remote == setupActPass || remote == setupPassive):
		return msrp.Connect, setupActive
	case direction == Incoming && relay:
		return msrp.ViaRelay, setupPassive
	case direction == Incoming:
		return msrp.Listen, setupPassive
	case relay && !s.RelayForOutbound:
		return msrp.Connect, setupActive
	case relay:
		return msrp.ViaRelay, setupActPass
	}
	return msrp.Listen, setupActPass
}

var errNoRelay = errors.New("there is no MSRP relay")

// relays lists those that may serve us, best first.
func (s *MSRPSettings) relays(ctx context.Context, secure bool) ([]msrp.Relay, error) {
	switch {
	case s.Relay != nil:
		return []msrp.Relay{*s.Relay}, nil
	case s.FindRelay == nil:
		return nil, errNoRelay
	}
	list, err := s.FindRelay(ctx, secure)
	if err != nil {
		return nil, fmt.Errorf("looking for an MSRP relay: %w", err)
	}
	if len(list) == 0 {
		return nil, errNoRelay
	}
	return list, nil
}

// tls is what TLS connections are made with.
func (s *MSRPSettings) tls() (*tls.Config, error) {
	switch {
	case s.TLS != nil:
		return s.TLS, nil
	case s.FindTLS != nil:
		return s.FindTLS()
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}, nil
}
