package sipsimple

import (
	"strings"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// handleInvite makes a session of an INVITE that the core has found in order,
// or refuses it without any notification (session.md 5, steps 2 to 6). It runs
// on the engine's mailbox.
func (sm *SessionManager) handleInvite(inv *core.Invitation) {
	if !sm.accepting() { // SD15, TRM-23; and before start (application.md 2.2)
		inv.Reject(503, "")
		return
	}
	request := inv.Request()
	acc := sm.app.matchAccount(request.Recipient.User, request.Recipient.Host)
	if acc == nil { // FAI-05
		inv.Reject(404, "")
		return
	}
	call := incomingCall{
		dialog: inv.Dialog(), inv: inv, subject: subjectOf(request), local: inv.Local(), remote: inv.Remote(),
		agent: inv.PeerAgent(), transport: inv.Transport(), peer: inv.RemoteAddr().Addr(),
	}
	if body := request.Body(); len(body) > 0 {
		offer, err := inv.Offer(), error(nil)
		if offer == nil { // a body of another type
			offer, err = sdp.Parse(body)
		}
		if err != nil { // EDG-01
			inv.Reject(400, "", warning(err.Error()))
			return
		}
		inv.Trying()
		call.offer = offer
		call.streams = sm.app.streamsFor(acc, offer, allLines(offer))
		if len(call.streams) == 0 { // 7.8, FAI-06
			inv.Reject(488, "")
			return
		}
	} else {
		inv.Trying()
	}
	replaced, replaces, code := sm.replacedBy(request)
	if code != 0 {
		inv.Reject(code, "")
		return
	}
	call.replaced, call.info = replaced, transferInfo(headerText(request, "Referred-By"), replaces)
	if acc.PublicGRUU() != "" {
		inv.SetContact(acc.DialogContact())
	}
	session := NewSession(sm.app, acc)
	inv.Attach(&session.box, inbox{session})
	session.handle(call) // at once, so that the manager's stop finds the session
}

// streamsFor asks the registered stream types for each of the m-lines that is
// in use. What nobody can use is left out, and its line refused in the answer.
func (a *Application) streamsFor(acc *account.Account, offer *psdp.SessionDescription, indexes []int) []streams.MediaStream {
	env := a.environment(acc)
	var list []streams.MediaStream
	for _, i := range indexes {
		line := offer.MediaDescriptions[i]
		if !sdp.Alive(line) {
			continue
		}
		stream, err := a.cfg.Registry.NewFromSDP(env, offer, i)
		if err != nil {
			a.cfg.Logger.Debug("m-line is of no use", "index", i, "media", line.MediaName.Media, "reason", err)
			continue
		}
		stream.SetIndex(i)
		list = append(list, stream)
	}
	return list
}

// allLines are the indexes of the m-lines.
func allLines(d *psdp.SessionDescription) []int {
	indexes := make([]int, len(d.MediaDescriptions))
	for i := range indexes {
		indexes[i] = i
	}
	return indexes
}

// subjectOf is the Subject header, with what is not UTF-8 replaced (EDG-26).
func subjectOf(request *sip.Request) *string {
	header := request.GetHeader("Subject")
	if header == nil {
		return nil
	}
	text := strings.ToValidUTF8(header.Value(), "\uFFFD")
	return &text
}

// warning is a Warning header with the miscellaneous code (RFC 3261 20.43).
func warning(text string) sip.Header {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", " ", "\n", " ")
	return sip.NewHeader("Warning", `399 sipsimple "`+quote.Replace(text)+`"`)
}
