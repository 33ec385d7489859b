package transaction_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

func TestInviteIsRepeatedUntilTimerB(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.call("INVITE", "udp")
		b.wait(40 * time.Second)
		b.expect("0s send INVITE sip:bob@192.0.2.2", "500ms send INVITE sip:bob@192.0.2.2",
			"1.5s send INVITE sip:bob@192.0.2.2", "3.5s send INVITE sip:bob@192.0.2.2",
			"7.5s send INVITE sip:bob@192.0.2.2", "15.5s send INVITE sip:bob@192.0.2.2",
			"31.5s send INVITE sip:bob@192.0.2.2", "32s timeout")
		if string(b.sent[0]) != string(b.sent[6]) {
			t.Error("a repetition differs from the first request")
		}
	})
}

func TestRequestIsRepeatedUntilTimerF(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.call("BYE", "udp")
		b.wait(40 * time.Second)
		want := []string{}
		for _, at := range []string{"0s", "500ms", "1.5s", "3.5s", "7.5s", "11.5s", "15.5s", "19.5s", "23.5s", "27.5s", "31.5s"} {
			want = append(want, at+" send BYE sip:bob@192.0.2.2")
		}
		b.expect(append(want, "32s timeout")...)
	})
}

func TestRefusalIsAcknowledgedEachTime(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.call("INVITE", "udp")
		b.receive("udp", response(100, "INVITE", "z9hG4bK1"))
		b.wait(10 * time.Second)
		b.receive("udp", response(486, "INVITE", "z9hG4bK1"))
		b.wait(time.Second)
		b.receive("udp", response(486, "INVITE", "z9hG4bK1"))
		b.expect("0s send INVITE sip:bob@192.0.2.2", "0s hear 100", "10s send ACK sip:bob@192.0.2.2", "10s hear 486",
			"11s send ACK sip:bob@192.0.2.2")
		ack := string(b.sent[2])
		for _, part := range []string{
			"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n", "To: <sip:bob@example.com>;tag=b1\r\n",
			"CSeq: 1 ACK\r\n", "Route: <sip:proxy.example.com>\r\n", "From: <sip:alice@example.com>;tag=a1\r\n",
		} {
			if !strings.Contains(ack, part) {
				t.Errorf("ACK has no %q:\n%s", part, ack)
			}
		}
		b.wait(31500 * time.Millisecond) // timer D has ended
		b.receive("udp", response(486, "INVITE", "z9hG4bK1"))
		b.expect("42.5s stray 486")
	})
}

func TestEvery2xxIsHeardWhileTimerMRuns(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.call("INVITE", "udp")
		b.receive("udp", response(200, "INVITE", "z9hG4bK1"))
		b.wait(31 * time.Second)
		b.receive("udp", response(200, "INVITE", "z9hG4bK1"))
		b.wait(2 * time.Second)
		b.receive("udp", response(200, "INVITE", "z9hG4bK1"))
		b.expect("0s send INVITE sip:bob@192.0.2.2", "0s hear 200", "31s hear 200", "33s stray 200")
	})
}

func TestTransportErrorIsHeardOnce(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.failSend = errors.New("no route")
		b.call("INVITE", "tcp")
		b.expect("0s send INVITE sip:bob@192.0.2.2", "0s failed: no route")
	})
}

func TestRequestWithoutBranchFails(t *testing.T) {
	inBubble(t, func(b *bench) {
		req := parse(t, request("OPTIONS", "z9hG4bK1"))
		req.Via().Params = nil
		b.do(func() {
			b.layer.Request(req, wire.Destination{Transport: "udp", Addr: bob}, func(e transaction.Event) {
				b.note("kind %d: %v", e.Kind, e.Err)
			})
		})
		b.expect("0s kind 2: request without branch in its top Via")
	})
}

func TestTerminatedClientIsSilent(t *testing.T) {
	inBubble(t, func(b *bench) {
		c := b.call("INVITE", "udp")
		b.receive("udp", response(180, "INVITE", "z9hG4bK1"))
		b.do(c.Terminate)
		b.do(c.Terminate)
		b.receive("udp", response(200, "INVITE", "z9hG4bK1"))
		b.expect("0s send INVITE sip:bob@192.0.2.2", "0s hear 180", "0s stray 200")
	})
}

func TestAutomaticTrying(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.wait(300 * time.Millisecond)
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.respond(b.requests[0], 180)
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.respond(b.requests[0], 200)
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.expect("0s request INVITE", "200ms send 100 Trying", "300ms send 100 Trying", "300ms send 180 Phrase",
			"300ms send 180 Phrase", "300ms send 200 Phrase")
		if strings.Contains(string(b.sent[0]), "tag=b1") {
			t.Error("100 Trying has a To tag")
		}
	})
}

func TestNoTryingAfterAnAnswer(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.wait(100 * time.Millisecond)
		b.respond(b.requests[0], 180)
		b.wait(time.Second)
		b.expect("0s request INVITE", "100ms send 180 Phrase")
		b.do(b.requests[0].Terminate)
	})
}

