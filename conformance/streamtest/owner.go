package streamtest

import (
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// ownerData is what is known of an owner, without a reference to it.
type ownerData struct {
	addr netip.Addr

	mu         sync.Mutex
	signalling []string // methods that were called, which must not be
	reads      []string // attributes that were read, which are not offered
}

func (d *ownerData) calls(list *[]string, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*list = append(*list, name)
}

func (p *side) ownerData() *ownerData { return &ownerData{addr: p.host.Addr()} }

// owner is the session of a stream: it offers what a stream may read, and remembers who asks for more.
type owner struct {
	side    *ownerData
	account *account.Account
}

// account is that of the session at a host.
func (w *world) account(host string) *account.Account {
	if w.f.Account != nil {
		return w.f.Account
	}
	return &account.Account{ID: host + "@example.test"}
}

func (*owner) Transport() string           { return "udp" }
func (o *owner) LocalIP() netip.Addr       { return o.side.addr }
func (o *owner) Account() *account.Account { return o.account }
func (*owner) RemoteFocus() bool           { return false }

func (*owner) LocalIdentity() core.Identity  { return address("us").FreezeFrom() }
func (*owner) RemoteIdentity() core.Identity { return address("peer").FreezeTo() }

func address(user string) core.Address {
	return core.Address{URI: sip.Uri{Scheme: "sip", User: user, Host: "example.test"}}
}

// What only the application may call.

func (o *owner) End()    { o.side.calls(&o.side.signalling, "End") }
func (o *owner) Hold()   { o.side.calls(&o.side.signalling, "Hold") }
func (o *owner) Unhold() { o.side.calls(&o.side.signalling, "Unhold") }
func (o *owner) SendRingIndication() error {
	o.side.calls(&o.side.signalling, "SendRingIndication")
	return nil
}
func (o *owner) CancelProposal() error {
	o.side.calls(&o.side.signalling, "CancelProposal")
	return nil
}
func (o *owner) Reject(_ int, _ string) error { o.side.calls(&o.side.signalling, "Reject"); return nil }

// What a stream gets on without.

func (o *owner) OnHold() bool            { o.side.calls(&o.side.reads, "OnHold"); return false }
func (o *owner) Direction() string       { o.side.calls(&o.side.reads, "Direction"); return "outgoing" }
func (o *owner) RemoteUserAgent() string { o.side.calls(&o.side.reads, "RemoteUserAgent"); return "" }
func (o *owner) Subject() *string        { o.side.calls(&o.side.reads, "Subject"); return nil }
func (o *owner) Attribute(name string) (any, bool) {
	o.side.calls(&o.side.reads, "Attribute "+name)
	return nil, false
}
