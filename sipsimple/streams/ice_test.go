package streams_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// withICE is what ICE posts on both sides of a call, without the outcome.
var withICE = []string{
	streams.ICEGathering, streams.ICEGathered, "MediaStreamDidInitialize", streams.ICEInitialized, streams.ICEInProgress,
}

// begin is establish with a time for the signalling, and time for ICE at the end.
func begin(t testing.TB, a, b *party) {
	a.stream = streams.NewAudioStream(a.env)
	check(t, a.stream.Initialize(a.owner(), streams.Outgoing))
	a.await(streams.AudioInitialized)
	offer, err := a.neg.SetLocalOffer(a.media(true))
	check(t, err)
	time.Sleep(10 * time.Millisecond)
	check(t, b.neg.SetRemoteOffer(offer))
	b.accept(offer)
	b.await(streams.AudioInitialized)
	answer, err := b.neg.SetLocalAnswer(b.media(false))
	check(t, err)
	b.start()
	time.Sleep(10 * time.Millisecond)
	check(t, a.neg.SetRemoteAnswer(answer))
	a.start()
	a.await(streams.AudioEstablished)
	b.await(streams.AudioEstablished)
}

// await waits until the stream is in a state, for 15 s at most.
func (p *party) await(state streams.AudioState) {
	p.t.Helper()
	for end := time.Now().Add(15 * time.Second); p.audio().State() != state; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Errorf("state %s, want %s", p.audio().State(), state)
			return
		}
	}
}

// way says what ICE has found.
func (p *party) way() string {
	local, remote := p.audio().RTPCandidateTypes()
	return fmt.Sprint(p.audio().ICEActive(), " ", local, " ", remote, " ", p.audio().RemoteRTPAddress())
}

// Two parties without a NAT agree on their own addresses, and sound crosses.
func TestICEOfHosts(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		alice, bob := newParty(t, n, "alice", options{ice: true}, 440), newParty(t, n, "bob", options{ice: true}, 880)
		defer alice.close()
		defer bob.close()
		begin(t, alice, bob)
		want := append(slices.Clone(withICE), streams.ICESucceeded, "AudioStreamICENegotiationDidSucceed", "AudioPortDidChangeSlots",
			"MediaStreamDidStart")
		for _, p := range []*party{alice, bob} {
			if got := p.take(); !slices.Equal(got, want) {
				t.Errorf("posted\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		for _, p := range []*party{alice, bob} {
			other := map[*party]*party{alice: bob, bob: alice}[p]
			if want := "true host host " + other.audio().LocalRTPAddress().String(); p.way() != want {
				t.Errorf("%s, want %s", p.way(), want)
			}
		}
		if r := bob.hears(alice, 2*time.Second); r.SNR < 30 {
			t.Errorf("bob hears %+v", r)
		}
	})
}

// slowServers finds after three seconds a server that never answers.
func slowServers(ctx context.Context) []netip.AddrPort {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(3 * time.Second):
		return []netip.AddrPort{netip.MustParseAddrPort("192.0.2.254:3478")}
	}
}
