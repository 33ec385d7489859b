package core

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestReliableRinging(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		l.engine(2, answering(bob, func(i *Invitation) {
			i.Progress(180, "", nil)
			i.Progress(183, "", nil)
			i.Accept(Answer{SDP: offer})
			i.Progress(182, "", nil) // too late: the 200 waits for the PRACK only
		}))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1", "Require: 100rel")
		pass(5 * time.Second)
		if got := alice.codes(sip.INVITE); !slices.Equal(got, []int{180, 180, 180, 180}) {
			t.Fatalf("before PRACK: %v", got)
		}
		rseq := headerText(alice.messages()[0], "rseq")
		if headerText(alice.messages()[0], "require") != "100rel" || rseq == "" {
			t.Errorf("not reliable:\n%s", alice.messages()[0])
		}
		alice.inside("192.0.2.2", "PRACK", 2, "RAck: 1 1 INVITE")                                                            // not this one
		alice.inside("192.0.2.2", "PRACK", 3, "RAck: "+rseq+" 2 INVITE")                                                     // nor of this INVITE
		alice.insideBody("192.0.2.2", "PRACK", 4, string(offer), "RAck: "+rseq+" 1 INVITE", "Content-Type: application/sdp") // no offer there
		pass(100 * time.Millisecond)
		n, _ := strconv.Atoi(rseq)
		alice.inside("192.0.2.2", "PRACK", 5, "RAck: "+strconv.Itoa(n+1)+" 1 INVITE")
		pass(100 * time.Millisecond)
		if got := alice.codes(sip.PRACK); !slices.Equal(got, []int{481, 481, 488, 200}) {
			t.Errorf("PRACK answered %v", got)
		}
		if got := alice.codes(sip.INVITE)[4:]; !slices.Equal(got, []int{183, 200}) {
			t.Errorf("after PRACK: %v", got)
		}
		alice.inside("192.0.2.2", "ACK", 1)
		pass(time.Second)
		bob.expect(t, "Acknowledged")
	})
}

func TestPrackNeverComes(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		b := l.engine(2, answering(bob, func(i *Invitation) { i.Progress(180, "", nil) }))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1", "Require: 100rel")
		pass(33 * time.Second)
		bob.expect(t, "Refused504")
		if got := alice.codes(sip.INVITE); !slices.Contains(got, 504) {
			t.Errorf("answered %v", got)
		}
		pass(time.Minute)
		l.expectEmpty(b)
	})
}

func TestPrackOfOurs(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(100 * time.Millisecond)
		invite := bob.last(sip.INVITE)
		if !strings.Contains(headerText(invite, "supported"), "100rel") {
			t.Error("100rel not offered")
		}
		ring := func(code int, rseq string) {
			bob.reply(invite, code, "bt", "Require: 100rel", "RSeq: "+rseq)
			pass(50 * time.Millisecond)
		}
		ring(183, "7")
		ring(183, "7") // a copy
		ring(180, "9") // one is missing
		ring(182, "8")
		ring(180, "9")
		alice.expect(t, "Provisional183 Provisional182 Provisional180")
		var racks []string
		seqs := map[uint32]bool{}
		for _, req := range bob.requests(sip.PRACK) {
			if !seqs[req.CSeq().SeqNo] { // leave out repetitions: nobody answers them
				racks = append(racks, headerText(req, "rack"))
			}
			seqs[req.CSeq().SeqNo] = true
		}
		if !slices.Equal(racks, []string{"7 1 INVITE", "8 1 INVITE", "9 1 INVITE"}) {
			t.Errorf("RAck %q", racks)
		}
	})
}

// An application that says too much to a peer that acknowledges slowly: what can
// not be kept is left out, and the call goes on.
func TestProvisionalsAreBounded(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		l.engine(2, answering(bob, func(i *Invitation) {
			for range 2 * maxProvisional {
				i.Progress(182, "", nil)
			}
			i.Accept(Answer{SDP: offer})
		}))
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1", "Require: 100rel")
		pass(50 * time.Millisecond)
		first, _ := strconv.Atoi(headerText(alice.messages()[0], "rseq"))
		for n := range maxProvisional + 1 {
			alice.inside("192.0.2.2", "PRACK", 2+n, "RAck: "+strconv.Itoa(first+n)+" 1 INVITE")
			pass(50 * time.Millisecond)
		}
		if got := alice.codes(sip.INVITE); len(got) != maxProvisional+2 || got[len(got)-1] != 200 {
			t.Errorf("answered %v", got)
		}
		alice.inside("192.0.2.2", "ACK", 1)
		pass(50 * time.Millisecond)
		bob.expect(t, "Acknowledged")
	})
}
