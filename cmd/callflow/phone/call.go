package phone

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// call is one call, in either direction.
type call struct {
	session  *sipsimple.Session
	number   int
	peer     string
	incoming bool
	since    time.Time // when it came to stand; zero before
	held     bool      // by us
	transfer string    // that the peer asks for and we have not decided on; "" for none
	stream   *streams.AudioStream
	counted  string // packets, when the call begins to end
	given    bool   // up by us, before it stood
	ear      int    // slot of the meter of what is heard, or audio.NoSlot
	timer    *time.Timer
}

// place calls somebody.
func (p *Phone) place(ctx context.Context, to string) error {
	callee, err := p.address(to)
	if err != nil {
		return err
	}
	if err := p.open(); err != nil {
		return err
	}
	p.screen.line("calling %s", callee.URI.String())
	go func() { // the look-up takes its time
		routes, err := p.routes(ctx, callee.URI)
		p.post(func() {
			if err == nil {
				err = p.connect(callee, routes)
			}
			if err != nil {
				p.failure = err
				p.leave()
			}
		})
	}()
	return nil
}

func (p *Phone) connect(callee core.Address, routes []core.Route) error {
	if p.leaving {
		return nil
	}
	stream, err := p.app.NewStream(streams.AudioType, p.account)
	if err != nil {
		return err
	}
	c := p.callOf(sipsimple.NewSession(p.app, p.account))
	c.peer = callee.URI.String()
	return c.session.Connect(callee, routes, []streams.MediaStream{stream}, nil)
}

// routes are the ways to a URI, by DNS (RFC 3263).
func (p *Phone) routes(ctx context.Context, uri sip.Uri) ([]core.Route, error) {
	hop := p.account.NextHop(uri)
	if p.cfg.Proxy != "" {
		hop = sip.Uri{}
		if err := sip.ParseUri("sip:"+p.cfg.Proxy, &hop); err != nil {
			return nil, fmt.Errorf("--proxy %s: expected HOST or HOST:PORT", p.cfg.Proxy)
		}
	}
	if p.cfg.Transport != "" {
		hop.UriParams = hop.UriParams.Clone()
		hop.UriParams = hop.UriParams.Add("transport", p.cfg.Transport)
	}
	transports := []string{"udp", "tcp"}
	if p.cfg.TLS != nil {
		transports = append(transports, "tls")
	}
	r := p.app.Resolver()
	if m := p.app.AccountManager(); m != nil {
		transports = m.Transports()
	} else {
		var err error
		if r, err = resolver.New(resolver.Config{Net: p.cfg.Net, Nameservers: nameservers()}); err != nil {
			return nil, err
		}
	}
	return r.LookupSIPProxy(ctx, hop, transports)
}

// callOf is the record of a session, made when it is new.
func (p *Phone) callOf(s *sipsimple.Session) *call {
	if c := p.known(s); c != nil {
		return c
	}
	p.count++
	c := &call{session: s, number: p.count, ear: audio.NoSlot}
	p.calls = append(p.calls, c)
	return c
}

// known is the record of a session whose call is not over, or nil.
func (p *Phone) known(s *sipsimple.Session) *call {
	for _, c := range p.calls {
		if c.session == s {
			return c
		}
	}
	return nil
}

// current is the call that keys are for: the last one that stands, else the last
// one.
func (p *Phone) current() *call {
	for _, c := range slices.Backward(p.calls) {
		if !c.since.IsZero() {
			return c
		}
	}
	if len(p.calls) > 0 {
		return p.calls[len(p.calls)-1]
	}
	return nil
}

// audioOf is the audio stream among some.
func audioOf(list []streams.MediaStream) *streams.AudioStream {
	for _, s := range list {
		if a, ok := s.(*streams.AudioStream); ok {
			return a
		}
	}
	return nil
}

// uriOf is the URI of a party.
func uriOf(identity core.Identity) string {
	uri := identity.URI()
	return uri.String()
}

// ring deals with a call that comes in.
func (p *Phone) ring(c *call) {
	c.incoming = true
	if identity := c.session.RemoteIdentity(); identity != nil {
		c.peer = uriOf(identity)
	}
	switch offered := audioOf(c.session.ProposedStreams()); {
	case offered == nil:
		p.complain("refuse", c.session.Reject(488, ""))
	case p.cfg.AutoAnswer:
		p.complain("answer", c.session.Accept([]streams.MediaStream{offered}, nil))
	case len(p.calls) > 1:
		p.screen.line("refused a call from %s: busy", c.peer)
		p.complain("refuse", c.session.Reject(486, ""))
	default:
		p.screen.line("a call from %s: a to answer, r to refuse", c.peer)
		p.complain("ring", c.session.SendRingIndication())
	}
}

// stand connects the sound of a call that has been answered.
func (p *Phone) stand(c *call) {
	c.since, c.stream = time.Now(), audioOf(c.session.Streams())
	if c.stream == nil {
		return
	}
	p.screen.line("talking with %s, %s, from %s to %s", c.peer, c.stream.Codec(), c.stream.LocalRTPAddress(), c.stream.RemoteRTPAddress())
	if p.tape != nil {
		p.complain("play", c.stream.Bridge().Add(p.tape))
	}
	if p.cfg.Record != "" {
		p.complain("record", c.stream.StartRecording(numbered(p.cfg.Record, c.number)))
	}
	if p.cfg.Duration > 0 {
		c.timer = time.AfterFunc(p.cfg.Duration, c.session.End)
	}
	p.listen(c)
}

// listen has the meter hear the peer.
func (p *Phone) listen(c *call) {
	if !p.cfg.Terminal || c.stream == nil || c.stream.ProducerSlot() == audio.NoSlot {
		return
	}
	mixer := c.stream.Mixer()
	if c.ear == audio.NoSlot {
		slot, err := mixer.AddPort(nil, &p.heard)
		if err != nil {
			return
		}
		c.ear = slot
	}
	p.complain("listen", mixer.Connect(c.stream.ProducerSlot(), c.ear))
}

// numbered is a file name for the so-manieth call.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
}

// end forgets a call that is over.
func (p *Phone) end(c *call) {
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.ear != audio.NoSlot {
		c.stream.Mixer().RemovePort(c.ear)
	}
	p.calls = slices.DeleteFunc(p.calls, func(other *call) bool { return other == c })
	p.over++
	if len(p.calls) == 0 && (p.only || p.over == p.cfg.Calls) {
		p.leave()
	}
}

// counting keeps how much went over the network, while the stream knows.
func (c *call) counting() {
	if c.stream == nil {
		return
	}
	s := c.stream.Totals()
	c.counted = fmt.Sprintf("; %d packets out, %d in, %d lost", s.TX.Packets, s.RX.Packets, s.RX.Lost)
}

// complain shows an error, if there is one.
func (p *Phone) complain(what string, err error) {
	if err != nil {
		p.screen.line("cannot %s: %v", what, err)
	}
}