func TestRefusalIsRepeatedUntilAck(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.requests[0].OnAcked = func(wire.Message) { b.note("acked") }
		b.requests[0].OnAckTimeout = func() { b.note("ack timeout") }
		b.respond(b.requests[0], 486)
		b.wait(12 * time.Second)
		b.receive("udp", request("ACK", "z9hG4bK2"))
		b.receive("udp", request("ACK", "z9hG4bK2"))
		b.wait(40 * time.Second)
		b.expect("0s request INVITE", "0s send 486 Phrase", "500ms send 486 Phrase", "1.5s send 486 Phrase",
			"3.5s send 486 Phrase", "7.5s send 486 Phrase", "11.5s send 486 Phrase", "12s acked")
	})
}

func TestAckTimeout(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("tcp", request("INVITE", "z9hG4bK2"))
		b.requests[0].OnAckTimeout = func() { b.note("ack timeout") }
		b.respond(b.requests[0], 486)
		b.wait(40 * time.Second)
		b.expect("0s request INVITE", "0s send 486 Phrase", "32s ack timeout")
	})
}

func TestAckOf2xxGoesToTheUser(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.respond(b.requests[0], 200)
		b.receive("udp", request("ACK", "z9hG4bK3"))
		b.receive("udp", request("ACK", "z9hG4bK2")) // a wrong branch, as some send
		b.expect("0s request INVITE", "0s send 200 Phrase", "0s ack", "0s ack")
	})
}

func TestCancelFindsItsInvite(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.receive("udp", request("CANCEL", "z9hG4bK2"))
		b.respond(b.cancels[0][0], 200)
		b.respond(b.cancels[0][1], 487)
		b.receive("udp", request("CANCEL", "z9hG4bK2"))
		b.receive("udp", request("ACK", "z9hG4bK2"))
		b.receive("udp", request("CANCEL", "z9hG4bK9"))
		b.respond(b.cancels[1][0], 481)
		if b.cancels[0][1] != b.requests[0] {
			t.Error("CANCEL was matched to another transaction")
		}
		b.expect("0s request INVITE", "0s cancel true", "0s send 200 Phrase", "0s send 487 Phrase", "0s send 200 Phrase",
			"0s cancel false", "0s send 481 Phrase")
	})
}

func TestRepeatedRequestIsAbsorbed(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("udp", request("OPTIONS", "z9hG4bK2"))
		b.receive("udp", request("OPTIONS", "z9hG4bK2"))
		b.respond(b.requests[0], 200)
		b.receive("udp", request("OPTIONS", "z9hG4bK2"))
		b.respond(b.requests[0], 500)
		b.wait(33 * time.Second)
		b.receive("udp", request("OPTIONS", "z9hG4bK2"))
		b.respond(b.requests[1], 200)
		b.expect("0s request OPTIONS", "0s send 200 Phrase", "0s send 200 Phrase", "33s request OPTIONS", "33s send 200 Phrase")
		if string(b.sent[0]) != string(b.sent[1]) {
			t.Error("the repeated response differs")
		}
	})
}

// RFC 4475 section 3.2.1: a branch that is only the magic cookie names nothing.
func TestOldBranchesAreMatchedByTheRulesOfRFC2543(t *testing.T) {
	for _, branch := range []string{"z9hG4bK", "1"} {
		inBubble(t, func(b *bench) {
			first := request("INVITE", branch)
			b.receive("udp", first)
			b.receive("udp", strings.Replace(first, "Call-ID: c1", "Call-ID: c2", 1))
			b.receive("udp", first)
			b.respond(b.requests[0], 486)
			ack := strings.Replace(request("ACK", branch), "To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=b1", 1)
			b.requests[0].OnAcked = func(wire.Message) { b.note("acked") }
			b.receive("udp", strings.Replace(ack, "tag=b1", "tag=b2", 1))
			b.receive("udp", ack)
			b.receive("udp", request("CANCEL", branch))
			b.respond(b.cancels[0][0], 200)
			b.do(b.requests[1].Terminate)
			b.expect("0s request INVITE", "0s request INVITE", "0s send 100 Trying", "0s send 486 Phrase", "0s ack", "0s acked",
				"0s cancel true", "0s send 200 Phrase")
		})
	}
}

// RFC 3261 section 17.2.3: the default port may be left out of the Via; and the
// magic cookie is no secret: upper or lower case, it is the same.
func TestServersAreFoundHoweverTheViaIsWritten(t *testing.T) {
	for _, c := range []struct{ branch, sentBy, again string }{
		{"z9hG4bK2", "192.0.2.1:5060", "192.0.2.1"},
		{"z9hG4bK2", "192.0.2.1", "192.0.2.1:5060"},
		{"z9hG4bK2", "a.test", "A.test:5060"},
		{"Z9HG4BK2", "192.0.2.1:5060", "192.0.2.1:5060"},
	} {
		inBubble(t, func(b *bench) {
			write := func(method, sentBy string) string {
				return strings.Replace(request(method, c.branch), "192.0.2.1:5060", sentBy, 1)
			}
			b.receive("udp", write("INVITE", c.sentBy))
			b.requests[0].OnAcked = func(wire.Message) { b.note("acked") }
			b.respond(b.requests[0], 486)
			b.receive("udp", write("INVITE", c.again))
			b.receive("udp", write("ACK", c.again))
			b.expect("0s request INVITE", "0s send 486 Phrase", "0s send 486 Phrase", "0s acked")
		})
	}
}

func TestServersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.layer = transaction.NewLayer(transaction.LayerConfig{Transport: b, Executor: &b.box, MaxServers: 1})
		b.receive("udp", request("OPTIONS", "z9hG4bK2"))
		b.receive("udp", request("OPTIONS", "z9hG4bK3"))
		b.receive("udp", request("OPTIONS", "z9hG4bK3"))
		b.expect("0s send 503 Service Unavailable", "0s send 503 Service Unavailable")
		if string(b.sent[0]) != string(b.sent[1]) {
			t.Error("the two refusals differ")
		}
		if !strings.Contains(string(b.sent[0]), "\r\nRetry-After: 30\r\n") {
			t.Errorf("the refusal does not say when to try again:\n%s", b.sent[0])
		}
		b.do(b.layer.Close)
	})
}

// TestRoomForAcquaintances: there is room for a quarter more transactions of who has
// answered a request of ours with a 2xx, outside a dialog and when it was asked.
func TestRoomForAcquaintances(t *testing.T) {
	for _, c := range []struct {
		name  string
		meet  func(b *bench)
		known bool
	}{
		{"nobody", func(*bench) {}, false},
		{"one who has answered", func(b *bench) { b.call("OPTIONS", "udp"); b.receive("udp", response(200, "OPTIONS", "z9hG4bK1")) }, true},
		{"one who has refused", func(b *bench) { b.call("OPTIONS", "udp"); b.receive("udp", response(486, "OPTIONS", "z9hG4bK1")) }, false},
		{"one who was not asked", func(b *bench) { b.receive("udp", response(200, "OPTIONS", "z9hG4bK1")) }, false},
		{"one who was asked in a dialog", func(b *bench) {
			req := parse(b.t, strings.Replace(request("BYE", "z9hG4bK1"), "To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=b1", 1))
			b.do(func() {
				b.layer.Request(req, wire.Destination{Transport: "udp", Addr: bob}, func(transaction.Event) {})
			})
			b.receive("udp", response(200, "BYE", "z9hG4bK1"))
		}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.layer = transaction.NewLayer(transaction.LayerConfig{Transport: b, Executor: &b.box, MaxServers: 4})
			c.meet(b)
			b.log = nil
			for i := range 7 {
				b.receive("udp", request("OPTIONS", fmt.Sprintf("z9hG4bKs%d", i)))
			}
			if taken := 7 - len(b.log); taken != 4 && !c.known || taken != 5 && c.known {
				t.Errorf("%s: %d requests are taken", c.name, taken)
			}
			b.do(b.layer.Close)
		})
	}
}

// TestServerOfTheLayersOwnResponses: 100, 503 and 500 say who sends them, as all others do.
func TestServerOfTheLayersOwnResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.layer = transaction.NewLayer(transaction.LayerConfig{
			Transport: b, Executor: &b.box, MaxServers: 1, OnRequest: func(tx *transaction.Server) { b.requests = append(b.requests, tx) },
			Server: func() sip.Header { return sip.NewHeader("Server", "bench") },
		})
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.receive("udp", request("OPTIONS", "z9hG4bK3"))
		b.wait(time.Second)
		b.do(func() {
			tx := b.requests[0]
			tx.Respond(wire.NewResponse(tx.Request(), 200, "OK\r\nInjected: yes", "b1"))
		})
		b.expect("0s send 503 Service Unavailable", "200ms send 100 Trying", "1s send 500 Server Internal Error")
		for _, sent := range b.sent {
			if !strings.Contains(string(sent), "\r\nServer: bench\r\n") {
				t.Errorf("no Server header:\n%s", sent)
			}
		}
		b.do(b.layer.Close)
	})
}

func TestUnsafeResponseBecomes500(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.receive("udp", request("OPTIONS", "z9hG4bK2"))
		b.do(func() {
			tx := b.requests[0]
			tx.Respond(wire.NewResponse(tx.Request(), 200, "OK\r\nInjected: yes", "b1"))
		})
		b.expect("0s request OPTIONS", "0s send 500 Server Internal Error")
	})
}

func TestCloseIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.call("INVITE", "udp")
		b.receive("udp", request("INVITE", "z9hG4bK2"))
		b.do(b.layer.Close)
		b.wait(time.Minute)
		b.receive("udp", response(200, "INVITE", "z9hG4bK1"))
		b.expect("0s send INVITE sip:bob@192.0.2.2", "0s request INVITE")
	})
}

func TestCancelRequest(t *testing.T) {
	invite := parse(t, request("INVITE", "z9hG4bK1"))
	cancel := transaction.NewCancel(invite)
	if got, want := cancel.String(), request("CANCEL", "z9hG4bK1"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
