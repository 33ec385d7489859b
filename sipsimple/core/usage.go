package core

import (
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// maxQueued bounds the events kept for an incoming invitation that nobody has
// attached to.
const maxQueued = 16

// usage is the engine's side of an invitation: its INVITEs and its dialog.
// Everything in it is touched on the engine's mailbox only. It outlives the
// Invitation where the peer must still be told something.
type usage struct {
	e      *Engine
	face   *Invitation // nil once closed
	exec   Executor    // nil before Attach
	queued []InvitationEvent
	rnd    *random

	params  *OutgoingParams // of an outgoing call, else nil
	creds   *Credentials    // nil: challenges are final
	auth    authSession
	invited *sip.Request // INVITE of an incoming call, until its ACK; it is never changed

	parties
	id        DialogID
	transport string
	peer      netip.AddrPort
	agent     string
	focus     bool

	contact    sip.Uri // our Contact
	localFocus bool
	seq        uint32 // CSeq number of our last INVITE outside a dialog

	dialog *dialog // the dialog in use: ours from the 2xx on, theirs from the INVITE on
	path   *path   // of that dialog
	out    *clientInvite
	in     *serverInvite

	refusing *serverInvite // a re-INVITE that we have refused, until its ACK

	referral *referral // transfer we asked for, until it is over
	referred *referred // transfer the peer asked for, until we told its end

	bying bool // our BYE is out
	ended bool // the dialog is over
}

func newUsage(e *Engine) *usage { return &usage{e: e, rnd: e.seeds.fork()} }

// view is what the getters of the invitation show now.
func (u *usage) view() view {
	return view{
		request: u.invited, transport: u.transport, peer: u.peer,
		parties: u.parties, dialog: u.id, agent: u.agent, focus: u.focus,
	}
}

// emit posts an event to the invitation's executor, with what the getters show
// from then on.
func (u *usage) emit(event InvitationEvent) {
	face := u.face
	if face == nil {
		return
	}
	if u.exec == nil {
		if len(u.queued) < maxQueued {
			u.queued = append(u.queued, event)
		}
		return
	}
	v := u.view()
	u.exec.Post(func() {
		if !face.closed {
			face.view = v
			face.handler.HandleInvitation(event)
		}
	})
}

func (u *usage) attach(exec Executor) {
	u.exec = exec
	queued := u.queued
	u.queued = nil
	for _, event := range queued {
		u.emit(event)
	}
}

// close: see Invitation.Close.
func (u *usage) close() {
	u.face, u.exec, u.queued = nil, nil, nil
	if u.out != nil {
		u.out.abandon()
	}
	if u.in != nil && !u.in.answered {
		u.in.refuse(sip.StatusTemporarilyUnavailable, "", nil, nil)
	}
	u.hangUp()
	u.settle()
}

// hangUp sends a BYE that nobody asked for, when the invitation was closed
// while its dialog stood. A 2xx of ours that waits for its ACK is waited for
// (RFC 3261 section 15).
func (u *usage) hangUp() {
	standing := u.dialog != nil && u.dialog.confirmed && !u.ended
	if u.face == nil && standing && !u.bying && u.in == nil {
		u.bye(0, "")
	}
}

// finish ends the dialog: whatever arrives in it now gets 481.
func (u *usage) finish() {
	u.ended = true
	u.dropReferrals()
	if u.dialog != nil {
		u.e.table.end(u.dialog)
	}
	u.settle()
}

// settle takes an outgoing call out of the table when neither its INVITE nor
// its dialog needs it any more. Invite puts it back.
func (u *usage) settle() {
	if (u.out == nil || u.out.final) && (u.dialog == nil || u.ended) {
		u.e.table.forget(u)
	}
}

// drop stops all timers, when the engine closes.
func (u *usage) drop() {
	u.face, u.exec, u.queued = nil, nil, nil
	if u.out != nil {
		u.out.stopTimers()
	}
	if u.in != nil {
		u.in.stopTimers()
	}
	u.dropReferrals()
}

// dropReferrals forgets transfers when the dialog ends: the caller knows.
func (u *usage) dropReferrals() {
	if u.referral != nil {
		u.referral.drop()
	}
	if u.referred != nil {
		u.referred.drop()
	}
}

// heard notes where a message of the peer came from.
func (u *usage) heard(m wire.Message) {
	if m.Source.IsValid() {
		u.peer = m.Source
	}
}

// noteFocus follows the latest Contact of the peer.
func (u *usage) noteFocus(msg sip.Message) {
	if focus, known := focusOf(msg); known {
		u.focus = focus
	}
}
