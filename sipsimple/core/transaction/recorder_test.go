package transaction_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/internal/mailbox"
)

var (
	alice = netip.MustParseAddrPort("192.0.2.1:5060")
	bob   = netip.MustParseAddrPort("192.0.2.2:5060")
)

// bench is a layer with a recorder for a network: what is sent, and what the
// user hears, as lines with their virtual time.
type bench struct {
	t        *testing.T
	box      mailbox.Mailbox
	layer    *transaction.Layer
	began    time.Time
	log      []string
	sent     [][]byte
	failSend error
	requests []*transaction.Server
	cancels  [][2]*transaction.Server
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, began: time.Now()}
	b.layer = transaction.NewLayer(transaction.LayerConfig{
		Transport: b, Executor: &b.box,
		OnRequest: func(tx *transaction.Server) {
			b.note("request %s", tx.Request().Method)
			b.requests = append(b.requests, tx)
		},
		OnAck: func(m wire.Message) { b.note("ack") },
		OnCancel: func(c, i *transaction.Server) {
			b.note("cancel %v", i != nil)
			b.cancels = append(b.cancels, [2]*transaction.Server{c, i})
		},
		OnStrayResponse: func(m wire.Message) { b.note("stray %d", m.Response().StatusCode) },
	})
	return b
}

func (b *bench) note(format string, args ...any) {
	b.log = append(b.log, fmt.Sprintf("%v ", time.Since(b.began))+fmt.Sprintf(format, args...))
}

// SendOctets records. It is called on the executor only.
func (b *bench) SendOctets(data []byte, to wire.Destination, done func(error)) {
	line, _, _ := strings.Cut(string(data), "\r\n")
	line = strings.TrimSuffix(strings.TrimPrefix(line, "SIP/2.0 "), " SIP/2.0")
	b.note("send %s", line)
	b.sent = append(b.sent, data)
	if done != nil {
		done(b.failSend)
	}
}

// do runs f on the executor and waits for it.
func (b *bench) do(f func()) {
	b.box.Post(f)
	synctest.Wait()
}

// receive gives octets to the layer as if they came from a peer.
func (b *bench) receive(transport, text string) {
	b.t.Helper()
	r := wire.Inspect([]byte(text), false, bob)
	if r.Verdict != wire.Accept {
		b.t.Fatalf("test message is not valid: %s\n%s", r.Reason, text)
	}
	m := wire.Message{Msg: r.Msg, Source: bob, Local: alice, Transport: transport, Received: time.Now()}
	b.do(func() { b.layer.Receive(m) })
}

// expect compares the log since the last call.
func (b *bench) expect(want ...string) {
	b.t.Helper()
	got := b.log
	b.log = nil
	if !slices.Equal(got, want) {
		b.t.Fatalf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// wait lets virtual time pass.
func (b *bench) wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func request(method, branch string) string {
	m := method
	return method + " sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=" + branch + "\r\n" +
		"Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=a1\r\nTo: <sip:bob@example.com>\r\n" +
		"Call-ID: c1\r\nCSeq: 1 " + m + "\r\nContent-Length: 0\r\n\r\n"
}

func parse(t *testing.T, text string) *sip.Request {
	r := wire.Inspect([]byte(text), false, netip.AddrPort{})
	if r.Verdict != wire.Accept {
		t.Fatal(r.Reason)
	}
	return wire.Message{Msg: r.Msg}.Request()
}

func response(code int, method, branch string) string {
	return fmt.Sprintf("SIP/2.0 %d Whatever\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n"+
		"From: <sip:alice@example.com>;tag=a1\r\nTo: <sip:bob@example.com>;tag=b1\r\n"+
		"Call-ID: c1\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n", code, branch, method)
}

// call starts a client transaction.
func (b *bench) call(method, transport string) *transaction.Client {
	var c *transaction.Client
	req := parse(b.t, request(method, "z9hG4bK1"))
	req.AppendHeader(&sip.RouteHeader{Address: sip.Uri{Scheme: "sip", Host: "proxy.example.com"}})
	b.do(func() {
		c = b.layer.Request(req, wire.Destination{Transport: transport, Addr: bob}, func(e transaction.Event) {
			switch e.Kind {
			case transaction.Response:
				b.note("hear %d", e.Response.StatusCode)
			case transaction.Timeout:
				b.note("timeout")
			case transaction.TransportError:
				b.note("failed: %v", e.Err)
			}
		})
	})
	return c
}

// respond answers in a server transaction.
func (b *bench) respond(tx *transaction.Server, code int) {
	b.do(func() { tx.Respond(wire.NewResponse(tx.Request(), code, "Phrase", "b1")) })
}

func inBubble(t *testing.T, f func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		f(b)
		b.wait(2 * transaction.Lifetime)
		if n := b.layer.Len(); n != 0 {
			t.Errorf("%d transactions are left", n)
		}
		b.do(b.layer.Close)
	})
}
