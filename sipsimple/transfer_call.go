package sipsimple

import (
	"fmt"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// placeCall makes the new session of an incoming transfer: one audio stream, the
// account of the old one, a fresh look-up of the way to the target (7.14).
func (sh *shell) placeCall(call transferCall) {
	s := sh.session
	var routes []core.Route
	err := errInternal
	begin := sh.app.lookupTurn()
	look := func() { routes, err = sh.app.routesTo(s.Account(), call.target.URI, begin) }
	sh.app.Engine().Ask(&s.box, look, func() {
		switch {
		case err != nil:
			err = fmt.Errorf("DNS lookup failed: %w", err)
		case !sh.app.guarded(func() { err = sh.connectNew(call, routes) }):
			err = errInternal
		}
		if err != nil {
			s.handle(callProgress{what: callNotPlaced, reason: err.Error()})
		}
	})
}

// connectNew starts the new session and reports how it gets on.
func (sh *shell) connectNew(call transferCall, routes []core.Route) error {
	acc := sh.session.Account()
	audio, err := sh.app.NewStream("audio", acc)
	if err != nil {
		return err
	}
	next := NewSession(sh.app, acc)
	sh.session.attrs.set(func(v *attributeValues) { v.transfer.newSession = next })
	sh.app.reportCall(next, sh.session)
	return next.command(connectCommand{
		to: call.target, routes: routes, streams: []streams.MediaStream{audio},
		headers: transferHeaders(call.referredBy, call.replaces), info: transferInfo(call.referredBy, call.replaces),
	})
}

// reportCall tells a session of what is notified of another one, until that has
// started or failed.
func (a *Application) reportCall(call, to *Session) {
	var handle *notification.Handle
	registered := make(chan struct{})
	observer := notification.ObserverFunc(func(n notification.Notification) {
		<-registered
		e, ok := callProgressOf(n.Data)
		if !ok {
			return
		}
		to.post(e)
		if e.what == callStarted || e.what == callFailed {
			handle.Cancel()
		}
	})
	handle = a.center.AddObserver(observer, notification.Filter{Sender: call})
	close(registered)
}

func callProgressOf(data notification.Data) (callProgress, bool) {
	switch data := data.(type) {
	case SIPSessionGotProvisionalResponse:
		return callProgress{what: callProvisional, code: data.Code, reason: data.Reason}, true
	case SIPSessionWillStart:
		return callProgress{what: callWillStart}, true
	case SIPSessionDidStart:
		return callProgress{what: callStarted}, true
	case SIPSessionDidFail:
		return callProgress{what: callFailed, code: data.Code, reason: data.Reason}, true
	default:
		return callProgress{}, false
	}
}

// replace ends the session whose place this one has taken. It is done on the
// other session's own executor: two machines never run inside each other.
func (sh *shell) replace(other *Session) { other.box.Post(other.End) }

// replacedBy finds the session that the Replaces header of an INVITE names. The
// core has found its dialog. A code refuses the INVITE: 603 if the session is about
// to end (RFC 3891 section 3), 481 if there is none any more (session.md 5).
func (sm *SessionManager) replacedBy(request *sip.Request) (replaced *Session, text string, code int) {
	header := request.GetHeader("Replaces")
	if header == nil {
		return nil, "", 0
	}
	named, _ := core.ParseReplaces(header.Value())
	for _, s := range sm.Sessions() {
		v := s.attrs.get()
		switch {
		case v.dialog == nil || !sameDialog(*v.dialog, named.Dialog):
		case v.state == Terminating:
			return nil, "", 603
		default:
			return s, header.Value(), 0
		}
	}
	return nil, "", 481
}

// sameDialog compares the dialog of a session with the one that a Replaces
// header names; there a tag of 0 stands for none (RFC 3891 section 3).
func sameDialog(own, named core.DialogID) bool {
	return own.CallID == named.CallID && own.LocalTag == named.LocalTag &&
		(own.RemoteTag == named.RemoteTag || own.RemoteTag == "" && named.RemoteTag == "0")
}

// headerText is a header's value, "" without one.
func headerText(request *sip.Request, name string) string {
	if header := request.GetHeader(name); header != nil {
		return header.Value()
	}
	return ""
}
