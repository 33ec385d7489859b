package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Request is one request of the script.
type Request struct {
	Method string
	To     string // party or URI: outside any dialog
	RURI   string // "" = the target
	Dialog string // label of the dialog; "" = the current one
	None   bool   // outside any dialog, to the peer of the dialog

	Like   string // label of a request: the same again, with the changes that are given
	Branch string // "new", or a branch; only with Like for the first

	CSeq           *uint32 // instead of the next one
	FromTag, ToTag *string // instead of the dialog's
	Once           bool    // no repetition
	Labels         []string
	Content
}

// Request sends a request and repeats it as RFC 3261 section 17.1 says. CANCEL
// and ACK are for the last INVITE that they fit.
func (p *Party) Request(r Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.Like != "":
		return p.requestAgain(r)
	case r.To != "" || r.None:
		return p.requestOutside(r)
	case r.Method == "CANCEL":
		return p.cancel(r)
	case r.Method == "ACK":
		return p.acknowledge(r)
	}
	d, err := p.meant(r.Dialog)
	if err != nil {
		return err
	}
	d.seq++
	req, to, err := p.inDialog(d, r, d.seq)
	if err != nil {
		return err
	}
	return p.send(d, req, to, r)
}

// requestOutside begins a dialog.
func (p *Party) requestOutside(r Request) error {
	transport := p.cfg.Transport
	d := &dialog{
		callID: p.token() + "@" + p.cfg.Name, localTag: p.token(), seq: 1, transport: transport,
		invite: r.Method == "INVITE", local: "<" + addressOf(p.cfg.Name) + ">",
	}
	d.callerTag = d.localTag
	if r.To != "" {
		d.target = addressOf(r.To)
		d.remote = "<" + d.target + ">"
	} else {
		other, err := p.meant(r.Dialog)
		if err != nil {
			return err
		}
		d.target, d.remote, d.peer, d.transport = other.target, other.remote, other.peer, other.transport
	}
	req, to, err := p.inDialog(d, r, d.seq)
	if err != nil {
		return err
	}
	p.dialogs = append(p.dialogs, d)
	return p.send(d, req, to, r)
}

// inDialog builds a request (RFC 3261 section 12.2.1.1).
func (p *Party) inDialog(d *dialog, r Request, seq uint32) (*sip.Request, wire.Destination, error) {
	hop := d.target
	if len(d.routes) > 0 {
		hop = strings.Trim(d.routes[0], "<> ")
		hop, _, _ = strings.Cut(hop, ">")
	}
	to, err := p.destination(hop, d.transport, d.peer)
	if err != nil {
		return nil, to, err
	}
	req := sip.NewRequest(sip.RequestMethod(r.Method), sip.Uri{})
	if err := sip.ParseUri(orElse(r.RURI, d.target), &req.Recipient); err != nil {
		return nil, to, fmt.Errorf("ruri: %w", err)
	}
	if d.localTag == "" {
		d.localTag = p.token()
	}
	req.AppendHeader(p.via(to.Transport))
	for _, route := range d.routes {
		req.AppendHeader(sip.NewHeader("Route", route))
	}
	req.AppendHeader(sip.NewHeader("Max-Forwards", "70"))
	if err := appendAddresses(req, d); err != nil {
		return nil, to, err
	}
	callID := sip.CallIDHeader(d.callID)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: req.Method})
	if makesDialog(req.Method) {
		req.AppendHeader(sip.NewHeader("Contact", p.contact(to.Transport)))
	}
	if req.Method == sip.NOTIFY {
		req.AppendHeader(sip.NewHeader("Event", "refer"))
		req.AppendHeader(sip.NewHeader("Subscription-State", "active;expires=60"))
	}
	return req, to, nil
}

func appendAddresses(req *sip.Request, d *dialog) error {
	from, to := &sip.FromHeader{}, &sip.ToHeader{}
	var err1, err2 error
	from.DisplayName, err1 = sip.ParseAddressValue(d.local, &from.Address, &from.Params)
	to.DisplayName, err2 = sip.ParseAddressValue(d.remote, &to.Address, &to.Params)
	setTag(&from.Params, d.localTag)
	setTag(&to.Params, d.remoteTag)
	req.AppendHeader(from)
	req.AppendHeader(to)
	return errors.Join(err1, err2)
}

// cancel builds a CANCEL (RFC 3261 section 9.1).
func (p *Party) cancel(r Request) error {
	c, err := p.lastInvite(r.Dialog, func(c *client) bool { return c.final == 0 })
	if err != nil {
		return err
	}
	req := sip.NewRequest(sip.CANCEL, c.request.Recipient)
	req.AppendHeader(sip.HeaderClone(c.request.Via()))
	for _, name := range []string{"Route", "Max-Forwards"} {
		sip.CopyHeaders(name, c.request, req)
	}
	for _, h := range []sip.Header{c.request.From(), c.request.To(), c.request.CallID()} {
		req.AppendHeader(sip.HeaderClone(h))
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: c.request.CSeq().SeqNo, MethodName: sip.CANCEL})
	return p.send(c.dialog, req, c.destination, r)
}

