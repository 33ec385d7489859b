package streams_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/stun/v4"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/internal/ice"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// icePeer is the far end of a stream as a test wants it: sockets and an agent, no sound. It is driven by wait.
type icePeer struct {
	t      *testing.T
	host   *simnet.Host
	random *rand.ChaCha8
	conns  [2]net.PacketConn
	agent  *ice.Agent

	mu      sync.Mutex
	packets int // of RTP
}

func newICEPeer(t *testing.T, n *simnet.Network, name string) *icePeer {
	host, err := n.Host(name, netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	p := &icePeer{t: t, host: host, random: rand.NewChaCha8([32]byte{9})}
	p.begin(true)
	return p
}

// begin opens new sockets with a new agent.
func (p *icePeer) begin(controlling bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var local []ice.Candidate
	for i := range p.conns {
		conn, err := p.host.ListenPacket("udp", net.JoinHostPort(p.host.Addr().String(), "0"))
		if err != nil {
			p.t.Fatal(err)
		}
		component := i + 1
		p.conns[i] = conn
		conn.(*simnet.UDPConn).SetReceiver(func(data []byte, from netip.AddrPort) { p.receive(conn, component, data, from) })
		addr := netip.MustParseAddrPort(conn.LocalAddr().String())
		local = append(local, ice.Candidate{
			Foundation: "1", Component: component, Priority: ice.Priority(ice.Host, component), Addr: addr, Type: ice.Host,
		})
	}
	p.packets = 0
	p.agent = ice.NewAgent(ice.Config{
		Credentials: ice.NewCredentials(p.random), Local: local, Controlling: controlling, Random: p.random,
	})
}

func (p *icePeer) receive(conn net.PacketConn, component int, data []byte, from netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case conn != p.conns[component-1]: // of before
	case ice.IsSTUN(data):
		p.agent.Receive(time.Now(), component, from, data)
		p.sendLocked()
	case component == ice.RTP:
		p.packets++
	}
}

func (p *icePeer) sendLocked() {
	for _, d := range p.agent.Take() {
		_, _ = p.conns[d.Component-1].WriteTo(d.Data, net.UDPAddrFromAddrPort(d.To))
	}
}

// wait lets time pass.
func (p *icePeer) wait(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		p.agent.Advance(time.Now())
		p.sendLocked()
		p.mu.Unlock()
	}
}

// got is the number of RTP packets since the last begin.
func (p *icePeer) got() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.packets
}

// describe is a description with the candidates of the peer.
func (p *icePeer) describe() *sdp.SessionDescription {
	port := func(i int) int { return p.conns[i].LocalAddr().(*net.UDPAddr).Port }
	line := &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: "audio", Port: sdp.RangedPort{Value: port(0)}, Protos: []string{"RTP", "AVP"}, Formats: []string{"8"},
	}}
	line.Attributes = append(line.Attributes, sdp.NewAttribute("rtcp", fmt.Sprint(port(1))),
		sdp.NewAttribute("ice-ufrag", p.agent.Credentials().Ufrag), sdp.NewAttribute("ice-pwd", p.agent.Credentials().Pwd))
	for _, c := range p.agent.Local() {
		line.Attributes = append(line.Attributes, sdp.NewAttribute("candidate", c.String()))
	}
	d := callsdp.NewSession("peer", p.host.Addr(), 2)
	d.MediaDescriptions = []*sdp.MediaDescription{line}
	return d
}

// start begins the checks with what the stream has described.
func (p *icePeer) start(d *sdp.SessionDescription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := d.MediaDescriptions[0]
	var remote ice.Remote
	remote.Credentials.Ufrag, _ = line.Attribute("ice-ufrag")
	remote.Credentials.Pwd, _ = line.Attribute("ice-pwd")
	for _, a := range line.Attributes {
		if a.Key != "candidate" {
			continue
		}
		c, err := ice.ParseCandidate(a.Value)
		check(p.t, err)
		remote.Candidates = append(remote.Candidates, c)
	}
	check(p.t, p.agent.Start(time.Now(), remote))
	p.sendLocked()
}

