package phone

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/audio"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// unheeded tells what happens in every call without a consequence here. It is
// most of what the application tells, and is left out before it costs anything.
func unheeded(data notification.Data) bool {
	switch data.(type) {
	case sipsimple.SIPSessionWillStart, sipsimple.SIPSessionDidProcessTransaction, audio.AudioPortDidChangeSlots,
		streams.MediaStreamDidInitialize, streams.MediaStreamDidStart, streams.MediaStreamWillEnd, streams.MediaStreamDidEnd:
		return true
	}
	return false
}

// heardOf follows what the application tells.
func (p *Phone) heardOf(n notification.Notification) {
	switch data := n.Data.(type) {
	case sipsimple.SIPApplicationDidStart:
		p.started()
	case sipsimple.SIPApplicationDidEnd:
		p.done = true
		if data.EndReason == "engine failed" && p.failure == nil {
			p.failure = fmt.Errorf("the ports cannot be opened")
		}
	case configuration.CFGManagerLoadFailed:
		p.screen.line("%v; the default is used", data.Error)
	case configuration.CFGManagerSaveFailed:
		p.screen.line("the configuration is not saved: %v", data.Exception)
	case account.SIPAccountRegistrationDidSucceed:
		p.screen.line("registered at %s for %d s", data.Registrar.Address, data.Expires)
	case account.SIPAccountRegistrationDidFail:
		p.screen.line("not registered: %s; next try in %.0f s", data.Error, data.Timeout)
	case account.SIPAccountRegistrationDidEnd:
		p.screen.line("no longer registered")
	case account.SIPAccountRegistrationDidNotEnd:
		p.screen.line("the registration stays until it expires: %d %s", data.Code, data.Reason)
	case audio.AudioDevicesDidChange:
		p.screen.line("sound devices are now: %s", strings.Join(data.NewDevices, ", "))
	case streams.AudioStreamGotDTMF:
		p.screen.line("they pressed %s", data.Digit)
	case streams.AudioStreamDidTimeout:
		p.screen.line("nothing is heard of them")
	}
	s, ok := n.Sender.(*sipsimple.Session)
	if !ok {
		return
	}
	switch n.Data.(type) {
	case sipsimple.SIPSessionNewIncoming, sipsimple.SIPSessionNewOutgoing:
		p.inCall(p.callOf(s), n.Data)
	default:
		if c := p.known(s); c != nil {
			p.inCall(c, n.Data)
		}
	}
}

// started tells where we are to be reached.
func (p *Phone) started() {
	for _, transport := range []string{"udp", "tcp", "tls"} {
		if addr, ok := p.app.Engine().Addr(transport); ok {
			p.screen.line("listening on %s %s", transport, addr)
		}
	}
	if p.only || !p.ready() {
		return
	}
	if err := p.open(); err != nil {
		p.failure = err
		p.leave()
		return
	}
	p.screen.line("waiting for calls to %s", p.account.ID)
}

// inCall follows what happens to a call.
func (p *Phone) inCall(c *call, data notification.Data) {
	switch data := data.(type) {
	case sipsimple.SIPSessionNewIncoming:
		p.ring(c)
	case sipsimple.SIPSessionNewOutgoing:
		if identity := c.session.RemoteIdentity(); c.peer == "" && identity != nil {
			c.peer = uriOf(identity)
		}
	case sipsimple.SIPSessionGotRingIndication:
		p.screen.line("it rings")
	case sipsimple.SIPSessionDidStart:
		p.stand(c)
	case sipsimple.SIPSessionDidFail:
		p.failed(c, data)
	case sipsimple.SIPSessionWillEnd:
		c.counting()
	case sipsimple.SIPSessionDidEnd:
		p.screen.line("ended by %s after %.1f s%s", who(data.Originator), time.Since(c.since).Seconds(), c.counted)
		p.end(c)
	case sipsimple.SIPSessionDidChangeHoldState:
		p.screen.line("%s by %s", held(data.OnHold), who(data.Originator))
		if data.Originator == sipsimple.Local {
			c.held = data.OnHold
		}
		p.listen(c)
	case sipsimple.SIPSessionGotProposal:
		if data.Originator == sipsimple.Remote {
			p.complain("refuse a proposal", c.session.RejectProposal(488, ""))
		}
	default:
		p.inTransfer(c, data)
	}
}

func (p *Phone) failed(c *call, data sipsimple.SIPSessionDidFail) {
	reason := data.Reason
	switch {
	case reason == "":
		reason = data.FailureReason
	case data.Originator == sipsimple.Local && data.Code >= 500: // something here does not work
		reason += " (" + data.FailureReason + ")"
	}
	err := &FailedError{Code: data.Code, Reason: reason}
	if p.only && p.failure == nil && !c.incoming {
		p.failure = err
	}
	if c.given && data.Code == 487 {
		p.screen.line("given up before an answer")
	} else {
		p.screen.line("%v", err)
	}
	p.end(c)
}

// inTransfer follows a transfer, in either direction.
func (p *Phone) inTransfer(c *call, data notification.Data) {
	switch data := data.(type) {
	case sipsimple.SIPSessionTransferNewIncoming:
		c.transfer = data.TransferDestination
		if p.cfg.AutoAnswer {
			p.screen.line("they transfer us to %s", c.transfer)
			p.decide(c, true)
			return
		}
		p.screen.line("they want to transfer us to %s: a to accept, r to refuse", c.transfer)
	case sipsimple.SIPSessionTransferGotProgress:
		p.screen.line("transfer: %d %s", data.Code, data.Reason)
	case sipsimple.SIPSessionTransferDidEnd:
		p.screen.line("transferred")
	case sipsimple.SIPSessionTransferDidFail:
		p.screen.line("the transfer failed: %d %s", data.Code, data.Reason)
	}
}

func who(o sipsimple.Originator) string {
	if o == sipsimple.Local {
		return "us"
	}
	return "them"
}

func held(on bool) string {
	if on {
		return "put on hold"
	}
	return "resumed"
}

// status is the last line of a terminal.
func (p *Phone) status() string {
	c := p.current()
	if c == nil || c.since.IsZero() {
		return ""
	}
	text := fmt.Sprintf("%s  us %s  them %s", time.Since(c.since).Truncate(time.Second), p.said.show(), p.heard.show())
	if p.muted.Load() {
		text += "  muted"
	}
	if c.held {
		text += "  on hold"
	}
	return text
}
