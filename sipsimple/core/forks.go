package core

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// fork is one of the dialogs that the responses to one INVITE make: one for
// each To tag (RFC 3261 section 12.1).
type fork struct {
	c      *clientInvite
	dialog *dialog
	path   *path
	rseq   uint32       // of the last reliable provisional response, 0 before the first
	ack    *sip.Request // of its 2xx, to be sent again; nil until it left
	acked  bool         // the ACK was ordered
}

// fork returns the dialog that a response belongs to, a new one if its To tag
// is new, nil without a tag. A re-INVITE has its dialog already.
func (c *clientInvite) fork(res *sip.Response) *fork {
	tag := toTag(res)
	for _, f := range c.forks {
		if c.dialog != nil || f.dialog.id.RemoteTag == tag {
			return f
		}
	}
	if c.dialog != nil {
		f := &fork{c: c, dialog: c.dialog, path: c.u.path}
		c.forks = append(c.forks, f)
		return f
	}
	if tag == "" && res.IsProvisional() || len(c.forks) >= maxForks {
		return nil
	}
	f := &fork{c: c, dialog: newClientDialog(c.sent.req, res), path: &path{e: c.u.e, first: c.way}}
	c.forks = append(c.forks, f)
	if !c.final {
		c.u.e.table.add(c.u, f.dialog)
	}
	return f
}

// maxForks bounds the dialogs of one INVITE.
const maxForks = 32

// success takes a 2xx. The first one makes the call, its copies get their ACK
// again, those of other forks get ACK and BYE (RFC 3261 section 13.2.2.4).
func (c *clientInvite) success(res *sip.Response) {
	f := c.fork(res)
	switch {
	case f == nil:
	case c.chosen == nil && !c.final:
		c.choose(f, res)
	case f.acked:
		f.acknowledgeAgain()
	case f != c.chosen:
		f.refuse(res)
	}
}

// choose makes f the dialog of the call.
func (c *clientInvite) choose(f *fork, res *sip.Response) {
	u := c.u
	c.final, c.chosen = true, f
	c.stopTimers()
	f.dialog.learn(res)
	c.endForks(f)
	u.noteFocus(res)
	if c.dialog == nil {
		u.dialog, u.path = f.dialog, f.path
		u.remote, u.id = f.dialog.remote, f.dialog.id
		u.agent = agentOf(res)
		u.e.table.add(u, f.dialog)
	}
	event := Accepted{
		Code: res.StatusCode, Phrase: res.Reason, SDP: sdpOf(res), Response: res,
		Cancelled: c.withdrawn && c.dialog == nil,
	}
	if event.Cancelled {
		u.emit(event)
		u.acknowledge(nil)
		u.sendBye(0, "", nil)
		u.settle()
		return
	}
	u.emit(event)
	if u.face == nil {
		u.acknowledge(nil)
	}
}

// endForks forgets the early dialogs, except the one kept.
func (c *clientInvite) endForks(kept *fork) {
	if c.dialog != nil {
		return
	}
	for _, f := range c.forks {
		if f != kept {
			c.u.e.table.end(f.dialog)
		}
	}
}

// refuse ends a dialog nobody wants: ACK, then BYE, without a word to the
// application.
func (f *fork) refuse(res *sip.Response) {
	f.dialog.learn(res)
	f.acknowledge(nil)
	f.c.u.request(f.dialog, f.path, sip.BYE, nil, nil)
}

// acknowledge: see Invitation.Acknowledge.
func (u *usage) acknowledge(sdp []byte) {
	c := u.out
	if c == nil || c.chosen == nil || c.chosen.acked {
		return
	}
	u.out = nil
	c.chosen.acknowledge(sdp)
	u.hangUp()
}

// acknowledge sends the ACK of the 2xx, with the number and the credentials of
// the INVITE (RFC 3261 section 13.2.2.4).
func (f *fork) acknowledge(sdp []byte) {
	f.acked = true
	u, invite := f.c.u, f.c.sent.req
	ack := f.dialog.numbered(sip.ACK, invite.CSeq().SeqNo)
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		sip.CopyHeaders(name, invite, ack)
	}
	ack.AppendHeader(sip.NewHeader("User-Agent", u.e.cfg.UserAgent))
	setSDP(ack, sdp)
	f.path.send(f.dialog.hop(), func(w way, err error) {
		if err != nil {
			return // the peer repeats its 2xx and gives up in the end
		}
		ack.PrependHeader(via(w.dest.Transport, w.sentBy, u.rnd.branch()))
		f.ack = ack
		u.e.transport.Send(ack, w.dest, nil)
	})
}

// acknowledgeAgain answers a copy of the 2xx.
func (f *fork) acknowledgeAgain() {
	if f.ack == nil {
		return
	}
	f.path.send(f.dialog.hop(), func(w way, err error) {
		if err == nil {
			f.c.u.e.transport.Send(f.ack, w.dest, nil)
		}
	})
}

// progress takes a provisional response of this dialog. A reliable one is
// acknowledged with PRACK (RFC 3262 section 4). It reports false for one that
// is a copy, or out of order: those are dropped.
func (f *fork) progress(res *sip.Response) bool {
	seq, reliable := rseqOf(res)
	if !reliable {
		f.learn(res)
		return true
	}
	if f.rseq != 0 && seq != f.rseq+1 {
		return false
	}
	f.rseq = seq
	f.learn(res)
	rack := strconv.FormatUint(uint64(seq), 10) + " " + f.c.sent.req.CSeq().Value()
	f.c.u.request(f.dialog, f.path, sip.PRACK, func(req *sip.Request) {
		req.AppendHeader(sip.NewHeader("RAck", rack))
	}, nil)
	return true
}

// learn takes target and route set of an early dialog.
func (f *fork) learn(res *sip.Response) {
	if f.c.dialog == nil {
		f.dialog.learn(res)
	}
}

// rseqOf is the number of a reliable provisional response.
func rseqOf(res *sip.Response) (uint32, bool) {
	if !hasToken(wire.Values(res, "require"), "100rel") {
		return 0, false
	}
	seq, err := strconv.ParseUint(strings.TrimSpace(headerText(res, "rseq")), 10, 32)
	if err != nil || seq == 0 {
		return 0, false
	}
	return uint32(seq), true
}
