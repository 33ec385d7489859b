package msrp_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

func TestMessages(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		a.report, b.report = true, true
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("hello"), SuccessReport: true})
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte{}, SuccessReport: true})
		time.Sleep(time.Second)
		l.expect(a, "sent", "sent", "report 1-5/5 200 OK", "report 1-0/0 200 OK")
		l.expect(b, `1-5/5 text/plain "hello" $`, `1-0/0 text/plain "" $`)
		b.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("bye")})
		time.Sleep(time.Second)
		l.expect(a, `1-3/3 text/plain "bye" $`)
		l.expect(b, "sent")
		l.close(a, b)
		l.expect(a)
		l.expect(b)
	})
}

// TestReports: which responses and reports each value of the two headers brings.
func TestReports(t *testing.T) {
	for _, c := range []struct {
		code    int
		success bool
		failure msrp.FailureReport
		want    []string
		wire    string
	}{
		{200, true, msrp.FailureYes, []string{"sent", "report 1-1/1 200 OK"}, "SEND 200 REPORT"},
		{200, false, msrp.FailureYes, []string{"sent"}, "SEND 200"},
		{200, true, msrp.FailureNo, []string{"sent", "report 1-1/1 200 OK"}, "SEND REPORT"},
		{200, false, msrp.FailureNo, []string{"sent"}, "SEND"},
		{200, true, msrp.FailurePartial, []string{"sent", "report 1-1/1 200 OK"}, "SEND REPORT"},
		{200, false, msrp.FailurePartial, []string{"sent"}, "SEND"},
		{413, true, msrp.FailureYes, []string{"sent", "failed 413 Stop Sending", "report 1-1/1 413 Stop Sending"}, "SEND 413 REPORT"},
		{413, true, msrp.FailureNo, []string{"sent"}, "SEND"},
		{413, false, msrp.FailurePartial, []string{"sent", "failed 413 Stop Sending", "report 1-1/1 413 Stop Sending"}, "SEND 413 REPORT"},
	} {
		inLab(t, func(l *lab) {
			a, b := l.pair()
			b.report, b.codes["x/y"] = true, c.code
			var mu sync.Mutex
			var wire []string
			l.net.Tap(func(p simnet.Packet) {
				mu.Lock()
				defer mu.Unlock()
				if len(p.Data) > 0 {
					wire = append(wire, p.Kind().String())
				}
			})
			a.session.Send(msrp.Outgoing{ContentType: "x/y", Data: []byte("x"), SuccessReport: c.success, FailureReport: c.failure})
			time.Sleep(40 * time.Second)
			l.expect(a, c.want...)
			l.close(a, b)
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Join(wire, " "); got != c.wire {
				t.Errorf("%v: wire %s, want %s", c, got, c.wire)
			}
		})
	}
}

// TestNoResponse: 408 after 30 s if Failure-Report is yes, nothing otherwise.
func TestNoResponse(t *testing.T) {
	inLab(t, func(l *lab) {
		r, p, _, _ := l.script()
		for _, f := range []msrp.FailureReport{msrp.FailureYes, msrp.FailurePartial, msrp.FailureNo} {
			r.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("x"), FailureReport: f})
		}
		p.expect("Failure-Report: no")
		time.Sleep(28 * time.Second)
		l.expect(r, "sent", "sent", "sent")
		time.Sleep(2 * time.Second)
		l.expect(r, "failed 408 Request Timeout")
		l.close(r)
	})
}

// TestLargeAndSmall: a bulk message makes room, all arrives whole.
func TestLargeAndSmall(t *testing.T) {
	inLab(t, func(l *lab) {
		l.net.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Bandwidth: 8 << 20})
		a, b := l.pair()
		b.report = true
		const size = 5 << 20
		content := func() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{7}), size) }
		a.session.Send(msrp.Outgoing{ContentType: "x/bulk", Body: content(), Size: size, SuccessReport: true, Bulk: true})
		time.Sleep(500 * time.Millisecond)
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("small")})
		time.Sleep(2500 * time.Millisecond)
		if got := b.take(); len(got) != 1 || got[0] != `1-5/5 text/plain "small" $` {
			t.Errorf("while the large one is under way: %q", got)
		}
		time.Sleep(time.Minute)
		if b.received() != size+5 {
			t.Errorf("%d octets", b.received())
		}
		l.close(a, b)
	})
}