// acknowledge builds the ACK of a 2xx (RFC 3261 section 13.2.2.4).
func (p *Party) acknowledge(r Request) error {
	c, err := p.lastInvite(r.Dialog, func(c *client) bool { return c.accepted != nil })
	if err != nil {
		return err
	}
	d := c.accepted
	switch {
	case r.Dialog != "":
		d, err = p.meant(r.Dialog)
	case d == nil:
		d = c.dialog
	}
	if err != nil {
		return err
	}
	req, to, err := p.inDialog(d, r, c.request.CSeq().SeqNo)
	if err != nil {
		return err
	}
	if c.accepted == d {
		c.accepted = nil
	}
	return p.send(d, req, to, r)
}

// lastInvite is the last INVITE sent that is as wished, else the last one.
func (p *Party) lastInvite(dialog string, wished func(*client) bool) (*client, error) {
	var found *client
	for _, c := range slices.Backward(p.clients) {
		if !c.request.IsInvite() || dialog != "" && !p.startedBy(dialog, c) {
			continue
		}
		if wished(c) {
			return c, nil
		}
		if found == nil {
			found = c
		}
	}
	if found == nil {
		return nil, errors.New("no INVITE was sent")
	}
	return found, nil
}

// startedBy tells whether a request is of the call that the label means.
func (p *Party) startedBy(label string, c *client) bool {
	d, err := p.meant(label)
	return err == nil && d.callID == c.dialog.callID
}

// requestAgain sends a request like one before.
func (p *Party) requestAgain(r Request) error {
	i := slices.IndexFunc(p.clients, func(c *client) bool { return slices.Contains(c.labels, r.Like) })
	if i < 0 {
		return fmt.Errorf("like: %s is no request of %s", r.Like, p.cfg.Name)
	}
	c := p.clients[i]
	req := c.request.Clone()
	if r.Branch == "new" {
		req.Via().Params.Add("branch", "z9hG4bK"+p.token())
	}
	if r.RURI != "" {
		if err := sip.ParseUri(r.RURI, &req.Recipient); err != nil {
			return fmt.Errorf("ruri: %w", err)
		}
	}
	if r.SDP == nil && r.Body == nil && r.Sipfrag == nil {
		text := string(req.Body())
		if len(req.Body()) > 0 {
			r.Body = &text
		}
	} else {
		req.RemoveHeader("Content-Type")
	}
	return p.send(c.dialog, req, c.destination, r)
}

// send makes the changes that the script wants and sends.
func (p *Party) send(d *dialog, req *sip.Request, to wire.Destination, r Request) error {
	if r.Branch != "" && r.Branch != "new" {
		req.Via().Params.Add("branch", r.Branch)
	}
	if r.CSeq != nil {
		req.CSeq().SeqNo = *r.CSeq
		d.seq = max(d.seq, *r.CSeq)
	}
	if r.FromTag != nil {
		setTag(&req.From().Params, *r.FromTag)
	}
	if r.ToTag != nil {
		setTag(&req.To().Params, *r.ToTag)
	}
	if err := p.fill(req, d, r.Content); err != nil {
		return err
	}
	d.label(r.Labels)
	p.touch(d)
	p.tracker.Fields(req, to.Transport)
	c := &client{
		request: req, octets: []byte(req.String()), destination: to, dialog: d,
		labels: r.Labels, acks: make(map[string]sentAck),
	}
	p.clients = append(p.clients, c)
	if req.IsAck() {
		p.keepAck(d, req, to)
	}
	p.transport.SendOctets(c.octets, to, nil)
	if !r.Once && !req.IsAck() && to.Transport == "udp" {
		limit := t2
		if req.IsInvite() {
			limit = 0
		}
		c.repeat = p.repeatSending(limit, func() { p.transport.SendOctets(c.octets, to, nil) })
	}
	return nil
}

// keepAck remembers an ACK for the copies of the answer that it is for.
func (p *Party) keepAck(d *dialog, ack *sip.Request, to wire.Destination) {
	for _, c := range slices.Backward(p.clients) {
		if c.request.IsInvite() && c.dialog.callID == d.callID && c.request.CSeq().SeqNo == ack.CSeq().SeqNo {
			_, _, tag := tags(ack)
			c.acks[tag] = sentAck{[]byte(ack.String()), to}
			return
		}
	}
}
