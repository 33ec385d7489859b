package core

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

// registrant sends requests outside dialogs and notes what it hears.
type registrant struct {
	box   mailbox.Mailbox
	mu    sync.Mutex // guards heard
	heard []RequestEvent
}

func (r *registrant) HandleRequest(event RequestEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, event)
}

func (r *registrant) names() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, event := range r.heard {
		name := strings.TrimPrefix(fmt.Sprintf("%T", event), "core.")
		switch e := event.(type) {
		case RequestProgress:
			name += fmt.Sprint(e.Code)
		case RequestAnswered:
			name += fmt.Sprint(e.Code)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func (r *registrant) last() RequestEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard[len(r.heard)-1]
}

func (r *registrant) expect(t *testing.T, want string) {
	t.Helper()
	if got := r.names(); got != want {
		t.Errorf("events\n got %s\nwant %s", got, want)
	}
}

func register(p *RequestParams) {
	p.Method, p.RequestURI = sip.REGISTER, sip.Uri{Scheme: "sip", Host: "a.test"}
	p.From, p.To = address(`"Alice" <sip:alice@a.test>`), address("<sip:alice@a.test>")
	p.Route = Route{Address: "192.0.2.9"}
	p.Contact = &Address{URI: sip.Uri{User: "x1"}, Params: sip.HeaderParams{{K: "+sip.instance", V: `"<urn:uuid:1>"`}}}
	p.Headers = []sip.Header{sip.NewHeader("Expires", "600")}
	p.Credentials = &Credentials{Username: "alice", Password: "secret"}
}

const challengeLine = `WWW-Authenticate: Digest realm="a.test", nonce="%s", qop="auth", algorithm=SHA-256`

func TestRegister(t *testing.T) {
	inLab(t, func(l *lab) {
		e, server := l.engine(1, nil), l.peer(9)
		server.auto = func(req *sip.Request) {
			switch {
			case len(req.GetHeaders("Authorization")) == 0:
				server.reply(req, 401, "st", fmt.Sprintf(challengeLine, "n1"))
			default:
				server.reply(req, 100, "")
				server.reply(req, 200, "st", "Contact: "+req.Contact().Value()+";expires=500")
			}
		}
		user, params := &registrant{}, RequestParams{}
		register(&params)
		params.Auth = &AuthCache{}
		first := e.Request(&user.box, user, params)
		pass(time.Second)
		user.expect(t, "RequestProgress100 RequestAnswered200")
		answer := user.last().(RequestAnswered)
		if answer.CSeq != 2 || !answer.Challenged || answer.Contact.Host != "192.0.2.1" || answer.Contact.User != "x1" {
			t.Errorf("answered %+v", answer)
		}
		requests := server.requests(sip.REGISTER)
		one, two := requests[0], requests[1]
		if one.CallID().Value() != two.CallID().Value() || fromTag(one) != fromTag(two) || two.CSeq().SeqNo != 2 {
			t.Errorf("not the same series:\n%s\n%s", one, two)
		}
		for _, want := range []string{
			"REGISTER sip:a.test SIP/2.0", `Contact: <sip:x1@192.0.2.1:5060>;+sip.instance="<urn:uuid:1>"`, "Expires: 600",
			`From: "Alice" <sip:alice@a.test>;tag=`, "To: <sip:alice@a.test>\r\n", "Content-Length: 0",
		} {
			if !strings.Contains(two.String(), want) {
				t.Errorf("no %q in\n%s", want, two)
			}
		}
		if len(one.GetHeaders("Route")) > 0 {
			t.Error("the route shows in the message")
		}
		// The refresh continues the series and carries credentials at once.
		params.CallID, params.CSeq = first.CallID(), answer.CSeq
		e.Request(&user.box, user, params)
		pass(time.Second)
		if last := server.last(sip.REGISTER); last.CSeq().SeqNo != 3 || last.CallID().Value() != first.CallID() {
			t.Errorf("refresh\n%s", last)
		}
		user.expect(t, "RequestProgress100 RequestAnswered200 RequestProgress100 RequestAnswered200")
	})
}

func TestRequestOutcomes(t *testing.T) {
	stale := 0
	for _, c := range []struct {
		name   string
		answer func(p *peer, req *sip.Request)
		change func(*RequestParams)
		want   string
		sent   int
	}{
		{"wrong password", func(p *peer, req *sip.Request) { p.reply(req, 401, "t", fmt.Sprintf(challengeLine, "n1")) }, nil, "RequestAnswered401", 2},
		{"stale", func(p *peer, req *sip.Request) {
			if stale++; stale > 2 {
				p.reply(req, 200, "t")
				return
			}
			p.reply(req, 401, "t", fmt.Sprintf(challengeLine, fmt.Sprint("n", stale))+", stale=true")
		}, nil, "RequestAnswered200", 3},
		{"stale for ever", func(p *peer, req *sip.Request) {
			p.reply(req, 401, "t", fmt.Sprintf(challengeLine, req.CSeq().Value())+", stale=true")
		}, nil, "RequestAnswered401", 3},
		{"no credentials", func(p *peer, req *sip.Request) {
			p.reply(req, 407, "t", "Proxy-Authenticate: Digest realm=\"x\", nonce=\"1\"")
		},
			func(p *RequestParams) { p.Credentials = nil }, "RequestAnswered407", 1},
		{"silence", nil, nil, "RequestTimeout", 0},
		{"silence, limited", nil, func(p *RequestParams) { p.Timeout = 3 * time.Second }, "RequestTimeout", 3},
		{"no such host", nil, func(p *RequestParams) { p.Route.Address = "none.test" }, "RequestFailed", 0},
		{"options", func(p *peer, req *sip.Request) { p.reply(req, 200, "t") }, func(p *RequestParams) {
			*p = RequestParams{Method: sip.OPTIONS, From: p.From, To: p.To, Route: p.Route}
		}, "RequestAnswered200", 1},
		{"message", func(p *peer, req *sip.Request) { p.reply(req, 202, "t") }, func(p *RequestParams) {
			*p = RequestParams{Method: sip.MESSAGE, From: p.From, To: p.To, Route: p.Route, ContentType: "text/plain", Body: []byte("Hi")}
		}, "RequestAnswered202", 1},
	} {
		inLab(t, func(l *lab) {
			e, server := l.engine(1, nil), l.peer(9)
			if c.answer != nil {
				server.auto = func(req *sip.Request) { c.answer(server, req) }
			}
			user, params := &registrant{}, RequestParams{}
			register(&params)
			if c.change != nil {
				c.change(&params)
			}
			e.Request(&user.box, user, params)
			pass(4 * time.Second)
			if c.name == "silence" {
				user.expect(t, "")
				pass(40 * time.Second)
			}
			if got := user.names(); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			if n := len(server.requests(params.Method)); c.sent > 0 && n != c.sent {
				t.Errorf("%s: %d requests, want %d", c.name, n, c.sent)
			}
		})
	}
}

func TestRequestClosed(t *testing.T) {
	inLab(t, func(l *lab) {
		e, server := l.engine(1, nil), l.peer(9)
		user, params := &registrant{}, RequestParams{}
		register(&params)
		r := e.Request(&user.box, user, params)
		user.box.Post(r.Close)
		pass(time.Second)
		server.reply(server.last(sip.REGISTER), 401, "t", fmt.Sprintf(challengeLine, "n"))
		pass(time.Second)
		user.expect(t, "")
		if n := len(server.requests(sip.REGISTER)); n > 3 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestIncomingMessage(t *testing.T) {
	inLab(t, func(l *lab) {
		var got []IncomingMessage
		l.engine(2, func(cfg *Config) {
			cfg.OnMessage = func(m IncomingMessage) {
				got = append(got, m)
				panic("the application is broken")
			}
		})
		alice := l.peer(1)
		send := func(n int, body string, extra ...string) {
			alice.text("192.0.2.2", body, append([]string{
				"MESSAGE sip:bob@192.0.2.2 SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKm%d", n), "Max-Forwards: 70",
				"From: <sip:alice@a.test>;tag=ft", "To: <sip:bob@b.test>", "Call-ID: m", fmt.Sprintf("CSeq: %d MESSAGE", n),
			}, extra...)...)
			pass(50 * time.Millisecond)
		}
		send(1, "Hello", "Content-Type: text/plain")
		send(2, "Hello")
		send(3, "", "Content-Type: text/plain")
		send(4, "")
		if codes := alice.codes(sip.MESSAGE); !slices.Equal(codes, []int{200, 400, 400, 200}) {
			t.Errorf("answered %v", codes)
		}
		if len(got) != 2 || string(got[0].Body) != "Hello" || got[0].ContentType != "text/plain" || got[0].From.URI.User != "alice" {
			t.Errorf("told %+v", got)
		}
	})
}

// A request that is too large for a datagram goes by TCP, and by UDP after all
// where nobody listens (RFC 3261 section 18.1.1).
func TestLargeRequest(t *testing.T) {
	for _, refused := range []bool{false, true} {
		inLab(t, func(l *lab) {
			l.noTCP = refused
			bob := &party{}
			a := l.engine(1, nil)
			by := ""
			l.engine(2, answering(bob, func(i *Invitation) {
				by = i.Request().Via().Transport
				i.Accept(Answer{SDP: offer})
			}))
			subject := strings.Repeat("long ", 300)
			alice := l.caller(a, func(p *OutgoingParams) { p.Subject = &subject })
			alice.react = acknowledging(alice)
			alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
			pass(time.Second)
			alice.expect(t, "Accepted")
			bob.expect(t, "Acknowledged")
			if !slices.Equal(l.byTCP, []string{"INVITE 1"}) {
				t.Errorf("by TCP: %q", l.byTCP)
			}
			want := "TCP"
			if refused {
				want = "UDP"
			}
			if by != want {
				t.Errorf("the INVITE came by %s, want %s", by, want)
			}
		})
	}
}
