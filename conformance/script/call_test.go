package script_test

import (
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/conformance/script"
)

// established makes a call from p to q; the offer is an audio line.
func established(l *lab, p, q *script.Party) {
	l.t.Helper()
	l.do(p, request("INVITE", "to", "q", "sdp", lines(line("a", "sendrecv")), "as", "call"))
	l.do(q, receive("INVITE", "sdp", with("a", with("direction", "sendrecv"), "lines", "1")), respond(180), respond(200, "sdp", "answer"))
	l.do(p, receive("180"), receive("200"), request("ACK"))
	l.do(q, receive("ACK"))
}

func TestCall(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			play(t, func(l *lab) {
				p := l.party("p", func(c *script.Config) { c.Transport = transport })
				q := l.party("q", nil)
				established(l, p, q)
				// A hold from the called side, then a BYE from it.
				l.do(q, request("INVITE", "sdp", lines(line("a", "sendonly"))))
				l.do(p, receive("INVITE", "sdp", with("a", "sendonly", "version", "2")), respond(200, "sdp", "answer"))
				l.do(q, receive("200", "sdp", with("a", with("mirror", "true", "direction", "recvonly"))), request("ACK"))
				l.do(p, receive("ACK"))
				l.do(q, request("BYE"))
				l.do(p, receive("BYE", "transport", transport, "cseq", "2"), respond(200))
				l.do(q, receive("200 BYE"))
				l.sleep(time.Minute)
				wantUnread(t, p)
				wantUnread(t, q)
				if len(l.sent) != 9 {
					t.Errorf("sent %v", l.sent)
				}
			})
		})
	}
}

// TestRepetitions: a request until an answer, a final answer until its ACK.
func TestRepetitions(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("INVITE", "to", "q"))
		l.sleep(2 * time.Second)
		l.do(q, receive("INVITE"), respond(100))
		l.sleep(2 * time.Second)
		l.do(q, respond(200, "sdp", lines(line("a", "sendrecv"))))
		l.sleep(12 * time.Second)
		l.do(p, receive("200"), request("ACK", "sdp", "answer"))
		l.do(q, receive("ACK", "sdp", with("a", "mirror")))
		l.sleep(time.Minute)
		wantUnread(t, p) // the 100 may be left
		wantUnread(t, q)
		l.wantSent("p 0.0 INVITE", "p 0.5 INVITE", "p 1.5 INVITE", "q 2.0 100",
			"q 4.0 200", "q 4.5 200", "q 5.5 200", "q 7.5 200", "q 11.5 200", "q 15.5 200", "p 16.0 ACK")
	})
}

// TestNobodyAnswers: 64*T1, then silence.
func TestNobodyAnswers(t *testing.T) {
	play(t, func(l *lab) {
		p := l.party("p", nil)
		l.party("q", func(c *script.Config) { c.Ignore = []string{"INVITE", "OPTIONS"} })
		l.do(p, request("INVITE", "to", "q"))
		l.sleep(100 * time.Second)
		l.wantSent("p 0.0 INVITE", "p 0.5 INVITE", "p 1.5 INVITE", "p 3.5 INVITE", "p 7.5 INVITE", "p 15.5 INVITE", "p 31.5 INVITE")
		l.sent = nil
		l.do(p, request("OPTIONS", "to", "q"))
		l.sleep(100 * time.Second)
		l.wantSent("p 100.0 OPTIONS", "p 100.5 OPTIONS", "p 101.5 OPTIONS", "p 103.5 OPTIONS", "p 107.5 OPTIONS", "p 111.5 OPTIONS",
			"p 115.5 OPTIONS", "p 119.5 OPTIONS", "p 123.5 OPTIONS", "p 127.5 OPTIONS", "p 131.5 OPTIONS")
		l.do(p, request("OPTIONS", "to", "q", "once", true))
		l.sleep(time.Minute)
	})
}

// TestRefusal: the ACK of a refusal is nobody's step, and the refusal is
// repeated until it comes.
func TestRefusal(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("INVITE", "to", "q"))
		l.do(q, receive("INVITE"), respond(486, "reason", "Not now", "headers", headers("Reason", `SIP;cause=486;text="x"`)))
		l.do(p, receive("486", "reason", "Not now", "Reason", with("text", "x")))
		l.sleep(time.Minute)
		l.wantSent("p 0.0 INVITE", "q 0.0 486", "p 0.0 ACK")
		wantUnread(t, q)
	})
}

// TestUnasked: such a response is read by who asks for it, and passes otherwise.
func TestUnasked(t *testing.T) {
	play(t, func(l *lab) {
		p := l.party("p", func(c *script.Config) { c.Unasked = []int{180} })
		q := l.party("q", nil)
		for _, want := range []string{"486", "180"} {
			l.do(p, request("INVITE", "to", "q"))
			l.do(q, receive("INVITE"), respond(180), respond(486))
			l.do(p, receive(want))
			if want == "180" {
				l.do(p, receive("486"))
			}
			l.sleep(time.Minute)
			wantUnread(t, p)
		}
	})
}

