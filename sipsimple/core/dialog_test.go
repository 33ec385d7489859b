package core

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// drawDialog makes the two ends of one dialog from an INVITE and its 200 that
// went through some proxies, all of them loose routers or not.
func drawDialog(t *rapid.T) (caller, callee *dialog) {
	invite := sip.NewRequest(sip.INVITE, address("sip:bob@b.test").URI)
	proxies := rapid.SliceOfN(rapid.Bool(), 0, 4).Draw(t, "loose")
	for i, loose := range proxies {
		uri := sip.Uri{Scheme: "sip", Host: fmt.Sprintf("p%d.test", i), Headers: sip.HeaderParams{{K: "Subject", V: "no"}}}
		if loose {
			uri.UriParams = uri.UriParams.Add("lr", "")
		}
		invite.PrependHeader(&sip.RecordRouteHeader{Address: uri})
	}
	invite.AppendHeader(address("<sip:alice@a.test>;tag=at").from())
	invite.AppendHeader(address("<sip:bob@b.test>").to())
	callID := sip.CallIDHeader("c")
	invite.AppendHeader(&callID)
	invite.AppendHeader(&sip.CSeqHeader{SeqNo: rapid.Uint32Range(1, 1<<30).Draw(t, "cseq"), MethodName: sip.INVITE})
	invite.AppendHeader(contactHeader(address("sip:alice@192.0.2.1").URI, false))
	callee = newServerDialog(invite, "bt")
	ok := wire.NewResponse(invite, 200, "OK", "bt")
	ok.AppendHeader(contactHeader(address("sip:bob@192.0.2.2").URI, false))
	return newClientDialog(invite, ok), callee
}

func TestDialogEndsMirrorEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		caller, callee := drawDialog(t)
		if caller.id.LocalTag != callee.id.RemoteTag || caller.id.RemoteTag != callee.id.LocalTag {
			t.Fatalf("%v and %v", caller.id, callee.id)
		}
		back := slices.Clone(callee.routes)
		slices.Reverse(back)
		for i := range back {
			if back[i].String() != caller.routes[i].String() {
				t.Fatalf("routes %v and %v", caller.routes, callee.routes)
			}
		}
	})
}

// Whatever the order in which requests arrive, those taken have rising numbers,
// and what one end sends in order the other takes.
func TestDialogNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		caller, callee := drawDialog(t)
		var requests []*sip.Request
		for range rapid.IntRange(1, 10).Draw(t, "requests") {
			requests = append(requests, caller.request(sip.OPTIONS))
		}
		order := rapid.Permutation(requests).Draw(t, "order")
		highest := callee.remoteSeq
		for _, req := range order {
			taken := callee.accept(req)
			if want := req.CSeq().SeqNo > highest; taken != want {
				t.Fatalf("CSeq %d after %d taken: %v", req.CSeq().SeqNo, highest, taken)
			}
			highest = max(highest, req.CSeq().SeqNo)
		}
		if highest != requests[len(requests)-1].CSeq().SeqNo {
			t.Fatal("the last request was not taken")
		}
	})
}

// A request passes all routes and the target, each once, and goes first where
// the first of them says (RFC 3261 section 12.2.1.1).
func TestDialogPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, _ := drawDialog(t)
		req := d.request(sip.BYE)
		var hops []string
		for _, h := range req.GetHeaders("route") {
			hops = append(hops, h.(*sip.RouteHeader).Address.Host)
		}
		want := []string{}
		for _, uri := range d.routes {
			want = append(want, uri.Host)
		}
		target := req.Recipient.Host
		if len(req.Recipient.Headers) > 0 { // they are not for a Request-URI (section 19.1.1)
			t.Fatalf("Request-URI %s", req.Recipient.String())
		}
		if strict := len(d.routes) > 0 && !d.routes[0].UriParams.Has("lr"); strict {
			want = append(want, d.target.Host)
			hops = append([]string{target}, hops...)
		} else if target != d.target.Host {
			t.Fatalf("target %s", target)
		}
		if !slices.Equal(hops, want) {
			t.Fatalf("hops %q, want %q", hops, want)
		}
		first := d.hop()
		if len(want) > 0 && first.Host != want[0] {
			t.Fatalf("sent to %s", first.Host)
		}
	})
}

