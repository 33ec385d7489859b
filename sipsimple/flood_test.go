package sipsimple_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// flood sends requests to a user agent from a host of its own, so many a second,
// each another one, and reads no answer. INVITEs ring, and nobody cancels them.
func (l *lab) flood(name, user, victim string, rate int, length time.Duration) (sent int) {
	conn, err := l.host(name).ListenPacket("udp", ":5060")
	if err != nil {
		l.t.Error(err)
		return 0
	}
	defer func() { _ = conn.Close() }()
	to := &net.UDPAddr{IP: net.ParseIP(l.addr(victim)), Port: 5060}
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); sent++ {
		method := []string{"INVITE", "REGISTER", "OPTIONS", "MESSAGE"}[sent%4]
		text := fmt.Sprintf("%s sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\nFrom: <sip:x@%s.test>;tag=%d\r\n"+
			"To: <sip:%s>\r\nCall-ID: %s-%d\r\nCSeq: 1 %s\r\nContact: <sip:x@%s>\r\nContent-Length: 0\r\n\r\n",
			method, user, l.addr(name), sent, name, sent, user, name, sent, method, l.addr(name))
		if _, err := conn.WriteTo([]byte(text), to); err != nil {
			l.t.Error(err)
		}
		<-ticker.C
	}
	return sent
}

// TestFlood: strangers send all there is, without end. A call by way of the registrar
// is set up in less than two seconds all the same, and memory is bounded; 40 s after
// the end all is as before, for strangers too (reliability C10).
func TestFlood(t *testing.T) {
	const floods, rate, length = 4, 400, 10 * time.Second
	inLab(t, func(l *lab) {
		server := l.registrar("reg")
		defer server.Close()
		p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
		p.start()
		pass(time.Second)
		bob, carol := l.party("bob"), l.party("carol")
		var ringing atomic.Int64
		p.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) {
			s := n.Sender.(*sipsimple.Session)
			if user := s.RemoteIdentity().URI().User; user == "bob" || user == "carol" {
				must(t, s.Accept(s.ProposedStreams(), nil))
			} else {
				ringing.Add(1)
			}
		}), notification.Filter{Name: "SIPSessionNewIncoming"})
		setUp := func(caller *party, way string) time.Duration {
			began := time.Now()
			s := caller.callVia("alice", []core.Route{{Address: l.addr(way)}})
			pass(2 * time.Second)
			if s.State() != sipsimple.Connected {
				t.Errorf("the call of %s by way of %s is %s after 2 s", caller.name, way, s.State())
				return 0
			}
			took := s.StartTime().Sub(began)
			s.End()
			return took
		}
		before := heapInUse()
		for i := range floods {
			go l.flood(fmt.Sprintf("stranger%d", i), "alice@reg.test", "alice", rate, length)
		}
		pass(length / 2)
		took := setUp(bob, "reg")
		pass(length/2 - 3*time.Second)
		during := heapInUse()
		t.Logf("%d strangers ring; the call took %v; the heap has grown by %d kB", ringing.Load(), took, (during-before)>>10)
		if ringing.Load() != 1000 {
			t.Errorf("%d strangers ring: want no more than there is room for them", ringing.Load())
		}
		if grown := during - before; grown > 100<<20 {
			t.Errorf("the heap has grown by %d MB", grown>>20)
		}
		pass(time.Second)
		for _, s := range p.SessionManager().Sessions() {
			s.End()
		}
		pass(40 * time.Second)
		setUp(carol, "alice")
		pass(time.Minute)
		p.mu.Lock()
		p.log, p.all = nil, nil
		p.mu.Unlock()
		if left := heapInUse() - before; left > 16<<20 { // the network keeps its packets for the next flood
			t.Errorf("%d kB are left of the flood", left>>10)
		}
		stop(bob, carol)
		p.stop()
	})
}
