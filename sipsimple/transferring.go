package sipsimple

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// transferring is a transfer of an established session, in either direction (7.14
// and 7.15). It runs beside the operations and does not touch the state.
type transferring struct {
	outgoing bool
	referral core.ReferReceived // of an incoming one
	calling  bool               // the new call has been placed
	begun    bool               // its dialog stands
}

// hangUpLimit is how long the transferee leaves it to the transferor to hang up
// (SD37).
const hangUpLimit = 2 * time.Second

// handleTransfer is what an event means for the transfer. It says whether the
// event was one of a transfer.
func (s *established) handleTransfer(m *machine, e event) bool {
	switch e := e.(type) {
	case transferCommand:
		s.refer(m, e)
	case core.ReferAccepted:
		m.setTransfer(streams.Outgoing, TransferStarted)
		m.notify(SIPSessionTransferDidStart{})
	case core.ReferProgress:
		m.notify(SIPSessionTransferGotProgress{Code: e.Code, Reason: e.Phrase})
	case core.ReferEnded:
		s.referEnded(m, e)
	case core.ReferReceived:
		s.referred(m, e)
	case acceptTransferCommand:
		s.acceptTransfer(m)
	case rejectTransferCommand:
		s.rejectTransfer(m, codeOr(e.code, 486), e.reason)
	case callProgress:
		s.callProgress(m, e)
	case core.ReferNotified:
		if e.Code/100 == 2 && e.Told/100 == 2 { // the transferor knows, and should hang up now
			m.out.startTimer(hangUpTimer, hangUpLimit)
		}
	case uselessNow:
		s.end(m)
	case expired:
		if e.timer != hangUpTimer {
			return false
		}
		s.end(m)
	default:
		return false
	}
	return true
}

// refer begins an outgoing transfer.
func (s *established) refer(m *machine, c transferCommand) {
	own := m.attrs.get().localIdentity
	s.transfer = &transferring{outgoing: true}
	m.notify(SIPSessionTransferNewOutgoing{TransferDestination: c.target.URI.String(), TransferSource: own.URI.String()})
	m.inv.Refer(c.target, c.replaced)
}

// uselessNow is an event: the new call stands, this one is of no use any more
// (SD37). It comes after SIPSessionTransferDidEnd has been delivered, whose
// observers still find a connected session.
type uselessNow struct{}

// referEnded is the outcome of an outgoing transfer.
func (s *established) referEnded(m *machine, e core.ReferEnded) {
	if e.Code/100 == 2 {
		s.transfer = nil
		m.setTransfer(streams.Outgoing, TransferEnded)
		m.notify(SIPSessionTransferDidEnd{})
		m.out.soon(uselessNow{})
		return
	}
	s.transferFailed(m, e.Code, e.Phrase)
	if e.Refused && e.Code == 481 { // TRF-11
		s.dead(m)
	}
}

// transferFailed ends a transfer; the session goes on.
func (s *established) transferFailed(m *machine, code int, phrase string) {
	if s.transfer == nil {
		return
	}
	s.transfer = nil
	m.attrs.set(func(v *attributeValues) { v.transfer.state = TransferFailed })
	m.notify(SIPSessionTransferDidFail{Code: code, Reason: phrase})
}

// endTransfer is the end of the session under a transfer. One that the
// application has accepted goes on without it (7.14, SD41).
func (s *established) endTransfer(m *machine) {
	if s.transfer != nil && !s.transfer.calling {
		s.transferFailed(m, 0, "invite dialog ended")
	}
}

// referred is the peer's wish that we call somebody else. The core has answered
// 202 and sent the first NOTIFY.
func (s *established) referred(m *machine, e core.ReferReceived) {
	if s.transfer != nil {
		m.inv.NotifyRefer(480, "", true)
		return
	}
	s.transfer = &transferring{referral: e}
	m.attrs.set(func(v *attributeValues) { v.transfer.newSession = nil })
	m.setTransfer(streams.Incoming, TransferStarting)
	m.notify(SIPSessionTransferNewIncoming{TransferDestination: bare(e.Target.URI), TransferSource: e.ReferredBy})
}

// bare is a URI without headers and parameters.
func bare(uri sip.Uri) string {
	uri.Headers, uri.UriParams = nil, nil
	return uri.String()
}

// acceptTransfer places the call.
func (s *established) acceptTransfer(m *machine) {
	if s.transfer == nil {
		return
	}
	s.transfer.calling = true
	m.notify(SIPSessionTransferDidStart{})
	m.out.placeCall(transferCall{
		target: s.transfer.referral.Target, referredBy: s.transfer.referral.ReferredBy, replaces: s.transfer.referral.Replaces,
	})
}

func (s *established) rejectTransfer(m *machine, code int, phrase string) {
	if s.transfer == nil {
		return
	}
	if phrase == "" {
		phrase = core.Phrase(code)
	}
	s.transferFailed(m, code, phrase)
	m.inv.NotifyRefer(code, phrase, true)
}

// transferCall is the call that a transfer asks for.
type transferCall struct {
	target               core.Address
	referredBy, replaces string
}

// callProgress is an event: how the call made for a transfer gets on.
type callProgress struct {
	what   callHappening
	code   int
	reason string
}

type callHappening int

const (
	callNotPlaced   callHappening = iota // there is no way to the target: reason
	callProvisional                      // code, reason
	callWillStart
	callStarted
	callFailed // code, reason
)

// callProgress passes on to the transferor what becomes of the call.
func (s *established) callProgress(m *machine, e callProgress) {
	if s.transfer == nil {
		return
	}
	switch e.what {
	case callNotPlaced: // TRF-07
		s.transferFailed(m, 0, e.reason)
		m.inv.NotifyRefer(480, "", true)
	case callProvisional:
		m.inv.NotifyRefer(e.code, e.reason, false)
	case callWillStart:
		s.transfer.begun = true
	case callStarted:
		s.transfer = nil
		m.setTransfer(streams.Incoming, TransferEnded)
		m.notify(SIPSessionTransferDidEnd{})
		m.inv.NotifyRefer(200, "", true)
	case callFailed: // TRF-04, TRF-08
		code, phrase := e.code, e.reason
		if code == 0 {
			code, phrase = 500, core.Phrase(500)
			if s.transfer.begun {
				phrase = "internal error"
			}
		}
		s.transferFailed(m, code, phrase)
		m.inv.NotifyRefer(code, phrase, true)
	}
}