// TestOrder: messages that are not bulk arrive in order, whatever their size.
func TestOrder(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair()
		large := bytes.Repeat([]byte("x"), 1<<20)
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: large})
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("after")})
		time.Sleep(time.Minute)
		if got := b.take(); len(got) != 1 || b.received() != 1<<20+5 {
			t.Errorf("%q, %d octets", got, b.received())
		}
		l.expect(a, "sent", "sent")
		l.close(a, b)
	})
}

// TestCloseFlushes: what is queued arrives, a bulk message is aborted.
func TestCloseFlushes(t *testing.T) {
	inLab(t, func(l *lab) {
		l.net.SetLink("", "", simnet.LinkConfig{Latency: 10 * time.Millisecond, Bandwidth: 8 << 20})
		a, b := l.pair()
		a.session.Send(msrp.Outgoing{ContentType: "x/bulk", Body: rand.NewChaCha8([32]byte{}), Size: 1 << 40, Bulk: true})
		time.Sleep(2 * time.Second)
		a.session.Send(msrp.Outgoing{ContentType: "text/plain", Data: []byte("last words")})
		a.session.Close()
		time.Sleep(5 * time.Second)
		got := b.take()
		if len(got) < 2 || got[len(got)-2] != `1-10/10 text/plain "last words" $` || got[len(got)-1] != "closed: EOF" {
			t.Errorf("%q", got)
		}
		l.close(a, b)
	})
}

// TestPeerDoesNotRead: it is cut off, and costs no memory.
func TestPeerDoesNotRead(t *testing.T) {
	inLab(t, func(l *lab) {
		r, p, _, _ := l.script()
		r.session.Send(msrp.Outgoing{ContentType: "x/y", Body: rand.NewChaCha8([32]byte{}), Size: 1 << 40, Bulk: true})
		time.Sleep(45 * time.Second)
		if got := strings.Join(r.take(), ";"); !strings.Contains(got, "closed: connection to") || !strings.Contains(got, "timeout") {
			t.Errorf("%s", got)
		}
		<-r.session.Done()
		_ = p.conn.Close()
	})
}

func TestKeepAlive(t *testing.T) {
	inLab(t, func(l *lab) {
		a, b := l.pair(func(c *msrp.Config) { c.KeepAlive = 0 })
		time.Sleep(10 * time.Minute)
		l.expect(a)
		l.expect(b)
		l.net.Cut("alice", "bob")
		time.Sleep(2 * time.Minute)
		for _, r := range []*recorder{a, b} {
			if got := strings.Join(r.take(), ";"); !strings.Contains(got, "closed: ") || strings.Contains(got, ";") {
				t.Errorf("after the cut: %q", got)
			}
			<-r.session.Done()
		}
	})
}

// TestNobodyConnects, TestNobodyAnswers: establishing is bounded.
func TestNobodyConnects(t *testing.T) {
	inLab(t, func(l *lab) {
		e := l.open(l.config(l.alice, msrp.Listen))
		defer e.Close()
		path, _ := msrp.ParsePath("msrp://192.0.2.99:2855/x;tcp")
		begin := time.Now()
		_, err := e.Establish(context.Background(), msrp.Peer{Path: path, Active: true})
		if took := time.Since(begin); err == nil || took != 10*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	inLab(t, func(l *lab) {
		_, _ = l.net.Host("carol", netip.MustParseAddr("192.0.2.99"))
		for _, hop := range []string{"msrp://192.0.2.99:2855/x;tcp", "msrp://192.0.2.77:2855/x;tcp", "msrps://192.0.2.77:2855/x;tcp"} {
			e := l.open(l.config(l.alice, msrp.Connect))
			path, _ := msrp.ParsePath(hop)
			begin := time.Now()
			_, err := e.Establish(context.Background(), msrp.Peer{Path: path})
			if took := time.Since(begin); err == nil || took > 10*time.Second {
				t.Errorf("%v after %v", err, took)
			}
			e.Close()
		}
	})
}
