package streams_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// talker is one end of an MSRP stream.
type talker struct {
	t      testing.TB
	name   string
	peer   string
	focus  bool // the peer is a conference focus
	host   *simnet.Host
	env    *streams.Environment
	neg    *callsdp.Negotiation
	stream streams.MediaStream

	mu  sync.Mutex
	log []string
	all []notification.Notification
}

func (p *talker) Transport() string         { return "udp" }
func (p *talker) LocalIP() netip.Addr       { return p.host.Addr() }
func (p *talker) Account() *account.Account { return &account.Account{ID: p.name + "@example.test"} }
func (p *talker) RemoteFocus() bool         { return p.focus }
func (p *talker) LocalIdentity() core.Identity {
	return core.Address{URI: sip.Uri{Scheme: "sip", User: p.name, Host: "example.test"}}.FreezeFrom()
}
func (p *talker) RemoteIdentity() core.Identity {
	return core.Address{URI: sip.Uri{Scheme: "sip", User: p.peer, Host: "example.test"}}.FreezeTo()
}

func newTalker(t testing.TB, n *simnet.Network, name, peer string) *talker {
	host, err := n.Host(name, netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	p := &talker{t: t, name: name, peer: peer, host: host, neg: callsdp.NewNegotiation(1)}
	center := notification.NewCenter(nil)
	center.AddObserver(notification.ObserverFunc(p.note))
	p.env = &streams.Environment{Center: center, Net: host, Rand: rand.NewChaCha8([32]byte{name[0]})}
	return p
}

// note writes notifications down in few words.
func (p *talker) note(n notification.Notification) {
	if _, ok := n.Data.(streams.MSRPLibraryLog); ok {
		return
	}
	text := n.Name
	for _, prefix := range []string{"MediaStream", "ChatStream", "FileTransferStream", "DesktopSharing"} {
		text = strings.TrimPrefix(text, prefix)
	}
	switch data := n.Data.(type) {
	case streams.MediaStreamDidFail:
		text += fmt.Sprintf(" %s: %s", data.Context, data.Reason)
	case streams.ChatStreamGotMessage:
		text += fmt.Sprintf(" %q from %s", data.Message.Body, data.Message.Sender.URI)
	case streams.ChatStreamGotComposingIndication:
		text += fmt.Sprintf(" %s %d", data.State, data.Refresh)
	case streams.ChatStreamDidNotDeliverMessage:
		text += fmt.Sprintf(" %d", data.Code)
	case streams.FileTransferStreamDidNotDeliverChunk:
		text += fmt.Sprintf(" %d", data.Code)
	case streams.FileTransferStreamDidDeliverChunk:
		text += fmt.Sprintf(" %d/%d", data.Transferred, data.FileSize)
	case streams.FileTransferStreamGotChunk:
		text += fmt.Sprintf(" %d/%d", data.Transferred, data.FileSize)
	case streams.DesktopSharingHandlerDidFail:
		text += " " + data.Context
	case streams.DesktopSharingStreamGotData:
		text += fmt.Sprintf(" %q", data.Data)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, text)
	p.all = append(p.all, n)
}

func (p *talker) take() []string {
	_ = p.env.Center.Flush(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log
	p.log = nil
	return log
}

func (p *talker) expect(want ...string) {
	p.t.Helper()
	if got := p.take(); !slices.Equal(got, want) {
		p.t.Errorf("%s got\n %s\nwant\n %s", p.name, strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

// expectLike compares the beginnings of the lines.
func (p *talker) expectLike(want ...string) {
	p.t.Helper()
	got := p.take()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		p.t.Errorf("%s got\n %s\nwant\n %s", p.name, strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

func (p *talker) describe() *sdp.SessionDescription {
	d := callsdp.NewSession("lab", p.host.Addr(), 1)
	line, err := p.stream.LocalMedia(true)
	if err != nil {
		p.t.Error(err)
		line = &sdp.MediaDescription{}
	}
	d.MediaDescriptions = []*sdp.MediaDescription{line}
	return d
}

func allStreams() *streams.Registry {
	var registry streams.Registry
	streams.RegisterFileTransfer(&registry)
	streams.RegisterAudio(&registry)
	streams.RegisterChat(&registry)
	streams.RegisterDesktopSharing(&registry)
	return &registry
}

// join offers a's stream to b and starts both. Before may change b's stream.
func join(a, b *talker, before func(streams.MediaStream)) {
	check(a.t, a.stream.Initialize(a, streams.Outgoing))
	time.Sleep(time.Second)
	offer, err := a.neg.SetLocalOffer(a.describe())
	check(a.t, err)
	check(a.t, b.neg.SetRemoteOffer(offer))
	b.stream, err = allStreams().NewFromSDP(b.env, offer, 0)
	if err != nil {
		a.t.Fatal(err)
	}
	if before != nil {
		before(b.stream)
	}
	check(a.t, b.stream.Initialize(b, streams.Incoming))
	time.Sleep(time.Second)
	answer, err := b.neg.SetLocalAnswer(b.describe())
	check(a.t, err)
	check(a.t, a.neg.SetRemoteAnswer(answer))
	for _, p := range []*talker{b, a} {
		local, remote := p.neg.Active()
		check(a.t, p.stream.Start(local, remote, 0))
	}
	time.Sleep(time.Second)
}

// end ends the streams as sessions do, and waits for them.
func end(list ...*talker) {
	for _, p := range list {
		p.stream.Deactivate()
	}
	for _, p := range list {
		p.stream.End()
	}
	for _, p := range list {
		<-p.stream.(interface{ Done() <-chan struct{} }).Done()
	}
}

// withTalkers runs body with alice and bob in virtual time.
func withTalkers(t testing.TB, body func(n *simnet.Network, alice, bob *talker)) {
	t.Helper()
	inLab(t, func(n *simnet.Network) {
		body(n, newTalker(t, n, "alice", "bob"), newTalker(t, n, "bob", "alice"))
	})
}
