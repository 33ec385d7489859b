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

// watcher subscribes and notes what it hears.
type watcher struct {
	box   mailbox.Mailbox
	mu    sync.Mutex // guards heard
	heard []string
	sub   *Subscription
}

func (w *watcher) HandleSubscription(event SubscriptionEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case SubscriptionStarted:
		w.heard = append(w.heard, fmt.Sprintf("started %v", e.Expires))
	case SubscriptionNotified:
		w.heard = append(w.heard, strings.TrimSpace(fmt.Sprintf("notified %s %d %s", e.State, e.Code, e.Body)))
	case SubscriptionEnded:
		text := fmt.Sprintf("ended %d %q", e.Code, e.Reason)
		if e.Established {
			text += " established"
		}
		if e.NoContact {
			text += " no contact"
		}
		if e.MinExpires > 0 {
			text += fmt.Sprintf(" min %v", e.MinExpires)
		}
		if e.RetryAfter > 0 {
			text += fmt.Sprintf(" retry %v", e.RetryAfter)
		}
		w.heard = append(w.heard, text)
	}
}

func (w *watcher) expect(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	got := w.heard
	w.heard = nil
	w.mu.Unlock()
	if !slices.Equal(got, want) {
		t.Errorf("heard\n got %q\nwant %q", got, want)
	}
}

// focus is a scripted notifier: answers has the code of each SUBSCRIBE, the last
// one for all that follow.
type focus struct {
	*peer
	answers []string // "200", "423 Min-Expires: 900"
	subs    []*sip.Request
	cseq    int
	sent    int    // NOTIFYs
	contact string // of the NOTIFYs and 2xx
}

func (l *lab) focus(answers ...string) *focus {
	f := &focus{peer: l.peer(9), answers: answers, contact: "Contact: <sip:room@192.0.2.9>"}
	f.auto = func(req *sip.Request) {
		if req.Method != sip.SUBSCRIBE && req.Method != sip.REFER {
			return
		}
		f.l.exclusively(func() { f.subs = append(f.subs, req) })
		answer := f.answers[0]
		if len(f.answers) > 1 {
			f.answers = f.answers[1:]
		}
		var code int
		_, headers, _ := strings.Cut(answer, " ")
		fmt.Sscan(answer, &code)
		var lines []string
		if code < 300 && headers != "bare" {
			lines = append(lines, f.contact)
		}
		if headers != "" && headers != "bare" {
			lines = append(lines, headers)
		}
		if code > 0 {
			f.reply(req, code, "ft", lines...)
		}
	}
	return f
}

// notify sends a NOTIFY in the dialog of the first request.
func (f *focus) notify(state, body string, extra ...string) {
	f.cseq++
	f.sent++
	sub := f.subs[0]
	f.text("192.0.2.1", body, append([]string{
		"NOTIFY " + sub.Contact().Address.String() + " SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKn%d", f.sent),
		"Max-Forwards: 70", "From: <sip:room@f.test>;tag=ft", "To: " + sub.From().Value(), "Call-ID: " + sub.CallID().Value(),
		fmt.Sprintf("CSeq: %d NOTIFY", f.cseq), f.contact, "Subscription-State: " + state,
	}, extra...)...)
	pass(50 * time.Millisecond)
}

func (f *focus) expires() []string {
	var list []string
	for _, req := range f.requests(sip.SUBSCRIBE) {
		list = append(list, headerText(req, "expires"))
	}
	return list
}

func subscribe(l *lab, change func(*SubscriptionParams)) *watcher {
	w := &watcher{}
	p := SubscriptionParams{
		From: address("<sip:alice@a.test>"), To: address("<sip:room@f.test>"), Route: Route{Address: "192.0.2.9"}, Contact: sip.Uri{User: "alice"},
		Event: "conference", Accept: []string{"application/conference-info+xml"},
		Credentials: &Credentials{Username: "alice", Password: "secret"},
	}
	if change != nil {
		change(&p)
	}
	w.sub = l.engine(1, nil).Subscribe(&w.box, w, p)
	pass(100 * time.Millisecond)
	return w
}

