package contract

import (
	"slices"
	"sync"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// lifeClauses are about the life of a stream.
var lifeClauses = []clause{
	{"19, 20, 22", "initialize is answered once, in both directions", func(r *run) {
		out, in := r.outgoing(), r.incoming()
		r.must(out.Initialize(owner{}, streams.Outgoing))
		r.must(in.Initialize(owner{}, streams.Incoming))
		r.settle()
		r.expect(out, "DidInitialize")
		r.expect(in, "DidInitialize")
		out.End()
		in.End()
	}},
	{"23, 28", "a second initialize, and one after end, are refused", func(r *run) {
		s := r.initialized()
		r.expectIllegal("a second Initialize", s.Initialize(owner{}, streams.Outgoing))
		s.End()
		r.expectIllegal("Initialize after End", s.Initialize(owner{}, streams.Outgoing))
		r.settle()
		r.expect(s, "DidInitialize", "WillEnd", "DidEnd")
	}},
	{"24, 89", "methods may be called inside the notifications", func(r *run) {
		for _, name := range []string{"DidInitialize", "DidStart", "WillEnd"} {
			s := r.outgoing()
			done := false
			handle := r.env.Center.AddObserver(notification.ObserverFunc(func(notification.Notification) {
				if name != "WillEnd" {
					r.media(s, true)
				}
				s.Hold()
				s.Unhold()
				s.End()
				done = true
			}), notification.Filter{Name: "MediaStream" + name, Sender: s})
			r.must(s.Initialize(owner{}, streams.Outgoing))
			r.settle()
			if name != "DidInitialize" {
				local, remote := r.agree(s, 0)
				r.must(s.Start(local, remote, 0))
				r.settle()
			}
			s.End()
			r.settle()
			r.want(done, "%s was not posted", name)
			handle.Cancel()
		}
	}},
	{"26", "streams never share a port", func(r *run) {
		ports := map[int]bool{}
		for range 10 {
			s := r.initialized()
			defer s.End()
			port := r.media(s, true).MediaName.Port.Value
			r.want(!ports[port], "port %d twice", port)
			ports[port] = true
		}
	}},
	{"27, 75", "end prevents everything that has not happened", func(r *run) {
		s := r.outgoing()
		s.End()
		r.settle()
		r.expect(s)
		s = r.outgoing()
		r.must(s.Initialize(owner{}, streams.Outgoing))
		s.End()
		before := r.posted(s)
		r.settle()
		r.want(slices.Equal(r.posted(s), before), "posted %v after end", r.posted(s))
	}},
	{"41, 44, 45", "start is answered once", func(r *run) {
		s := r.started()
		r.expect(s, "DidInitialize", "DidStart")
		local, remote := r.agree(s, 0)
		r.expectIllegal("a second Start", s.Start(local, remote, 0))
		s.End()
		r.settle()
		r.expect(s, "DidInitialize", "DidStart", "WillEnd", "DidEnd")
	}},
	{"43", "start before initialisation is refused", func(r *run) {
		s := r.outgoing()
		d := r.remote(r.f.Acceptable)
		r.expectIllegal("Start", s.Start(d, d, 0))
		r.settle()
		r.expect(s)
		s.End()
	}},
	{"39, 40, 70", "deactivate posts nothing and leaves the description", func(r *run) {
		s := r.started()
		first := r.media(s, true).MediaName
		before := r.posted(s)
		s.Deactivate()
		s.Deactivate()
		r.settle()
		r.want(slices.Equal(r.posted(s), before), "posted %v", r.posted(s)[len(before):])
		r.want(r.media(s, true).MediaName.String() == first.String(), "another m-line: %v", r.media(s, true).MediaName)
		s.End()
	}},
	{"50, 52, 53", "unchanged updates are not noticed", func(r *run) {
		s := r.started()
		local, remote := r.agree(s, 0)
		for range 10 {
			r.want(s.ValidateUpdate(r.remote(r.f.Acceptable), 0), "the same description is refused")
			s.Update(local, remote, 0)
		}
		r.settle()
		r.expect(s, "DidInitialize", "DidStart")
		s.End()
	}},
	{"73, 74, 76, 77, 80", "end is idempotent", func(r *run) {
		s := r.started()
		var group sync.WaitGroup
		for range 10 {
			group.Go(s.End)
		}
		group.Wait()
		s.End()
		time.Sleep(35 * time.Second)
		r.expect(s, "DidInitialize", "DidStart", "WillEnd", "DidEnd")
	}},
	{"69, 78, 85", "nothing after end is noticed", func(r *run) {
		s := r.started()
		local, remote := r.agree(s, 0)
		s.End()
		r.settle() // the end itself may take a while
		before := r.posted(s)
		s.Hold()
		s.Unhold()
		s.Update(local, remote, 0)
		s.Deactivate()
		_, err := s.LocalMedia(true)
		r.expectIllegal("LocalMedia", err)
		r.expectIllegal("Start", s.Start(local, remote, 0))
		r.settle()
		r.want(slices.Equal(r.posted(s), before), "posted %v", r.posted(s)[len(before):])
	}},
	{"81", "nothing is left of 100 streams", func(r *run) {
		for range 100 {
			r.started().End()
		}
		r.want(r.env.Mixer.UsedSlotCount() == 0, "%d slots are still in use", r.env.Mixer.UsedSlotCount())
	}},
	{"91", "methods may be called at the same time", func(r *run) {
		s := r.started()
		local, remote := r.agree(s, 0)
		var group sync.WaitGroup
		for range 20 {
			group.Go(s.Hold)
			group.Go(s.Unhold)
			group.Go(func() { s.Update(local, remote, 0) })
			group.Go(func() { _, _ = s.LocalMedia(true) })
			group.Go(func() { _ = s.OnHold() && s.OnHoldByLocal() && s.OnHoldByRemote() })
		}
		group.Wait()
		s.End()
		r.settle()
		r.expect(s, "DidInitialize", "DidStart", "WillEnd", "DidEnd")
	}},
}
