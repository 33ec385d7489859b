package interop

import (
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestBaresipCodecs has calls with every codec both know, plain and with SRTP,
// in either direction. Our tone comes back from baresip: it heard us.
func TestBaresipCodecs(t *testing.T) {
	for _, c := range []struct {
		name, codec, account string
		theirs               bool // they call
		encryption           streams.Encryption
	}{
		{"PCMU", "PCMU", "", false, ""},
		{"PCMA, they call", "PCMA", "", true, ""},
		{"G722", "G722", "", false, ""},
		{"SRTP mandatory", "PCMU", "mediaenc=srtp-mand", false, streams.EncryptionMandatory},
		{"SRTP mandatory, they call", "PCMA", "mediaenc=srtp-mand", true, streams.EncryptionMandatory},
		{"SRTP optional", "PCMA", "mediaenc=srtp", false, streams.EncryptionOptional},
		{"SRTP optional, they call", "G722", "mediaenc=srtp", true, streams.EncryptionOptional},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := startBaresip(t, echo, c.account)
			p := newParty(t, 600, streams.RTPSettings{Codecs: []string{c.codec}, SRTPEncryption: c.encryption, UseSRTPWithoutTLS: true})
			if c.theirs {
				b.tell("dial", p.uri())
			} else {
				p.call(b.uri(), b.port)
			}
			call, stream := p.stands()
			if stream.Codec() != c.codec || stream.SRTPActive() != (c.encryption != "") {
				t.Errorf("codec %s, SRTP %v", stream.Codec(), stream.SRTPActive())
			}
			p.ear.hears(p.tone)
			call.End()
			p.ended(sipsimple.Local)
			b.await("CALL_CLOSED")
		})
	}
}

// pcmu is one codec for the whole call: the file that baresip says has one rate.
var pcmu = streams.RTPSettings{Codecs: []string{"PCMU"}}

// TestBaresipCallsUs has baresip place the call, and both sides hold, resume and
// press keys.
func TestBaresipCallsUs(t *testing.T) {
	t.Parallel()
	b := startBaresip(t, tone(t), "")
	p := newParty(t, 700, pcmu)
	b.tell("dial", p.uri())
	call, stream := p.stands()
	b.await("CALL_ESTABLISHED")
	if call.Direction() != "incoming" {
		t.Errorf("direction %q", call.Direction())
	}
	p.ear.hears(baresipTone)

	call.Hold()
	p.held(sipsimple.Local, true)
	p.ear.hearsNothing()
	call.Unhold()
	p.held(sipsimple.Local, false)
	p.ear.hears(baresipTone)

	b.tell("hold", "")
	p.held(sipsimple.Remote, true)
	b.tell("resume", "")
	p.held(sipsimple.Remote, false)
	p.ear.hears(baresipTone)

	for _, digit := range []string{"1", "#", "9"} {
		if err := stream.SendDTMF(digit); err != nil {
			t.Fatal(err)
		}
		b.await("CALL_DTMF_START " + digit)
		b.await("CALL_DTMF_END")
	}
	b.tell("sndcode", "4")
	await(p, func(d streams.AudioStreamGotDTMF) bool { return d.Digit == "4" })

	b.tell("hangup", "")
	p.ended(sipsimple.Remote)
}

// TestBaresipTransfers has baresip transfer us to another baresip, and then
// transfers the other to the first one.
func TestBaresipTransfers(t *testing.T) {
	t.Parallel()
	first, second := startBaresip(t, tone(t), ""), startBaresip(t, tone(t), "")
	p := newParty(t, 800, pcmu)
	p.call(first.uri(), first.port)
	p.stands()
	first.await("CALL_ESTABLISHED")
	first.tell("transfer", second.uri())
	n, asked := await[sipsimple.SIPSessionTransferNewIncoming](p, nil)
	if asked.TransferDestination != second.uri() {
		t.Errorf("transfer to %q, want %q", asked.TransferDestination, second.uri())
	}
	if err := n.Sender.(*sipsimple.Session).AcceptTransfer(); err != nil {
		t.Fatal(err)
	}
	call, _ := p.stands()
	second.await("CALL_ESTABLISHED")
	await[sipsimple.SIPSessionTransferDidEnd](p, nil)
	p.ear.hears(baresipTone)
	first.await("CALL_CLOSED")

	third := newParty(t, 900, pcmu)
	to, err := core.ParseAddress("<" + third.uri() + ">")
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Transfer(to, nil); err != nil {
		t.Fatal(err)
	}
	third.stands()
	await[sipsimple.SIPSessionTransferDidEnd](p, nil)
	third.ear.hears(baresipTone)
}
