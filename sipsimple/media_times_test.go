package sipsimple_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// mediaWatch sees what media a host sends, and when.
type mediaWatch struct {
	mu          sync.Mutex
	host        netip.Addr
	first, last time.Time // of RTP and RTCP
	packets     int
	goodbyes    int
}

func (w *mediaWatch) packet(p simnet.Packet) {
	if p.Proto != simnet.UDP || p.Src.Addr() != w.host || p.Src.Port() < 50000 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.packets++; w.first.IsZero() {
		w.first = p.Sent
	}
	w.last = p.Sent
	if list, err := rtcp.Unmarshal(p.Data); err == nil {
		for _, part := range list {
			if _, bye := part.(*rtcp.Goodbye); bye {
				w.goodbyes++
			}
		}
	}
}

// TestMediaOnlyInTheCall: nobody sends media before the session may start, nor after
// it has ended, however that came; RTCP says goodbye once (reliability I26).
func TestMediaOnlyInTheCall(t *testing.T) {
	for name, c := range map[string]struct {
		talk bool
		act  func(l *lab, call, answer *sipsimple.Session)
	}{
		"the caller hangs up": {true, func(_ *lab, call, _ *sipsimple.Session) { call.End() }},
		"the callee hangs up": {true, func(_ *lab, _, answer *sipsimple.Session) { answer.End() }},
		"both at once":        {true, func(_ *lab, call, answer *sipsimple.Session) { call.End(); answer.End() }},
		"a BYE that is lost": {true, func(l *lab, call, _ *sipsimple.Session) {
			l.net.Cut("alice", "bob")
			call.End()
			pass(10 * time.Second)
			l.net.Heal("alice", "bob")
		}},
		"cancelled": {false, func(_ *lab, call, _ *sipsimple.Session) { call.End() }},
		"refused":   {false, func(_ *lab, _, answer *sipsimple.Session) { _ = answer.Reject(603, "") }},
	} {
		inLab(t, func(l *lab) {
			alice, bob := l.party("alice"), l.party("bob")
			parties := []*party{alice, bob}
			times := [2]map[string]time.Time{{}, {}}
			var watches [2]*mediaWatch
			for i, p := range parties {
				watches[i] = &mediaWatch{host: l.host(p.name).Addr()}
				l.net.Tap(watches[i].packet)
				p.Center().AddObserver(notification.ObserverFunc(func(n notification.Notification) { times[i][n.Name] = n.Timestamp }))
			}
			call := alice.call("bob")
			pass(time.Second)
			answer := bob.session()
			if c.talk {
				must(t, answer.Accept(answer.ProposedStreams(), nil))
				pass(5500 * time.Millisecond)
			}
			c.act(l, call, answer)
			pass(time.Minute)
			for i, w := range watches {
				who := name + ", " + parties[i].name
				if !c.talk {
					if w.packets != 0 {
						t.Errorf("%s: %d packets without a call", who, w.packets)
					}
					continue
				}
				begin, end := times[i]["SIPSessionWillStart"], times[i]["SIPSessionDidEnd"]
				if w.packets < 200 || w.first.Before(begin) || w.last.After(end) || end.IsZero() {
					t.Errorf("%s: %d packets from %v to %v, the session was from %v to %v", who, w.packets, w.first, w.last, begin, end)
				}
				if w.goodbyes != 1 {
					t.Errorf("%s: %d times goodbye", who, w.goodbyes)
				}
			}
			stop(alice, bob)
		})
	}
}
