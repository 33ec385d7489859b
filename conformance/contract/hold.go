package contract

import (
	"github.com/pion/sdp/v3"

	callsdp "github.com/go-sipsimple/callflow/sipsimple/sdp"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// holdClauses are about hold.
var holdClauses = []clause{
	{"58", "without support, hold does nothing", func(r *run) {
		s := r.started()
		defer s.End()
		if s.HoldSupported() {
			return
		}
		before := text(r.media(s, true))
		s.Hold()
		r.want(text(r.media(s, true)) == before, "hold changed the offer")
		local, remote := r.agree(s, 0)
		s.Update(local, remote, 0)
		r.want(!s.OnHold(), "it is on hold")
		s.Unhold()
		r.expect(s, "DidInitialize", "DidStart")
	}},
	{"59, 60, 61, 62", "hold changes the offer, and the flags not yet", ifHold(func(r *run, s streams.MediaStream) {
		before := text(r.media(s, true))
		s.Hold()
		s.Hold()
		offer := r.media(s, true)
		r.want(!callsdp.Receives(callsdp.Direction(offer, nil)), "offer of a hold: %s", text(offer))
		r.want(!s.OnHold(), "hold changed a flag by itself")
		s.Unhold()
		r.want(text(r.media(s, true)) == before, "hold and unhold left %s", text(r.media(s, true)))
	})},
	{"9, 63, 64, 65", "directions set the flags", ifHold(func(r *run, s streams.MediaStream) {
		step := func(direction sdp.Direction, local, remote bool) {
			r.t.Helper()
			l, m := r.agree(s, direction)
			r.forget(s)
			s.Update(l, m, 0)
			r.flags(s, local, remote)
		}
		step(callsdp.SendOnly, false, false) // the answer alone, without a wish of ours, is no hold (SD25)
		step(callsdp.RecvOnly, false, true)
		step(callsdp.SendRecv, false, false)
		s.Hold()
		step(callsdp.SendOnly, true, false)
		step(callsdp.Inactive, true, true)
		s.Unhold()
		step(callsdp.RecvOnly, false, true)
		step(callsdp.Inactive, false, true)
		step(callsdp.SendRecv, false, false)
	})},
	{"68", "a hold before the start is remembered", func(r *run) {
		s := r.initialized()
		defer s.End()
		if !s.HoldSupported() {
			return
		}
		s.Hold()
		local, remote := r.agree(s, 0)
		r.want(callsdp.Direction(local.MediaDescriptions[0], nil) == callsdp.SendRecv, "the first offer is a hold")
		r.must(s.Start(local, remote, 0))
		r.settle()
		r.flags(s, false, false)
		offer := r.media(s, true)
		r.want(!callsdp.Receives(callsdp.Direction(offer, nil)), "the hold is forgotten: %s", text(offer))
	}},
	{"66, 67", "an answer of hold goes on while we hold", ifHold(func(r *run, s streams.MediaStream) {
		s.Hold()
		local, remote := r.agree(s, callsdp.SendOnly)
		s.Update(local, remote, 0)
		r.want(callsdp.Direction(r.media(s, false), nil) == callsdp.SendOnly, "we answer %v", callsdp.Direction(r.media(s, false), nil))
		r.want(callsdp.Direction(r.media(s, true), nil) == callsdp.SendOnly, "we offer %v", callsdp.Direction(r.media(s, true), nil))
	})},
}

// ifHold runs check on a started stream that supports hold.
func ifHold(check func(r *run, s streams.MediaStream)) func(r *run) {
	return func(r *run) {
		s := r.started()
		defer s.End()
		if s.HoldSupported() {
			check(r, s)
		}
	}
}

// forget drops the log.
func (r *run) forget(s streams.MediaStream) {
	r.posted(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = nil
}

// flags checks the hold flags.
func (r *run) flags(s streams.MediaStream, local, remote bool) {
	r.t.Helper()
	r.want(s.OnHoldByLocal() == local && s.OnHoldByRemote() == remote, "on hold by local %t, by remote %t; want %t, %t",
		s.OnHoldByLocal(), s.OnHoldByRemote(), local, remote)
	r.want(s.OnHold() == (local || remote), "on hold is %t", s.OnHold())
}