const conference = "Event: conference"

func TestSubscription(t *testing.T) {
	inLab(t, func(l *lab) {
		f := l.focus("200 Expires: 600")
		w := subscribe(l, nil)
		w.expect(t, "started 10m0s")
		first := f.last(sip.SUBSCRIBE)
		for _, want := range []string{"Event: conference", "Expires: 3600", "Accept: application/conference-info+xml", "Contact: <sip:alice@192.0.2.1:5060>"} {
			if !strings.Contains(first.String(), want) {
				t.Errorf("no %q in\n%s", want, first)
			}
		}
		f.notify("active;expires=600", "one", conference, "Content-Type: text/plain")
		f.notify("active;expires=600", "odd", "Event: presence", "Content-Type: text/plain")
		f.cseq--
		f.cseq--
		f.notify("active", "old", conference, "Content-Type: text/plain", "X: "+strings.Repeat("x", 3))
		f.cseq++
		w.expect(t, "notified active 0 one")
		pass(570 * time.Second) // refreshed 30 s before the end
		if got := f.expires(); !slices.Equal(got, []string{"3600", "3600"}) {
			t.Errorf("SUBSCRIBE with Expires %q", got)
		}
		second := f.last(sip.SUBSCRIBE)
		if second.CSeq().SeqNo != 2 || toTag(second) != "ft" || second.Recipient.Host != "192.0.2.9" {
			t.Errorf("refresh\n%s", second)
		}
		w.expect(t)
		w.box.Post(w.sub.End)
		pass(100 * time.Millisecond)
		f.notify("terminated;reason=timeout", "bye", conference, "Content-Type: text/plain")
		w.expect(t, "notified terminated 0 bye", `ended 0 "timeout" established`)
		f.notify("active", "", conference)
		if got := f.codes(sip.NOTIFY); !slices.Equal(got, []int{200, 489, 500, 200, 481}) {
			t.Errorf("NOTIFYs answered %v", got)
		}
		if got := f.expires(); len(got) != 3 || got[2] != "0" {
			t.Errorf("SUBSCRIBE with Expires %q", got)
		}
	})
}

func TestSubscriptionRefused(t *testing.T) {
	for answer, want := range map[string]string{
		"489":                    `ended 489 ""`,
		"423 Min-Expires: 7200":  `ended 423 "" min 2h0m0s`,
		"503 Retry-After: 9 (x)": `ended 503 "" retry 9s`,
		"200 bare":               `ended 200 "" no contact`,
		`407 Proxy-Authenticate: Digest realm="f", nonce="1"`: `ended 407 ""`,
		"0": `ended 408 ""`,
	} {
		inLab(t, func(l *lab) {
			l.focus(answer)
			w := subscribe(l, func(p *SubscriptionParams) { p.Timeout = 5 * time.Second })
			pass(6 * time.Second)
			w.expect(t, want)
		})
	}
	inLab(t, func(l *lab) {
		w := subscribe(l, func(p *SubscriptionParams) { p.Route.Address = "none.test" })
		w.expect(t, `ended 503 ""`)
	})
}

func TestSubscriptionEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []string
		after   func(f *focus, w *watcher)
		want    []string
	}{
		{"no NOTIFY (Timer N)", []string{"200"}, func(*focus, *watcher) { pass(33 * time.Second) }, []string{"started 1h0m0s", `ended 408 ""`}},
		{"rejected by NOTIFY", []string{"202"}, func(f *focus, w *watcher) {
			f.notify("terminated;reason=rejected", "", conference)
		}, []string{"started 1h0m0s", "notified terminated 0", `ended 0 "rejected" established`}},
		{"give up, retry-after", []string{"202"}, func(f *focus, w *watcher) {
			f.notify("terminated;reason=giveup;retry-after=20", "", conference)
		}, []string{"started 1h0m0s", "notified terminated 0", `ended 0 "giveup" established retry 20s`}},
		{"NOTIFY before the answer", []string{"0"}, func(f *focus, w *watcher) {
			f.notify("active;expires=100", "", conference)
			f.reply(f.subs[0], 200, "ft", "Contact: <sip:room@192.0.2.9>", "Expires: 100")
			pass(time.Second)
			w.box.Post(w.sub.Refresh)
			pass(time.Second)
			if got := f.last(sip.SUBSCRIBE); got.CSeq().SeqNo != 2 || toTag(got) != "ft" {
				f.l.t.Errorf("refresh\n%s", got)
			}
		}, []string{"started 1m40s", "notified active 0"}},
		{"refresh answered 481", []string{"200 Expires: 100", "481"}, func(f *focus, w *watcher) {
			f.notify("active", "", conference)
			pass(80 * time.Second)
		}, []string{"started 1m40s", "notified active 0", `ended 481 "" established`}},
		{"refresh answered 503 until it expires", []string{"200 Expires: 100", "503"}, func(f *focus, w *watcher) {
			f.notify("active", "", conference)
			pass(110 * time.Second)
		}, []string{"started 1m40s", "notified active 0", `ended 408 "timeout" established`}},
		{"refresh answered 423", []string{"200 Expires: 100", "423 Min-Expires: 7200", "200 Expires: 7200"}, func(f *focus, w *watcher) {
			f.notify("active", "", conference)
			pass(time.Hour)
			if got := f.expires(); !slices.Equal(got, []string{"3600", "3600", "7200"}) {
				f.l.t.Errorf("Expires %q", got)
			}
		}, []string{"started 1m40s", "notified active 0"}},
		{"refresh answered 423 each time", []string{"200 Expires: 100", "423 Min-Expires: 7200", "423 Min-Expires: 9000"}, func(f *focus, w *watcher) {
			f.notify("active", "", conference)
			pass(80 * time.Second)
		}, []string{"started 1m40s", "notified active 0", `ended 423 "" established min 2h30m0s`}},
		{"End, silence", []string{"200", "0"}, func(f *focus, w *watcher) {
			f.notify("pending", "", conference)
			w.box.Post(w.sub.End)
			pass(3 * time.Second)
		}, []string{"started 1h0m0s", "notified pending 0", `ended 408 "" established`}},
		{"End, 481", []string{"200", "481"}, func(f *focus, w *watcher) {
			w.box.Post(w.sub.End)
			pass(time.Second)
		}, []string{"started 1h0m0s", `ended 481 "" established`}},
		{"End before the answer", []string{"0", "200"}, func(f *focus, w *watcher) {
			w.box.Post(w.sub.End)
			f.reply(f.subs[0], 200, "ft", "Contact: <sip:room@192.0.2.9>")
			pass(time.Second)
			f.notify("terminated", "", conference)
		}, []string{"started 1h0m0s", "notified terminated 0", `ended 0 "" established`}},
		{"Close", []string{"200"}, func(f *focus, w *watcher) {
			w.box.Post(w.sub.Close)
			pass(time.Second)
			if got := f.expires(); !slices.Equal(got, []string{"3600", "0"}) {
				f.l.t.Errorf("Expires %q", got)
			}
		}, []string{"started 1h0m0s"}},
		{"granted for no time", []string{"200 Expires: 0"}, func(*focus, *watcher) {}, []string{"started 0s", `ended 0 "timeout" established`}},
		{"a fault here", []string{"200"}, func(f *focus, w *watcher) {
			w.sub.post(func(*subscribing) { panic("a fault") })
			pass(time.Second)
		}, []string{"started 1h0m0s", `ended 0 ""`}},
	} {
		inLab(t, func(l *lab) {
			f := l.focus(c.answers...)
			w := subscribe(l, nil)
			c.after(f, w)
			w.mu.Lock()
			defer w.mu.Unlock()
			if !slices.Equal(w.heard, c.want) {
				t.Errorf("%s: heard\n got %q\nwant %q", c.name, w.heard, c.want)
			}
		})
	}
}

