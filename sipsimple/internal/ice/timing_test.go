package ice_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

// A check that nobody answers is sent seven times, at intervals that double up to 1.6 s, and the whole is given up after
// that (RFC 5245 section 16.1). Who waits for the peer's nomination gives up after 10 s, before the session does.
func TestGivingUp(t *testing.T) {
	w := newWorld([2]nat{none, none}, [2]bool{true, false})
	agent, began := w.ends[0].agent, w.now
	remote := ice.Remote{Credentials: w.ends[1].agent.Credentials(), Candidates: w.ends[1].agent.Local()[:1]}
	if err := agent.Start(w.now, remote); err != nil {
		t.Fatal(err)
	}
	var sent []time.Duration
	note := func() {
		for range agent.Take() {
			sent = append(sent, w.now.Sub(began))
		}
	}
	note()
	for agent.State() == ice.Running {
		w.now = agent.Next()
		agent.Advance(w.now)
		note()
	}
	ms := time.Millisecond
	want := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms, 4700 * ms}
	if !slices.Equal(sent, want) || w.now.Sub(began) != 6300*ms || agent.State() != ice.Broken {
		t.Errorf("sent at %v, state %d after %v", sent, agent.State(), w.now.Sub(began))
	}
	w = newWorld([2]nat{none, none}, [2]bool{true, false})
	waiting := w.ends[1].agent
	w.start(t, 1)
	for waiting.State() == ice.Running {
		w.now = waiting.Next()
		waiting.Advance(w.now)
	}
	if took := w.now.Sub(began); took != 10*time.Second {
		t.Errorf("who is controlled gives up after %v", took)
	}
}

// A pair that works is not taken at once when a better one may still succeed: that one has 250 ms.
func TestPatience(t *testing.T) {
	for late, want := range map[time.Duration]string{100 * time.Millisecond: "host", 2 * time.Second: "srflx"} {
		w := newWorld([2]nat{none, none}, [2]bool{true, false})
		// The host candidate of the other one answers late only, the other address of it at once.
		better := ice.Candidate{Foundation: "H2", Component: ice.RTP, Priority: ice.Priority(ice.Host, 1) + 1, Addr: w.ends[1].base(1), Type: ice.Host}
		worse := ice.Candidate{Foundation: "S2", Component: ice.RTP, Priority: ice.Priority(ice.ServerReflexive, 1), Addr: netip.MustParseAddrPort("192.0.2.77:7"), Type: ice.ServerReflexive}
		a, b := w.ends[0].agent, w.ends[1].agent
		if err := a.Start(w.now, ice.Remote{Credentials: b.Credentials(), Candidates: []ice.Candidate{better, worse}}); err != nil {
			t.Fatal(err)
		}
		began := w.now
		from := w.ends[0].base(1)
		for a.State() == ice.Running {
			for _, d := range a.Take() {
				if d.To == better.Addr && w.now.Sub(began) < late {
					continue
				}
				b.Receive(w.now, ice.RTP, from, d.Data)
				for _, answer := range b.Take() {
					a.Receive(w.now, ice.RTP, d.To, answer.Data)
				}
			}
			if a.State() == ice.Running {
				w.now = a.Next()
				a.Advance(w.now)
			}
		}
		_, remote, ok := a.Selected(ice.RTP)
		if !ok || string(remote.Type) != want {
			t.Errorf("the better pair answers after %v: %s is taken, want %s", late, remote.Type, want)
		}
		if took := w.now.Sub(began); took > 400*time.Millisecond {
			t.Errorf("the better pair answers after %v: it takes %v", late, took)
		}
	}
}

// Priorities are those of RFC 8445 section 5.1.2.1, with the recommended preferences; credentials and candidates keep to
// the grammar.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		kind      ice.Type
		component int
		want      uint32
	}{
		{ice.Host, 1, 2130706431}, {ice.Host, 2, 2130706430}, {ice.PeerReflexive, 1, 1862270975}, {ice.ServerReflexive, 2, 1694498814}, {ice.Relayed, 1, 16777215},
	} {
		if got := ice.Priority(c.kind, c.component); got != c.want {
			t.Errorf("%s, component %d: priority %d, want %d", c.kind, c.component, got, c.want)
		}
	}
	long := func(n int) string { return string(slices.Repeat([]byte("a"), n)) }
	for _, c := range []struct {
		ufrag, pwd int
		want       bool
	}{{4, 22, true}, {3, 22, false}, {4, 21, false}, {256, 256, true}, {257, 22, false}, {4, 257, false}} {
		if got := (ice.Credentials{Ufrag: long(c.ufrag), Pwd: long(c.pwd)}).Valid(); got != c.want {
			t.Errorf("%d and %d characters are valid: %t", c.ufrag, c.pwd, got)
		}
	}
	for text, ok := range map[string]bool{
		"1 1 udp 1 192.0.2.1 9 typ host": true, "1 1 UDP 1 192.0.2.1 9 typ relay raddr 10.0.0.1 rport 5 generation 0": true,
		"1 1 TCP 1 192.0.2.1 9 typ host": false, "1 1 UDP 1 host.local 9 typ host": false, "1 1 UDP 1 192.0.2.1 0 typ host": false,
		"1 0 UDP 1 192.0.2.1 9 typ host": false, "1 1 UDP 4294967296 192.0.2.1 9 typ host": false, "1 1 UDP 1 0.0.0.0 9 typ host": false,
		"1 1 UDP 1 192.0.2.1 9 typ unknown": false, "1 1 UDP 1 192.0.2.1 9 host": false,
	} {
		if _, err := ice.ParseCandidate(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