func TestRefusalWithoutACK(t *testing.T) {
	play(t, func(l *lab) {
		p := l.party("p", nil)
		q := l.party("q", func(c *script.Config) { c.Ignore = []string{"ACK"} })
		l.do(p, request("INVITE", "to", "q"))
		l.do(q, receive("INVITE"), respond(603))
		l.do(p, receive("603", "reason", "Decline"))
		l.sleep(3 * time.Second)
		l.wantSent("p 0.0 INVITE", "q 0.0 603", "p 0.0 ACK", "q 0.5 603", "p 0.5 ACK", "q 1.5 603", "p 1.5 ACK")
	})
}

func TestCancel(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("INVITE", "to", "q"))
		l.do(q, receive("INVITE", "branch", "let $b"), respond(180))
		l.do(p, receive("180"), request("CANCEL", "headers", headers("Reason", "SIP;cause=200")))
		l.do(q, receive("CANCEL", "branch", "$b", "cseq", "1", "to_tag", "absent", "Reason", "/cause=200/"),
			respond(200, "to", "CANCEL"), respond(487, "to", "INVITE"))
		l.do(p, receive("200 CANCEL"), receive("487"))
		l.sleep(time.Minute)
		l.wantSent("p 0.0 INVITE", "q 0.0 180", "p 0.0 CANCEL", "q 0.0 200", "q 0.0 487", "p 0.0 ACK")
	})
}

// TestForks: two 2xx of one INVITE make two dialogs, each with an ACK and an end
// of its own.
func TestForks(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("INVITE", "to", "q", "sdp", lines(line("a", "sendrecv"))))
		l.do(q, receive("INVITE"), respond(200, "sdp", "answer"))
		l.do(p, receive("200", "to_tag", "let $first"), request("ACK"))
		l.do(q, receive("ACK", "to_tag", "$first"), respond(200, "to", "INVITE", "sdp", "same", "to_tag", "fork"))
		l.do(p, receive("200", "to_tag", "fork", "as", "two"), request("ACK"), on("two", request("BYE")))
		l.do(q, receive("ACK", "to_tag", "fork"), receive("BYE", "to_tag", "fork"), respond(200))
		l.do(p, on("two", receive("200 BYE")))
		l.sleep(time.Minute)
		wantUnread(t, p)
		wantUnread(t, q)
		l.wantSent("p 0.0 INVITE", "q 0.0 200", "p 0.0 ACK", "q 0.0 200", "p 0.0 ACK", "p 0.0 BYE", "q 0.0 200")
	})
}

// TestReliableProvisional: repeated until its PRACK.
func TestReliableProvisional(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("INVITE", "to", "q", "headers", headers("Require", "100rel")))
		l.do(q, receive("INVITE", "Require", "100rel"), respond(183, "headers", headers("Require", "100rel", "RSeq", "1")))
		l.do(p, receive("183", "RSeq", "let $rseq", "cseq", "let $cseq"))
		l.sleep(2 * time.Second)
		l.do(p, request("PRACK", "headers", headers("RAck", "${rseq} ${cseq} INVITE")))
		l.do(q, receive("PRACK", "RAck", "1 1 INVITE"), respond(200, "to", "PRACK"), respond(200, "to", "INVITE"))
		l.do(p, receive("200 PRACK"), receive("200 INVITE"), request("ACK"))
		l.do(q, receive("ACK"))
		l.sleep(time.Minute)
		wantUnread(t, p)
		l.wantSent("p 0.0 INVITE", "q 0.0 183", "q 0.5 183", "q 1.5 183", "p 2.0 PRACK", "q 2.0 200", "q 2.0 200", "p 2.0 ACK")
	})
}

// TestCopies: a repeated request is answered again, a repeated 2xx acknowledged
// again, and neither is offered to the script.
func TestCopies(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("OPTIONS", "to", "q", "as", "first"))
		l.do(q, receive("OPTIONS", "cseq", "let $n", "branch", "let $b"), respond(200))
		l.do(p, receive("200"), request("OPTIONS", "like", "first", "once", true))
		l.sleep(time.Second)
		l.wantSent("p 0.0 OPTIONS", "q 0.0 200", "p 0.0 OPTIONS", "q 0.0 200")
		wantUnread(t, p)
		wantUnread(t, q)

		l.do(p, request("OPTIONS", "like", "first", "branch", "new", "from_tag", "other", "headers", headers("Subject", "again")))
		l.do(q, receive("OPTIONS", "cseq", "$n", "branch", "not $b", "from_tag", "other", "Subject", "again"), respond(482))
		l.do(p, receive("482"))
	})
}

func TestAutomaticMethods(t *testing.T) {
	play(t, func(l *lab) {
		p := l.party("p", nil)
		q := l.party("q", func(c *script.Config) { c.Auto = []string{"BYE"} })
		established(l, p, q)
		l.do(p, request("BYE"), receive("200 BYE"))
		wantUnread(t, q)
	})
}