// The focus says where it wants the next SUBSCRIBE with each NOTIFY and each 2xx
// (RFC 6665 section 4.1.2.2; RFC 3261 section 12.2).
func TestSubscriptionFollowsTheFocus(t *testing.T) {
	inLab(t, func(l *lab) {
		f := l.focus("200")
		w := subscribe(l, nil)
		f.contact = "Contact: <sip:room@192.0.2.9;a>"
		f.notify("active", "", conference)
		for _, next := range []string{"b", "c"} {
			f.contact = "Contact: <sip:room@192.0.2.9;" + next + ">"
			w.box.Post(w.sub.Refresh)
			pass(100 * time.Millisecond)
		}
		w.box.Post(w.sub.End)
		pass(100 * time.Millisecond)
		var targets []string
		for _, req := range f.requests(sip.SUBSCRIBE) {
			targets = append(targets, req.Recipient.String())
		}
		if want := []string{"sip:room@f.test", "sip:room@192.0.2.9;a", "sip:room@192.0.2.9;b", "sip:room@192.0.2.9;c"}; !slices.Equal(targets, want) {
			t.Errorf("SUBSCRIBE went to %q, want %q", targets, want)
		}
	})
}

// Of two servers that a proxy has asked one makes the subscription: the NOTIFY of
// the other is refused (RFC 6665 section 4.1.4).
func TestNotifyOfAnotherFork(t *testing.T) {
	inLab(t, func(l *lab) {
		f := l.focus("200")
		w := subscribe(l, nil)
		f.notify("active", "", conference)
		sub := f.subs[0]
		f.text("192.0.2.1", "", "NOTIFY "+sub.Contact().Address.String()+" SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKfork",
			"Max-Forwards: 70", "From: <sip:room@f.test>;tag=other", "To: "+sub.From().Value(), "Call-ID: "+sub.CallID().Value(),
			"CSeq: 9 NOTIFY", f.contact, "Subscription-State: terminated", conference)
		pass(50 * time.Millisecond)
		if got := f.codes(sip.NOTIFY); !slices.Equal(got, []int{200, 481}) {
			t.Errorf("NOTIFYs answered %v", got)
		}
		w.expect(t, "started 1h0m0s", "notified active 0")
	})
}

func TestReferOutsideDialog(t *testing.T) {
	inLab(t, func(l *lab) {
		f := l.focus("202", "200")
		w := subscribe(l, func(p *SubscriptionParams) {
			p.Refer = &Referral{ReferTo: "<sip:x@d>;method=INVITE", ReferredBy: "<sip:alice@a.test>"}
		})
		refer := f.last(sip.REFER)
		for _, want := range []string{"Refer-To: <sip:x@d>;method=INVITE\r\n", "Referred-By: <sip:alice@a.test>\r\n", "To: <sip:room@f.test>\r\n"} {
			if !strings.Contains(refer.String(), want) {
				t.Errorf("no %q in\n%s", want, refer)
			}
		}
		frag := func(state, line string) {
			f.notify(state, line, "Event: refer", "Content-Type: message/sipfrag;version=2.0")
		}
		frag("active;expires=90", "SIP/2.0 100 Trying\r\n")
		pass(61 * time.Second) // the invitation takes its time
		frag("active;expires=90", "SIP/2.0 180 Ringing\r\n")
		frag("terminated;reason=noresource", "SIP/2.0 200 OK\r\n")
		w.expect(t, "started 1m30s", "notified active 100 SIP/2.0 100 Trying", "notified active 180 SIP/2.0 180 Ringing",
			"notified terminated 200 SIP/2.0 200 OK", `ended 0 "noresource" established`)
		if got := f.expires(); !slices.Equal(got, []string{"90"}) {
			t.Errorf("SUBSCRIBE with Expires %q", got)
		}
	})
}