// Calls under loss and duplication with users who do anything at any time: when
// the network heals and both close, nothing is left on either side, each INVITE
// had one outcome and no event came after Close.
func TestCallsEndWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		fates := rapid.SliceOfN(rapid.SampledFrom([]int{1, 1, 1, 0, 0, 2}), 0, 40).Draw(rt, "copies")
		steps := rapid.SliceOfN(rapid.IntRange(0, 17), 1, 14).Draw(rt, "steps")
		waits := rapid.SliceOfN(rapid.SampledFrom([]int{0, 5, 100, 700, 5000, 40000}), len(steps), len(steps)).Draw(rt, "waits")
		var fault string
		inLab(t, func(l *lab) { fault = anything(l, fates, steps, waits) })
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

func anything(l *lab, fates []int, steps, waits []int) string {
	l.copies = func(netip.AddrPort, netip.AddrPort, sip.Message) int {
		if l.sent > len(fates) {
			return 1
		}
		return fates[l.sent-1]
	}
	bob := &party{}
	a := l.engine(1, nil)
	b := l.engine(2, answering(bob, func(i *Invitation) { i.Trying() }))
	alice := l.caller(a, nil)
	for i, step := range steps {
		act(alice, bob, step)
		pass(time.Duration(waits[i]) * time.Millisecond)
	}
	alice.do(func(i *Invitation) { i.Close() })
	heardByAlice := len(alice.heard())
	l.exclusively(func() { l.copies = nil })
	pass(time.Duration(waits[0]) * time.Millisecond)
	if bob.call() == nil || alice.again {
		pass(time.Minute) // a call may still be on its way
	}
	heardByBob := 0
	if bob.call() != nil {
		for _, i := range bob.all {
			bob.do(func(*Invitation) { i.Close() })
		}
		heardByBob = len(bob.heard())
	}
	pass(5 * time.Minute)
	var faults []string
	if len(alice.heard()) != heardByAlice || len(bob.heard()) != heardByBob {
		faults = append(faults, "events after Close")
	}
	faults = append(faults, holds(a)...)
	faults = append(faults, holds(b)...)
	if len(faults) == 0 {
		return ""
	}
	return strings.Join(faults, "; ") + "\nalice: " + alice.names() + "\nbob: " + bob.names() + "\n" + strings.Join(l.trace, "\n")
}

// act is one of the things a user may do.
func act(alice, bob *party, step int) {
	if step >= 7 && bob.call() == nil {
		return
	}
	switch step {
	case 0, 1:
		alice.again = len(alice.heard()) > 0
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
	case 2:
		alice.do(func(i *Invitation) { i.Cancel("") })
	case 3, 4:
		alice.do(func(i *Invitation) { i.Acknowledge(nil) })
	case 5:
		alice.do(func(i *Invitation) { i.Reinvite(offer) })
	case 6:
		alice.do(func(i *Invitation) { i.Bye(0, "") })
	case 7:
		bob.do(func(i *Invitation) { i.Progress(180, "", nil) })
	case 8, 9:
		bob.do(func(i *Invitation) { i.Accept(Answer{SDP: offer}) })
	case 10:
		bob.do(func(i *Invitation) { i.Reject(486, "") })
	case 11:
		bob.do(func(i *Invitation) { i.Reinvite(offer) })
	case 12:
		bob.do(func(i *Invitation) { i.Bye(0, "") })
	case 13:
		bob.do(func(i *Invitation) { i.Acknowledge(nil) })
	case 14:
		alice.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
	case 15:
		bob.do(func(i *Invitation) { i.Refer(address("sip:carol@c.test"), nil) })
	case 16:
		bob.do(func(i *Invitation) { i.NotifyRefer(180, "", false) })
	case 17:
		bob.do(func(i *Invitation) { i.NotifyRefer(200, "", true) })
	}
}

// holds tells what an engine still has.
func holds(e *Engine) (left []string) {
	e.post(func() {
		t := e.table
		if len(t.dialogs)+len(t.calls)+len(t.invites)+t.pending != 0 {
			left = append(left, fmt.Sprintf("%s keeps %d dialogs, %d calls, %d invites, %d pending",
				e.cfg.UserAgent, len(t.dialogs), len(t.calls), len(t.invites), t.pending))
		}
	})
	synctest.Wait()
	return left
}
