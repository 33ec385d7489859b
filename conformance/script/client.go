package script

import (
	"slices"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// client is a request that was sent, and its answers.
type client struct {
	request     *sip.Request
	octets      []byte
	destination wire.Destination
	dialog      *dialog
	labels      []string
	repeat      *repeat
	final       int                // code of the first final answer, 0 before one
	seen        []string           // answers, to know their copies
	acks        map[string]sentAck // by To tag
	accepted    *dialog            // of the last 2xx to an INVITE that no ACK was sent for
}

// sentAck is an ACK, which is repeated for each copy of the answer.
type sentAck struct {
	octets      []byte
	destination wire.Destination
}

func (p *Party) handleResponse(m wire.Message, res *sip.Response) {
	c := p.clientOf(res)
	if c == nil {
		if !p.isCopy(res) {
			p.offer(m, p.tracker.Fields(res, m.Transport), p.dialogOfStray(res))
		}
		return
	}
	c.stopRepeating(res)
	_, _, tag := tags(res)
	text := res.String()
	if p.answeredBefore(res, text) {
		if ack, ok := c.acks[tag]; ok && !res.IsProvisional() {
			p.transport.SendOctets(ack.octets, ack.destination, nil)
		}
		return
	}
	c.seen = append(c.seen, text)
	d := p.dialogOfResponse(c, m, res, tag)
	fields := p.tracker.Fields(res, m.Transport)
	d.take(res, fields)
	if c.request.IsInvite() && !res.IsProvisional() {
		p.finish(c, res, d, tag)
	}
	p.offer(m, fields, d).client = c
}

// answeredBefore tells whether the answer is a copy. Requests that were sent
// again under the same branch are one transaction.
func (p *Party) answeredBefore(res *sip.Response, text string) bool {
	return slices.ContainsFunc(p.clients, func(c *client) bool {
		return c.answeredBy(res) && slices.Contains(c.seen, text)
	})
}

func (c *client) answeredBy(res *sip.Response) bool {
	return c.request.Method == res.CSeq().MethodName && sameBranch(c.request, res)
}

// clientOf is the newest transaction that a response belongs to (RFC 3261
// section 17.1.3).
func (p *Party) clientOf(res *sip.Response) *client {
	for _, c := range slices.Backward(p.clients) {
		if c.answeredBy(res) {
			return c
		}
	}
	return nil
}

// stopRepeating ends the repetition of the request: any answer to an INVITE
// does, and the final one to others.
func (c *client) stopRepeating(res *sip.Response) {
	if !res.IsProvisional() || c.request.IsInvite() {
		c.repeat.stop()
	}
	if !res.IsProvisional() && c.final == 0 {
		c.final = res.StatusCode
	}
}

// dialogOfStray is the dialog of a response to a request that was sent as raw
// octets, nil if it is in none.
func (p *Party) dialogOfStray(res *sip.Response) *dialog {
	callID, from, to := tags(res)
	return p.findDialog(callID, from, to)
}

// dialogOfResponse is the dialog that an answer belongs to. Each To tag of the
// answers to a request outside a dialog makes one of its own.
func (p *Party) dialogOfResponse(c *client, m wire.Message, res *sip.Response, tag string) *dialog {
	d := c.dialog
	_, _, requested := tags(c.request)
	if tag != "" && requested == "" && res.StatusCode < 300 {
		if d.remoteTag == "" {
			d.setRoutes(res, true)
		}
		d = p.fork(d, &d.remoteTag, tag)
	}
	d.refresh(m)
	return d
}

// finish acknowledges a refusal, and remembers a 2xx for the ACK of the script.
func (p *Party) finish(c *client, res *sip.Response, d *dialog, tag string) {
	if res.IsSuccess() {
		c.accepted = d
		return
	}
	p.sendAck(c, tag, ackOfRefusal(c.request, res), c.destination)
}

func (p *Party) sendAck(c *client, tag string, ack *sip.Request, to wire.Destination) {
	octets := []byte(ack.String())
	c.acks[tag] = sentAck{octets, to}
	p.transport.SendOctets(octets, to, nil)
}

// ackOfRefusal is RFC 3261 section 17.1.1.3.
func ackOfRefusal(invite *sip.Request, res *sip.Response) *sip.Request {
	ack := sip.NewRequest(sip.ACK, invite.Recipient)
	ack.AppendHeader(sip.HeaderClone(invite.Via()))
	for _, h := range invite.GetHeaders("Route") {
		ack.AppendHeader(sip.HeaderClone(h))
	}
	ack.AppendHeader(sip.HeaderClone(invite.From()))
	ack.AppendHeader(sip.HeaderClone(res.To()))
	ack.AppendHeader(sip.HeaderClone(invite.CallID()))
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.ACK})
	ack.AppendHeader(sip.NewHeader("Max-Forwards", "70"))
	ack.SetBody(nil)
	return ack
}
