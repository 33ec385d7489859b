package script

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/conformance/wirefields"
	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
	"github.com/go-sipsimple/callflow/sipsimple/sdp"
)

// server is a request that was received, and its answers.
type server struct {
	message wire.Message
	request *sip.Request
	dialog  *dialog
	labels  []string
	taken   bool // by the script
	final   int  // code of the last final answer, 0 before one
	last    []byte
	repeats []*repeat // of answers; an INVITE may be answered by several forks
	acked   []string  // To tags of the 2xx that were acknowledged
}

// handle takes what the sockets deliver.
func (p *Party) handle(m wire.Message) {
	p.mu.Lock()
	before := len(p.unread)
	if !p.closed {
		switch {
		case m.Response() != nil:
			p.handleResponse(m, m.Response())
		case p.ignored(string(m.Request().Method)):
		case m.Request().IsAck():
			p.handleAck(m, m.Request())
		default:
			p.handleRequest(m, m.Request())
		}
	}
	more := len(p.unread) > before
	p.mu.Unlock()
	if more && p.cfg.Changed != nil {
		p.cfg.Changed()
	}
}

func (p *Party) handleRequest(m wire.Message, req *sip.Request) {
	if s := p.serverOf(req); s != nil {
		if s.last != nil {
			p.sendBack(s, s.last)
		}
		return
	}
	s := &server{message: m, request: req}
	s.dialog = p.dialogOfRequest(m, req)
	p.servers = append(p.servers, s)
	fields := p.tracker.Fields(req, m.Transport)
	s.dialog.take(req, fields)
	if req.Method == "PRACK" {
		p.confirm(s.dialog, req)
	}
	if p.auto(string(req.Method)) {
		p.answerItself(s)
		return
	}
	p.offer(m, fields, s.dialog).server = s
}

// serverOf is the transaction of a request that has come before (RFC 3261
// section 17.2.3).
func (p *Party) serverOf(req *sip.Request) *server {
	for _, s := range slices.Backward(p.servers) {
		if s.request.Method == req.Method && sameBranch(s.request, req) {
			return s
		}
	}
	return nil
}

func sameBranch(a, b sip.Message) bool {
	x, y := a.Via(), b.Via()
	if x == nil || y == nil || x.SentBy() != y.SentBy() {
		return false
	}
	first, _ := x.Params.Get("branch")
	second, _ := y.Params.Get("branch")
	return first == second && a.CSeq().SeqNo == b.CSeq().SeqNo
}

// dialogOfRequest finds the dialog of a request, or makes one: for the script a
// request outside any dialog is the beginning of one, and a CANCEL belongs to
// what it cancels.
func (p *Party) dialogOfRequest(m wire.Message, req *sip.Request) *dialog {
	callID, from, to := tags(req)
	if d := p.findDialog(callID, to, from); d != nil {
		d.refresh(m)
		return d
	}
	if req.IsCancel() {
		for _, s := range slices.Backward(p.servers) {
			if s.request.IsInvite() && sameBranch(s.request, req) {
				return s.dialog
			}
		}
	}
	d := &dialog{
		callID: callID, localTag: to, remoteTag: from, callerTag: from, invite: req.IsInvite(),
		local: withoutTag(req.To().Value()), remote: withoutTag(req.From().Value()),
	}
	d.target = req.From().Address.String()
	d.refresh(m)
	d.setRoutes(req, false)
	p.dialogs = append(p.dialogs, d)
	return d
}

// tags are the Call-ID and the tags of From and To.
func tags(msg sip.Message) (callID, from, to string) {
	from, _ = msg.From().Params.Get("tag")
	to, _ = msg.To().Params.Get("tag")
	return msg.CallID().Value(), from, to
}

// withoutTag cuts the parameters off an address.
func withoutTag(value string) string {
	if i := strings.LastIndexByte(value, '>'); i >= 0 {
		return value[:i+1]
	}
	address, _, _ := strings.Cut(value, ";")
	return "<" + address + ">"
}

// take keeps the description in a message of the peer.
func (d *dialog) take(msg sip.Message, fields map[string]any) {
	if description, ok := fields["sdp"].(wirefields.SDP); ok {
		d.media.received = sdp.Clone(description.Description)
	}
}

// sendBack sends octets to where the request came from.
func (p *Party) sendBack(s *server, data []byte) {
	p.transport.SendOctets(data, wire.ResponseDestination(s.message), nil)
}

// handleAck ends the repetition of what it acknowledges. The ACK of a refusal
// belongs to its transaction and is not the script's; the first one of each 2xx
// is.
func (p *Party) handleAck(m wire.Message, ack *sip.Request) {
	_, _, to := tags(ack)
	s := p.inviteOf(ack)
	if s != nil && s.final >= 300 && sameBranch(s.request, ack) {
		s.stop(func(*repeat) bool { return true })
		return
	}
	var d *dialog
	if s != nil {
		if slices.Contains(s.acked, to) {
			return
		}
		s.acked = append(s.acked, to)
		s.stop(func(r *repeat) bool { return r.tag == to })
		if d = p.findDialog(s.dialog.callID, to, s.dialog.remoteTag); d != nil {
			d.refresh(m)
		}
	} else if p.isCopy(ack) {
		return
	}
	fields := p.tracker.Fields(ack, m.Transport)
	if d != nil {
		d.take(ack, fields)
	}
	if !p.auto(string(sip.ACK)) {
		p.offer(m, fields, d)
	}
}

// inviteOf is the INVITE that an ACK is for (RFC 3261 sections 13.2.2.4, 17.1.1.3).
func (p *Party) inviteOf(ack *sip.Request) *server {
	callID, from, _ := tags(ack)
	for _, s := range slices.Backward(p.servers) {
		if c, f, _ := tags(s.request); s.request.IsInvite() && c == callID && f == from &&
			s.request.CSeq().SeqNo == ack.CSeq().SeqNo {
			return s
		}
	}
	return nil
}

// confirm ends the repetition of a reliable provisional answer (RFC 3262
// section 3).
func (p *Party) confirm(d *dialog, prack *sip.Request) {
	for _, s := range p.servers {
		if s.request.IsInvite() && s.request.CallID().Value() == d.callID && s.final == 0 {
			s.stop(provisional)
		}
	}
}

// stop ends the repetitions of those answers.
func (s *server) stop(which func(*repeat) bool) {
	for _, r := range s.repeats {
		if which(r) {
			r.stop()
		}
	}
	s.repeats = slices.DeleteFunc(s.repeats, which)
}

func provisional(r *repeat) bool { return !r.final }

// isCopy tells whether a message outside all transactions came before.
func (p *Party) isCopy(msg sip.Message) bool {
	text := msg.String()
	if slices.Contains(p.seen, text) {
		return true
	}
	p.seen = append(p.seen, text)
	return false
}
