package interop

import (
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestSIPpAnswers calls SIPp, which echoes: what we say comes back. Both sides
// hold, and SIPp hangs up.
func TestSIPpAnswers(t *testing.T) {
	t.Parallel()
	sipp, port := startSIPp(t, "uas_hangup", 1, "-rtp_echo")
	p := newParty(t, 600, streams.RTPSettings{})
	p.call("sip:echo@"+address(port), port)
	call, stream := p.stands()
	if stream.Codec() != "PCMU" {
		t.Errorf("codec %s", stream.Codec())
	}
	p.ear.hears(p.tone)
	call.Hold()
	p.held(sipsimple.Local, true)
	p.held(sipsimple.Remote, true)
	p.ended(sipsimple.Remote)
	sipp.succeeds()
}

// TestSIPpCalls has SIPp call and speak; we hold, resume and hang up.
func TestSIPpCalls(t *testing.T) {
	t.Parallel()
	p := newParty(t, 700, streams.RTPSettings{})
	sipp, _ := startSIPp(t, "uac_talk", 1, "-s", "callflow", p.addr())
	call, stream := p.stands()
	if stream.Codec() != "PCMA" {
		t.Errorf("codec %s", stream.Codec())
	}
	p.ear.hears(sippTone)
	call.Hold()
	p.held(sipsimple.Local, true)
	p.ear.hearsNothing()
	call.Unhold()
	p.held(sipsimple.Local, false)
	p.ear.hears(sippTone)
	call.End()
	p.ended(sipsimple.Local)
	sipp.succeeds()
}

// TestSIPpEcho has a plain SIPp call, with its own scenario, echo what we say
// until it hangs up.
func TestSIPpEcho(t *testing.T) {
	t.Parallel()
	p := newParty(t, 800, streams.RTPSettings{})
	sipp, _ := startSIPp(t, "uac", 1, "-d", "3000", "-rtp_echo", "-s", "callflow", p.addr())
	p.stands()
	p.ear.hears(p.tone)
	p.ended(sipsimple.Remote)
	sipp.succeeds()
}
