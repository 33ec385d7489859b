package core

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// registered has the engine register with peer 9, which makes them acquainted.
func registered(l *lab, e *Engine) *peer {
	server := l.peer(9)
	server.auto = func(req *sip.Request) {
		if req.Method == sip.REGISTER {
			server.reply(req, 200, "st", "Contact: "+req.Contact().Value()+";expires=500")
		}
	}
	user, params := &registrant{}, RequestParams{}
	register(&params)
	e.Request(&user.box, user, params)
	pass(time.Second)
	user.expect(l.t, "RequestAnswered200")
	return server
}

// another is the text of a request outside a dialog, one of many.
func (p *peer) another(method string, n int) string {
	return fmt.Sprintf("%s sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n"+
		"From: <sip:x@a.test>;tag=ft\r\nTo: <sip:bob@b.test>\r\nCall-ID: %d\r\nCSeq: 1 %s\r\nContact: <sip:x@%s>\r\nContent-Length: 0\r\n\r\n",
		method, p.addr, n, n, method, p.addr)
}

// TestRoomForAcquaintances: strangers who call and call leave room for a call by way
// of the registrar (reliability C10), and not without end for that either.
func TestRoomForAcquaintances(t *testing.T) {
	for limit, change := range map[string]func(*Config){
		"pending": func(c *Config) { c.MaxPending = 4 },
		"dialogs": func(c *Config) { c.MaxDialogs = 4 },
	} {
		inLab(t, func(l *lab) {
			bob := &party{}
			e := l.engine(2, func(c *Config) {
				answering(bob, func(i *Invitation) { i.Progress(180, "", nil) })(c)
				change(c)
			})
			server, stranger := registered(l, e), l.peer(1)
			var answers []int
			for n := range 7 {
				p := stranger
				if n >= 5 {
					p = server
				}
				p.forget(0)
				l.sendAny(p.addr, "192.0.2.2", p.another("INVITE", n))
				pass(50 * time.Millisecond)
				answers = append(answers, p.codes(sip.INVITE)...)
				l.sendAny(p.addr, "192.0.2.2", p.another("ACK", n))
			}
			if want := []int{180, 180, 180, 180, 503, 180, 503}; !slices.Equal(answers, want) {
				t.Errorf("%s: five of a stranger and two of the registrar are answered %v, want %v", limit, answers, want)
			}
			for _, i := range bob.all {
				bob.box.Post(func() { i.Reject(486, "") })
			}
			pass(time.Minute)
			l.expectEmpty(e)
		})
	}
}

// TestMailboxIsBounded: of what comes while the engine is busy so much is kept and no
// more, and a quarter more of acquaintances.
func TestMailboxIsBounded(t *testing.T) {
	inLab(t, func(l *lab) {
		e := l.engine(2, nil)
		server, stranger := registered(l, e), l.peer(1)
		busy := make(chan struct{})
		e.post(func() { <-busy })
		for n := range 4 * maxWaiting {
			p := stranger
			if n >= 2*maxWaiting {
				p = server
			}
			msg := wire.Inspect([]byte(p.another("OPTIONS", n)), false, p.addr).Msg
			e.take(wire.Message{Msg: msg, Source: p.addr, Local: netip.MustParseAddrPort("192.0.2.2:5060"), Transport: "udp", Received: time.Now()})
		}
		close(busy)
		pass(time.Second)
		if strange, known := len(stranger.codes(sip.OPTIONS)), len(server.codes(sip.OPTIONS)); strange != maxWaiting || known != maxWaiting/4 {
			t.Errorf("%d strangers and %d acquaintances are answered", strange, known)
		}
		l.sendAny(stranger.addr, "192.0.2.2", stranger.another("OPTIONS", 4*maxWaiting))
		pass(time.Second)
		if got := len(stranger.codes(sip.OPTIONS)); got != maxWaiting+1 {
			t.Errorf("afterwards %d are answered", got)
		}
	})
}
