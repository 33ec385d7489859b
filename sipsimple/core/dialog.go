package core

import (
	"github.com/emiago/sipgo/sip"
)

// DialogID names a dialog as one end sees it (RFC 3261 section 12).
type DialogID struct {
	CallID    string
	LocalTag  string
	RemoteTag string // "" while unknown
}

// parties are the two ends of a dialog. What they point to is shared and never
// changed.
type parties struct {
	local  *Address // From of our requests, with our tag
	remote *Address // To of our requests, with the peer's tag
}

// dialog is the state of RFC 3261 section 12: who talks to whom, where
// requests go and how they are numbered. It is pure: no clock, no socket.
type dialog struct {
	id DialogID
	parties
	target sip.Uri
	routes []sip.Uri // route set, first hop first

	localSeq     uint32 // of our last request
	remoteSeq    uint32 // of the peer's last request
	remoteSeqSet bool   // false until the peer sent one

	confirmed bool // a 2xx to the INVITE was seen or sent
}

// newClientDialog is the dialog that a response with a To tag creates at the
// caller (RFC 3261 section 12.1.2).
func newClientDialog(req *sip.Request, res *sip.Response) *dialog {
	d := &dialog{
		parties:  parties{new(fromAddress(req.From())), new(toAddress(res.To()))},
		localSeq: req.CSeq().SeqNo,
		target:   req.Recipient,
	}
	d.id = DialogID{callIDOf(res), d.local.Tag(), d.remote.Tag()}
	d.learn(res)
	return d
}

// learn takes the target and the route set out of a response to the INVITE. A
// 2xx computes both again, whatever the provisional responses said (section
// 13.2.2.4).
func (d *dialog) learn(res *sip.Response) {
	d.refresh(res)
	if d.confirmed {
		return
	}
	d.routes = recordRoutes(res)
	for i, j := 0, len(d.routes)-1; i < j; i, j = i+1, j-1 {
		d.routes[i], d.routes[j] = d.routes[j], d.routes[i]
	}
	d.confirmed = res.IsSuccess()
}

// newServerDialog is the dialog that our tagged answer to an INVITE creates at
// the callee (section 12.1.1).
func newServerDialog(req *sip.Request, tag string) *dialog {
	d := &dialog{
		parties:      parties{new(toAddress(req.To())), new(fromAddress(req.From()))},
		routes:       recordRoutes(req),
		remoteSeq:    req.CSeq().SeqNo,
		remoteSeqSet: true,
	}
	d.local.Params = withParam(d.local.Params, "tag", tag)
	d.id = DialogID{callIDOf(req), tag, d.remote.Tag()}
	d.refresh(req)
	return d
}

// refresh takes the Contact of a message as the new remote target: of target
// refresh requests (INVITE, UPDATE, SUBSCRIBE, NOTIFY) and their 2xx (section
// 12.2). A message without a usable Contact changes nothing.
func (d *dialog) refresh(msg sip.Message) {
	contact, n, err := contactOf(msg)
	if err != nil || n == 0 {
		return
	}
	uri := contact.URI
	if uri.Scheme == "sip" || uri.Scheme == "sips" {
		d.target = uri
	}
}

// accept checks the CSeq of a request of the peer, which must be greater than
// the one before (section 12.2.2), and remembers it.
func (d *dialog) accept(req *sip.Request) bool {
	seq := req.CSeq().SeqNo
	if d.remoteSeqSet && seq <= d.remoteSeq {
		return false
	}
	d.remoteSeq, d.remoteSeqSet = seq, true
	return true
}

// request builds the next request of ours in the dialog, all but Via, Contact
// and what the method needs (section 12.2.1.1). ACK and CANCEL are not built
// here: they carry the number of their INVITE.
func (d *dialog) request(method sip.RequestMethod) *sip.Request {
	d.localSeq++
	return d.numbered(method, d.localSeq)
}

// numbered is request with a given CSeq number.
func (d *dialog) numbered(method sip.RequestMethod, seq uint32) *sip.Request {
	target, routes := d.path()
	req := sip.NewRequest(method, *target.Clone())
	for _, uri := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: *uri.Clone()})
	}
	maxForwards := sip.MaxForwardsHeader(70)
	req.AppendHeader(&maxForwards)
	req.AppendHeader(d.local.from())
	req.AppendHeader(d.remote.to())
	callID := sip.CallIDHeader(d.id.CallID)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	return req
}

// path is the Request-URI and the Route headers. A first route without the lr
// parameter is a strict router: it becomes the Request-URI and the target goes
// to the end of the routes (section 12.2.1.1).
func (d *dialog) path() (sip.Uri, []sip.Uri) {
	if len(d.routes) == 0 || d.routes[0].UriParams.Has("lr") {
		return d.target, d.routes
	}
	first := d.routes[0]
	first.Headers = nil
	rest := append([]sip.Uri{}, d.routes[1:]...)
	return first, append(rest, d.target)
}

// hop is the URI whose host a request is sent to: the first route, or the
// target without one (section 8.1.2).
func (d *dialog) hop() sip.Uri {
	if len(d.routes) > 0 {
		return d.routes[0]
	}
	return d.target
}
