package script

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/emiago/sipgo/sip"
	psdp "github.com/pion/sdp/v3"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// dialog is what the party knows of one dialog (RFC 3261 section 12), or of a
// request that may make one. Nothing is checked: the script may be wrong on
// purpose.
type dialog struct {
	callID              string
	localTag, remoteTag string // "" = not known yet
	callerTag           string // From tag of the first request, either way
	labels              []string
	invite              bool   // made by an INVITE
	local, remote       string // From and To of our requests, without tag
	target              string // Request-URI of our requests
	routes              []string
	seq                 uint32 // CSeq of our last request
	transport           string
	peer                wire.Destination // where its last message came from

	media media
}

// media is the exchange of descriptions in a dialog.
type media struct {
	id, version uint64
	sent        *psdp.SessionDescription // last one of ours
	sentBody    []byte
	received    *psdp.SessionDescription // last one of the peer's
	names       []string                 // of the lines, by index
}

// findDialog looks for the dialog with these tags. One that does not know the
// peer's tag yet fits any.
func (p *Party) findDialog(callID, localTag, remoteTag string) *dialog {
	for _, d := range slices.Backward(p.dialogs) {
		if d.callID == callID && d.localTag == localTag && d.remoteTag == remoteTag {
			return d
		}
	}
	return nil
}

// labelled is the newest dialog with a label.
func (p *Party) labelled(label string) *dialog {
	for _, d := range slices.Backward(p.dialogs) {
		if slices.Contains(d.labels, label) {
			return d
		}
	}
	return nil
}

// withPeer is the newest dialog with the party of that name.
func (p *Party) withPeer(name string) *dialog {
	for _, d := range slices.Backward(p.dialogs) {
		if p.isAt(d.peer.Addr, name) {
			return d
		}
	}
	return nil
}

// touch makes a dialog the one that steps without a label speak of. Dialogs that
// no INVITE made are meant by their label, or when there is no other.
func (p *Party) touch(d *dialog) {
	if d != nil && d.invite {
		p.current = d
	}
}

// meant is the dialog that a step speaks of: by label, by the name of the party
// at the other end, or the current one.
func (p *Party) meant(label string) (*dialog, error) {
	if label == "" {
		switch {
		case p.current != nil:
			return p.current, nil
		case len(p.dialogs) > 0:
			return p.dialogs[len(p.dialogs)-1], nil
		}
		return nil, fmt.Errorf("%s has no dialog; say to whom with `to`", p.cfg.Name)
	}
	if d := p.labelled(label); d != nil {
		return d, nil
	}
	if d := p.withPeer(label); d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("%s has no dialog %s", p.cfg.Name, label)
}

// is tells whether the dialog goes by a label or by the name of its peer.
func (p *Party) is(d *dialog, label string) bool {
	if d == nil {
		return false
	}
	if slices.Contains(d.labels, label) {
		return true
	}
	return p.labelled(label) == nil && p.isAt(d.peer.Addr, label)
}

// isAt tells whether an address is that of a party.
func (p *Party) isAt(addr netip.AddrPort, name string) bool {
	if p.cfg.Resolve == nil {
		return false
	}
	want, err := p.cfg.Resolve(name)
	return err == nil && want.Addr() == addr.Addr()
}

// fork is the dialog that another tag makes beside d. The one that had no tag
// yet becomes it itself.
func (p *Party) fork(d *dialog, tag *string, value string) *dialog {
	if *tag == "" || *tag == value {
		*tag = value
		return d
	}
	twin := *d
	twin.labels = nil
	twin.media.names = slices.Clone(d.media.names)
	if tag == &d.localTag {
		twin.localTag = value
	} else {
		twin.remoteTag = value
	}
	if known := p.findDialog(twin.callID, twin.localTag, twin.remoteTag); known != nil {
		return known
	}
	p.dialogs = append(p.dialogs, &twin)
	return &twin
}

// label gives the dialog more names.
func (d *dialog) label(names []string) {
	for _, name := range names {
		if name != "" && !slices.Contains(d.labels, name) {
			d.labels = append(d.labels, name)
		}
	}
}

// refresh takes the remote target out of a message that sets it (RFC 3261
// section 12.2), and the way back.
func (d *dialog) refresh(m wire.Message) {
	d.peer = wire.ResponseDestination(m)
	d.transport = m.Transport
	contacts := m.Msg.GetHeaders("Contact")
	if len(contacts) == 0 {
		return
	}
	if c, ok := contacts[0].(*sip.ContactHeader); ok && !c.Address.Wildcard {
		d.target = c.Address.String()
	}
}

// setRoutes takes the route set out of the message that makes the dialog: in
// order at the called end, reversed at the calling one.
func (d *dialog) setRoutes(msg sip.Message, reversed bool) {
	d.routes = nil
	for _, h := range msg.GetHeaders("Record-Route") {
		d.routes = append(d.routes, h.Value())
	}
	if reversed {
		slices.Reverse(d.routes)
	}
}

// CallerTag is the From tag of the first request of the dialog with this label,
// "" if there is no such dialog: the same at both ends.
func (p *Party) CallerTag(label string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.labelled(label); d != nil {
		return d.callerTag
	}
	return ""
}

// LineNames are the names that the script gave to the m-lines of the call with
// this caller's tag, by index; nil when it gave none.
func (p *Party) LineNames(callerTag string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range slices.Backward(p.dialogs) {
		if d.callerTag == callerTag && d.media.names != nil {
			return slices.Clone(d.media.names)
		}
	}
	return nil
}