// offer runs an offer of the peer to the stream of b, which answers and, the first time, starts.
func (p *icePeer) offer(b *party) *sdp.SessionDescription {
	offer := p.describe()
	check(p.t, b.neg.SetRemoteOffer(offer))
	first := b.stream == nil
	if first {
		b.accept(offer)
		b.await(streams.AudioInitialized)
	} else if !b.stream.ValidateUpdate(offer, 0) {
		p.t.Error("the offer is refused")
	}
	answer, err := b.neg.SetLocalAnswer(b.media(false))
	check(p.t, err)
	if first {
		b.start()
	} else {
		b.update()
	}
	return answer
}

func withICEPeer(t *testing.T, body func(n *simnet.Network, p *icePeer, bob *party)) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{ice: true}, 880)
		defer bob.close()
		body(n, newICEPeer(t, n, "peer"), bob)
	})
}

func attribute(d *sdp.SessionDescription, name string) string {
	value, _ := d.MediaDescriptions[0].Attribute(name)
	return value
}

// A peer that restarts gets other credentials and all candidates; sound goes on to the old place until the new one is found.
func TestICERestart(t *testing.T) {
	withICEPeer(t, func(_ *simnet.Network, p *icePeer, bob *party) {
		answer := p.offer(bob)
		p.start(answer)
		p.wait(time.Second)
		if bob.way() != "true host host "+p.conns[0].LocalAddr().String() || p.got() < 40 {
			t.Fatalf("%s, %d packets", bob.way(), p.got())
		}
		bob.take()

		old := p.conns[0].LocalAddr().String()
		p.begin(true)
		again := p.offer(bob)
		if attribute(again, "ice-ufrag") == attribute(answer, "ice-ufrag") || attribute(again, "ice-pwd") == attribute(answer, "ice-pwd") {
			t.Error("the answer to a restart has the credentials of before")
		}
		if bob.audio().RemoteRTPAddress().String() != old {
			t.Errorf("sends to %v before the new way is found", bob.audio().RemoteRTPAddress())
		}
		p.start(again)
		p.wait(time.Second)
		if bob.way() != "true host host "+p.conns[0].LocalAddr().String() || p.got() < 40 {
			t.Errorf("after the restart: %s, %d packets", bob.way(), p.got())
		}
		want := []string{streams.ICEInProgress, streams.ICESucceeded, "AudioStreamICENegotiationDidSucceed", "AudioPortDidChangeSlots",
			"AudioStreamDidChangeRTPParameters"}
		if got := bob.take(); !slices.Equal(got, want) {
			t.Errorf("posted %q", got)
		}
		same := p.offer(bob) // a mere refresh
		if attribute(same, "ice-ufrag") != attribute(again, "ice-ufrag") || len(bob.take()) > 0 {
			t.Error("an offer with the same credentials has restarted ICE")
		}
	})
}

// A restart that finds nothing goes by the SDP.
func TestICERestartInVain(t *testing.T) {
	withICEPeer(t, func(n *simnet.Network, p *icePeer, bob *party) {
		p.start(p.offer(bob))
		p.wait(time.Second)
		bob.take()
		n.AddFault(simnet.Fault{Match: func(p *simnet.Packet) bool { return p.Kind().Is("stun") }, Action: simnet.Drop})
		p.begin(true)
		p.start(p.offer(bob))
		p.wait(12 * time.Second)
		if got := bob.way(); got != "false   "+p.conns[0].LocalAddr().String() || p.got() < 40 {
			t.Errorf("%s, %d packets", got, p.got())
		}
		want := []string{streams.ICEInProgress, streams.ICEFailed, "AudioStreamICENegotiationDidFail: no connectivity check has succeeded",
			"AudioPortDidChangeSlots", "AudioStreamDidChangeRTPParameters"}
		if got := bob.take(); !slices.Equal(got, want) {
			t.Errorf("posted %q", got)
		}
	})
}

// A later offer without ICE, or one whose address is none of its candidates, is the end of ICE.
func TestICEGivenUpByPeer(t *testing.T) {
	for name, change := range map[string]func(*sdp.MediaDescription){
		"no ICE": func(line *sdp.MediaDescription) { line.Attributes = line.Attributes[:1] },
		"mismatch": func(line *sdp.MediaDescription) {
			line.MediaName.Port.Value += 2
		},
	} {
		withICEPeer(t, func(_ *simnet.Network, p *icePeer, bob *party) {
			p.start(p.offer(bob))
			p.wait(time.Second)
			offer := p.describe()
			change(offer.MediaDescriptions[0])
			check(t, bob.neg.SetRemoteOffer(offer))
			bob.stream.ValidateUpdate(offer, 0)
			answer, err := bob.neg.SetLocalAnswer(bob.media(false))
			check(t, err)
			bob.update()
			_, told := answer.MediaDescriptions[0].Attribute("ice-mismatch")
			if attribute(answer, "ice-ufrag") != "" || told != (name == "mismatch") || bob.audio().ICEActive() ||
				int(bob.audio().RemoteRTPAddress().Port()) != offer.MediaDescriptions[0].MediaName.Port.Value {
				t.Errorf("%s: answer %v, %s", name, answer.MediaDescriptions[0].Attributes, bob.way())
			}
		})
	}
}

