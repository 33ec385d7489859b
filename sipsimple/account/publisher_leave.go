package account

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// This file is the half of the publisher that removes what was published.

// release leaves whatever state it is in, towards idle. A PUBLISH under way is
// waited for: it may leave a document behind that nobody would ever remove.
func (p *publisher) release(now time.Time) {
	switch p.state {
	case pubIdle:
		p.finish(now)
	case pubLocating:
		p.do(pubAbandon{})
		p.leave(now)
	case pubPublished, pubWaiting:
		p.leave(now)
	case pubTrying:
		p.state = pubDraining
		p.do(pubStart{endLimit})
	}
}

// leave sends the PUBLISH that removes the document, to where it was sent.
func (p *publisher) leave(now time.Time) {
	p.do(pubStop{})
	if !p.has(now) {
		p.finish(now)
		return
	}
	p.state = pubLeaving
	p.note(SIPPublicationWillEnd{})
	p.do(pubSend{route: p.route, tag: p.tag, timeout: endLimit})
	p.do(pubStart{endLimit})
}

// drained takes the answer to a PUBLISH that nobody wants any more.
func (p *publisher) drained(now time.Time, in pubAnswered) {
	switch {
	case in.skipped:
	case in.code < 300 && in.granted > 0:
		p.tag, p.expires = in.tag, now.Add(in.granted)
	case in.code == 412:
		p.tag = ""
	}
	p.leave(now)
}

func (p *publisher) left(now time.Time, in pubAnswered) {
	switch {
	case in.skipped:
		p.notEnded(503, core.Phrase(503))
	case in.code < 300, in.code == 412: // the server does not have it any more
		p.note(SIPPublicationDidEnd{})
		p.tell(PresencePublicationDidEnd{})
	default:
		p.notEnded(in.code, in.reason)
	}
	p.finish(now)
}

func (p *publisher) notEnded(code int, reason string) {
	p.note(SIPPublicationDidNotEnd{code, reason})
	p.tell(PresencePublicationDidNotEnd{Code: code, Reason: reason})
}

// finish forgets everything, and begins anew or is idle.
func (p *publisher) finish(now time.Time) {
	p.do(pubStop{})
	p.do(pubForget{})
	p.tag, p.sent, p.routes = "", nil, nil
	p.state = pubIdle
	if p.restart && p.wanted != nil {
		p.begin(now)
		return
	}
	p.do(pubDone{})
}
