package phone

import (
	"strings"

	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// press does what a key is for.
func (p *Phone) press(k key) {
	c := p.current()
	switch {
	case k.pressed == '?':
		p.screen.print(Help + "\n")
	case k.pressed == 'm':
		p.mute()
	case k.pressed == 'q':
		p.hangUp()
	case c == nil:
		p.screen.line("there is no call")
	case k.pressed == 'a', k.pressed == 'r':
		p.decide(c, k.pressed == 'a')
	case c.since.IsZero():
		p.screen.line("the call does not stand yet")
	case k.pressed == 'h':
		p.hold(c)
	case k.pressed == 't':
		p.transfer(c, k.line)
	case strings.IndexByte("0123456789*#ABCD", k.pressed) >= 0 && c.stream != nil:
		p.screen.line("we press %c", k.pressed)
		p.complain("send it", c.stream.SendDTMF(string(rune(k.pressed))))
	default:
		p.screen.line("%q is no key; ? shows which there are", k.pressed)
	}
}

// hold puts the peer on hold, or resumes. It takes a while.
func (p *Phone) hold(c *call) {
	if c.held = !c.held; c.held {
		c.session.Hold()
	} else {
		c.session.Unhold()
	}
}

// mute switches our voice off, or on.
func (p *Phone) mute() {
	muted := !p.muted.Load()
	p.muted.Store(muted)
	if mixer := p.app.Mixer(); mixer != nil {
		mixer.SetMuted(muted)
	}
	if muted {
		p.screen.line("muted")
	} else {
		p.screen.line("not muted any more")
	}
}

// hangUp ends all calls, or without any the phone.
func (p *Phone) hangUp() {
	if len(p.calls) == 0 {
		p.leave()
		return
	}
	for _, c := range p.calls {
		c.given = c.since.IsZero()
		c.session.End()
	}
}

// decide answers or refuses what the peer wants: a call or a transfer.
func (p *Phone) decide(c *call, yes bool) {
	switch ringing := c.incoming && c.since.IsZero(); {
	case c.transfer != "" && yes:
		p.complain("accept the transfer", c.session.AcceptTransfer())
		c.transfer = ""
	case c.transfer != "":
		p.complain("refuse the transfer", c.session.RejectTransfer(603, ""))
		c.transfer = ""
	case ringing && yes:
		if offered := audioOf(c.session.ProposedStreams()); offered != nil {
			p.complain("answer", c.session.Accept([]streams.MediaStream{offered}, nil))
		}
	case ringing:
		p.complain("refuse", c.session.Reject(603, ""))
	default:
		p.screen.line("nobody asks for anything")
	}
}

// transfer asks the peer to call somebody else.
func (p *Phone) transfer(c *call, to string) {
	target, err := p.address(to)
	if err == nil {
		p.screen.line("transferring them to %s", target.URI.String())
		err = c.session.Transfer(target, nil)
	}
	p.complain("transfer", err)
}