// Checks with the right name and a wrong password, before and after the start, get no answer and lead nowhere.
func TestICEWrongPassword(t *testing.T) {
	withICEPeer(t, func(n *simnet.Network, p *icePeer, bob *party) {
		mallory, err := n.Host("mallory", netip.Addr{})
		check(t, err)
		conn, err := mallory.ListenPacket("udp", ":7000")
		check(t, err)
		defer conn.Close()
		answer := p.offer(bob)
		attack := func() {
			for range 20 {
				m, err := stun.Build(stun.TransactionID, stun.BindingRequest,
					stun.NewUsername(attribute(answer, "ice-ufrag")+":"+p.agent.Credentials().Ufrag),
					stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0x6e, 0, 0x1e, 0xff}},
					stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)}, stun.RawAttribute{Type: stun.AttrUseCandidate},
					stun.NewShortTermIntegrity(p.agent.Credentials().Pwd), stun.Fingerprint)
				check(t, err)
				_, _ = conn.WriteTo(m.Raw, net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress()))
			}
			p.wait(100 * time.Millisecond)
		}
		attack()
		p.start(answer)
		attack()
		p.wait(time.Second)
		attack()
		if bob.way() != "true host host "+p.conns[0].LocalAddr().String() {
			t.Errorf("led astray: %s", bob.way())
		}
		check(t, conn.SetReadDeadline(time.Now().Add(time.Second)))
		if size, _, err := conn.ReadFrom(make([]byte, 1500)); err == nil {
			t.Errorf("the stranger got %d octets", size)
		}
	})
}

// While nothing is sent, as on hold, a keepalive goes every 15 s.
func TestICEKeepalive(t *testing.T) {
	withICEPeer(t, func(n *simnet.Network, p *icePeer, bob *party) {
		p.start(p.offer(bob))
		p.wait(time.Second)
		var mu sync.Mutex
		indications := 0
		n.Tap(func(packet simnet.Packet) {
			if packet.From == "bob" && packet.Kind().Is("stun") && packet.Data[0] == 0 && packet.Data[1] == 0x11 {
				mu.Lock()
				indications++
				mu.Unlock()
			}
		})
		count := func() int {
			mu.Lock()
			defer mu.Unlock()
			return indications
		}
		p.wait(time.Minute)
		if count() != 0 {
			t.Errorf("%d keepalives beside RTP", count())
		}
		offer := p.describe()
		callsdp.SetDirection(offer.MediaDescriptions[0], sdp.DirectionInactive)
		check(t, bob.neg.SetRemoteOffer(offer))
		bob.stream.ValidateUpdate(offer, 0)
		_, err := bob.neg.SetLocalAnswer(bob.media(false))
		check(t, err)
		bob.update()
		p.wait(time.Minute)
		if count() != 3 && count() != 4 {
			t.Errorf("%d keepalives in a minute", count())
		}
	})
}

// The end while STUN servers are looked for or asked is quiet and leaves nothing.
func TestICEEndWhileGathering(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 4 * time.Second} {
		inLab(t, func(n *simnet.Network) {
			alice := newParty(t, n, "alice", options{}, 440)
			defer alice.close()
			alice.env.NAT = streams.NATSettings{UseICE: true, STUNServers: slowServers}
			alice.stream = streams.NewAudioStream(alice.env)
			check(t, alice.stream.Initialize(alice.owner(), streams.Outgoing))
			time.Sleep(after)
			began := time.Now()
			alice.stream.End()
			if took := time.Since(began); took > 0 {
				t.Errorf("End took %v", took)
			}
			time.Sleep(time.Minute)
			if got := alice.take(); !slices.Equal(got, []string{streams.ICEGathering}) || alice.audio().State() != streams.AudioEnded {
				t.Errorf("after %v: posted %q, state %s", after, got, alice.audio().State())
			}
		})
	}
}