// TestSubscription: a labelled dialog beside the call, and the notifications.
func TestSubscription(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		established(l, p, q)
		l.do(p, request("SUBSCRIBE", "to", "q", "headers", headers("Event", "conference"), "as", "watch"))
		l.do(q, receive("SUBSCRIBE", "as", "sub"), on("sub", respond(200)),
			on("sub", request("NOTIFY", "headers", headers("Event", "conference"), "body", "<not xml")))
		l.do(p, on("watch", receive("200")),
			receive("NOTIFY", "Content-Type", "application/conference-info+xml", "body", "<not xml", "Subscription-State", "/active/"), respond(200))
		l.do(q, on("sub", receive("200 NOTIFY")))
		// Without a label the call is meant.
		l.do(q, request("REFER", "headers", headers("Refer-To", "<sip:r@r.test>")))
		l.do(p, receive("REFER", "cseq", "1"), respond(202), request("NOTIFY", "sipfrag", "180"))
		l.do(q, receive("202"), receive("NOTIFY", "sipfrag", "180", "Event", "refer"), respond(200))
		l.do(p, receive("200 NOTIFY"))
		wantUnread(t, p)
		wantUnread(t, q)
	})
}

func TestDescriptions(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("INVITE", "to", "q", "sdp", &scenario.SDPSpec{Address: "192.0.2.99", Lines: []scenario.SDPLine{
			{Name: "a", Direction: "sendonly", Codecs: []string{"opus", "PCMA"}, Attributes: []string{"ptime:20"}},
			{Name: "x", Media: "image", Port: "4002", Protocol: "udptl", Formats: []string{"t38"}},
			line("c", "alive"), line("audio2", "0"), line("a", "absent"),
		}}))
		l.do(q, receive("INVITE", "sdp", with("lines", "4", "address", "192.0.2.99",
			"a", with("direction", "sendonly", "codecs", []any{"opus", "PCMA"}, "port", "40000", "media", "audio"),
			"image", with("media", "image", "port", "4002", "formats", []any{"t38"}, "protocol", "udptl"), "audio2", "0", "c", "alive")),
			respond(183, "sdp", "answer"), respond(200, "sdp", "same"))
		l.do(p, receive("183", "sdp", with("a", with("direction", "recvonly", "codecs", []any{"opus"}), "mirror", "true", "version", "1")),
			receive("200", "sdp", with("version", "1", "same", "true")), request("ACK"))
		l.do(q, receive("ACK"), request("INVITE", "sdp", lines(line("a", "same"), line("x", "0"), line("c", "same"), line("audio2", "mirror"))))
		l.do(p, receive("INVITE", "sdp", with("a", "same", "version", "2", "lines", "4")), respond(488))
		l.do(q, receive("488"))
	})
}

// TestMismatch: the failure names what differs; nothing is taken or bound.
func TestMismatch(t *testing.T) {
	play(t, func(l *lab) {
		p, q := l.party("p", nil), l.party("q", nil)
		l.do(p, request("OPTIONS", "to", "q"))
		err := l.try(q, receive("OPTIONS", "Subject", "Tea", "cseq", "let $n"))
		if err == nil || differences(err) == "" {
			t.Errorf("error %v", err)
		}
		if _, bound := l.vars["n"]; bound {
			t.Error("a variable was bound by what does not match")
		}
		l.do(q, receive("OPTIONS"), respond(200))
		l.do(p, receive("200"))
		if err := l.try(p, receive("BYE")); err == nil || l.elapsed() < 2*time.Minute {
			t.Errorf("after %v: %v", l.elapsed(), err)
		}
		for _, step := range []*scenario.Script{
			respond(200), respond(200, "to", "INVITE"), request("ACK"), request("CANCEL"), request("BYE", "like", "nothing"),
			request("INVITE", "to", "nobody"), on("nowhere", request("BYE")), request("INFO", "sdp", "same"),
			request("INFO", "sdp", "answer"), request("INFO", "headers", headers("X-Y", "${unbound}")),
		} {
			if err := l.try(p, step); err == nil {
				t.Errorf("%s %s %v: no error", step.Name, step.Arg, step.Params)
			}
		}
	})
}

func TestRawOctets(t *testing.T) {
	play(t, func(l *lab) {
		p := l.party("p", func(c *script.Config) {
			c.ReadFile = func(name string) ([]byte, error) {
				return []byte("OPTIONS sip:q@q.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKraw;rport\r\n" +
					"From: <sip:p@p.test>;tag=1\r\nTo: <sip:q@q.test>\r\nCall-ID: " + name + "\r\nCSeq: 1 OPTIONS\r\n\r\n"), nil
			}
		})
		q := l.party("q", nil)
		l.do(p, &scenario.Script{Name: "send", Arg: "odd.sip", Params: with("to", "q")})
		l.do(q, receive("OPTIONS", "call_id", "odd.sip"), respond(404))
		l.do(p, receive("404"))
	})
}
