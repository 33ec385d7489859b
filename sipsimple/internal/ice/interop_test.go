package ice_test

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	pion "github.com/pion/ice/v4"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
)

// socketEnd is an agent of ours with one socket and component, as that is what pion knows.
type socketEnd struct {
	conn  net.PacketConn
	agent *ice.Agent
	heard []byte // the last datagram that is not STUN
}

func newSocketEnd(t *testing.T, h *simnet.Host, controlling bool) *socketEnd {
	conn, err := h.ListenPacket("udp", net.JoinHostPort(h.Addr().String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{3})
	base := ice.Candidate{
		Foundation: "1", Component: ice.RTP, Priority: ice.Priority(ice.Host, ice.RTP), Type: ice.Host,
		Addr: netip.MustParseAddrPort(conn.LocalAddr().String()),
	}
	return &socketEnd{conn: conn, agent: ice.NewAgent(ice.Config{
		Credentials: ice.NewCredentials(random), Local: []ice.Candidate{base}, Controlling: controlling, Random: random,
	})}
}

// run drives the agent until the end of the time.
func (e *socketEnd) run(t *testing.T, d time.Duration) {
	buf := make([]byte, 1500)
	for end := time.Now().Add(d); time.Now().Before(end); {
		e.agent.Advance(time.Now())
		for _, d := range e.agent.Take() {
			if _, err := e.conn.WriteTo(d.Data, net.UDPAddrFromAddrPort(d.To)); err != nil {
				t.Error(err)
			}
		}
		next := e.agent.Next()
		if next.IsZero() || next.After(end) {
			next = end
		}
		_ = e.conn.SetReadDeadline(next.Add(1))
		n, from, err := e.conn.ReadFrom(buf)
		switch {
		case err != nil:
		case ice.IsSTUN(buf[:n]):
			e.agent.Receive(time.Now(), ice.RTP, from.(*net.UDPAddr).AddrPort(), buf[:n])
		default:
			e.heard = append([]byte(nil), buf[:n]...)
		}
	}
}

// newPion is an agent of pion that has found its candidates.
func newPion(t *testing.T, h *simnet.Host, lite bool) *pion.Agent {
	a, err := pion.NewAgentWithOptions(pion.WithNet(h), pion.WithNetworkTypes([]pion.NetworkType{pion.NetworkTypeUDP4}),
		pion.WithMulticastDNSMode(pion.MulticastDNSModeDisabled), pion.WithICELite(lite),
		pion.WithCandidateTypes([]pion.CandidateType{pion.CandidateTypeHost}))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	err = a.OnCandidate(func(c pion.Candidate) {
		if c == nil {
			close(done)
		}
	})
	if err == nil {
		err = a.GatherCandidates()
	}
	if err != nil {
		t.Fatal(err)
	}
	<-done
	return a
}

// TestWithPion: an agent of pion/ice is the other end, in both roles, behind a NAT, and as one that only answers (lite).
func TestWithPion(t *testing.T) {
	for name, c := range map[string]struct {
		controlling, nat, lite, conflict bool
		want                             string
	}{
		"we control":               {controlling: true, want: "completed host-host"},
		"pion controls":            {want: "completed host-host"},
		"we control, behind a NAT": {controlling: true, nat: true, want: "completed prflx-host"},
		"pion controls, we behind": {nat: true, want: "completed prflx-host"},
		"pion is lite":             {controlling: true, lite: true, want: "completed host-host"},
		"both want to control":     {controlling: true, conflict: true, want: "completed host-host"},
	} {
		t.Run(name, func(t *testing.T) {
			err := simnet.Bubble(func() {
				n := simnet.New(1)
				defer n.Close()
				theirHost, err := n.Host("pion", netip.Addr{})
				if err != nil {
					t.Fatal(err)
				}
				host := n.Host
				if c.nat {
					router, err := n.Router("nat", simnet.RouterConfig{Kind: simnet.Symmetric})
					if err != nil {
						t.Fatal(err)
					}
					host = router.Host
				}
				ourHost, err := host("us", netip.Addr{})
				if err != nil {
					t.Fatal(err)
				}
				ours, theirs := newSocketEnd(t, ourHost, c.controlling), newPion(t, theirHost, c.lite)
				defer theirs.Close()
				defer ours.conn.Close()
				connected := connect(t, ours, theirs, c.controlling && !c.conflict, c.lite)
				ours.run(t, 3*time.Second)
				if got := result(ours.agent); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				conn := <-connected
				if conn == nil {
					return
				}
				if _, err := conn.Write([]byte("a word")); err != nil {
					t.Error(err)
				}
				ours.run(t, time.Second)
				if string(ours.heard) != "a word" {
					t.Errorf("heard %q", ours.heard)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// connect exchanges candidates and credentials. The channel gives the connection of pion, nil if there is none.
func connect(t *testing.T, ours *socketEnd, theirs *pion.Agent, weControl, lite bool) <-chan net.Conn {
	var remote ice.Remote
	candidates, err := theirs.GetLocalCandidates()
	if err == nil {
		remote.Credentials.Ufrag, remote.Credentials.Pwd, err = theirs.GetLocalUserCredentials()
	}
	if err != nil {
		t.Fatal(err)
	}
	remote.Lite = lite
	for _, c := range candidates {
		parsed, err := ice.ParseCandidate(c.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		remote.Candidates = append(remote.Candidates, parsed)
	}
	for _, c := range ours.agent.Local() {
		parsed, err := pion.UnmarshalCandidate(c.String())
		if err == nil {
			err = theirs.AddRemoteCandidate(parsed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	own := ours.agent.Credentials()
	if err := ours.agent.Start(time.Now(), remote); err != nil {
		t.Fatal(err)
	}
	result := make(chan net.Conn, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		start := theirs.Dial
		if weControl {
			start = theirs.Accept
		}
		conn, err := start(ctx, own.Ufrag, own.Pwd)
		if err != nil {
			t.Errorf("pion: %v", err)
			result <- nil
			return
		}
		result <- conn
	}()
	return result
}
