package play

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
)

// sent is a message of alice's, or one that reaches her, with what a case changes in it.
type sent struct {
	what    string // INVITE, 200 …
	cseq    int
	method  string // of the CSeq; "" = what
	branch  string
	to      string // tag of the other side, "" = none
	sdp     string // "id version lines", "" = none
	edit    [2]string
	arrives bool
	after   time.Duration
}

func (s sent) octets() []byte {
	method := s.method
	if method == "" {
		method = s.what
	}
	first, forwards := s.what+" sip:p@p.test SIP/2.0", "Max-Forwards: 70\r\nUser-Agent: alice's\r\n"
	if s.what[0] < 'A' {
		first, forwards = "SIP/2.0 "+s.what+" Phrase", "Server: alice's\r\n"
	}
	to := "<sip:p@p.test;tag=of-the-uri>"
	if s.to != "" {
		to += ";tag=" + s.to
	}
	body := ""
	if s.sdp != "" {
		var id, version, lines int
		_, _ = fmt.Sscan(s.sdp, &id, &version, &lines) // of the cases below
		body = fmt.Sprintf("v=0\r\no=- %d %d IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n%s", id, version, strings.Repeat("m=audio 4000 RTP/AVP 0\r\n", lines))
	}
	text := fmt.Sprintf("%s\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=%s\r\n%sFrom: \"A\" <sip:alice@alice.test>;tag=A\r\nTo: %s\r\n"+
		"Call-ID: c1\r\nCSeq: %d %s\r\nContact: <sip:alice@192.0.2.1>\r\nAllow: ACK\r\nSupported: 100rel\r\nContent-Length: %d\r\n\r\n%s",
		first, s.branch, forwards, to, s.cseq, method, len(body), body)
	return []byte(strings.Replace(text, s.edit[0], s.edit[1], 1))
}

// TestRulesOfSIP breaks each rule in turn.
func TestRulesOfSIP(t *testing.T) {
	invite := sent{what: "INVITE", cseq: 1, branch: "z9hG4bKa", sdp: "7 1 1"}
	ringing := sent{what: "180", method: "INVITE", cseq: 1, branch: "z9hG4bKa", to: "B", arrives: true}
	ok := sent{what: "200", method: "INVITE", cseq: 1, branch: "z9hG4bKa", to: "B", sdp: "8 1 1", arrives: true}
	ack := sent{what: "ACK", cseq: 1, branch: "z9hG4bKb", to: "B"}
	bye := sent{what: "BYE", cseq: 2, branch: "z9hG4bKc", to: "B"}
	edited := func(s sent, from, to string) sent { s.edit = [2]string{from, to}; return s }
	at := func(s sent, d time.Duration) sent { s.after = d; return s }
	theirs := sent{what: "INVITE", cseq: 5, branch: "z9hG4bKd", to: "B", sdp: "8 2 2", arrives: true}
	refused := sent{what: "486", method: "INVITE", cseq: 5, branch: "z9hG4bKd", to: "B"}
	answer := sent{what: "200", method: "INVITE", cseq: 5, branch: "z9hG4bKd", to: "B", sdp: "7 2 2"}
	reinvite := func(branch string, cseq int, sdp string) sent {
		return sent{what: "INVITE", cseq: cseq, branch: branch, to: "B", sdp: sdp}
	}
	cases := []struct {
		messages []sent
		want     string // "" = all is well
	}{
		{[]sent{invite, invite, ringing, ok, ack, ok, ack, bye, bye}, ""},
		{[]sent{invite, ok, ack, reinvite("z9hG4bKe", 2, "7 2 1"), theirs, refused, refused}, ""},
		{[]sent{theirs, answer, answer}, ""},
		{[]sent{invite, at(ok, time.Minute)}, ""}, // it has been given up
		{[]sent{invite, {what: "486", method: "INVITE", cseq: 1, branch: "z9hG4bKa", to: "B", arrives: true},
			{what: "ACK", cseq: 1, branch: "z9hG4bKa", to: "B"}, ok}, ""},
		{[]sent{invite, ok}, "each final response to an INVITE has its ACK: 1 came and 0 were sent"},
		{[]sent{invite, ringing, at(ok, time.Minute)}, "has its ACK"},
		{[]sent{invite, ok, ack, ok}, "has its ACK: 2 came and 1 were sent"},
		{[]sent{invite, ok, {what: "ACK", cseq: 1, branch: "z9hG4bKb", to: "C"}}, "has its ACK"},
		{[]sent{invite, ok, {what: "ACK", cseq: 2, branch: "z9hG4bKb", to: "B"}}, "ACK has the number of an INVITE"},
		{[]sent{invite, {what: "CANCEL", cseq: 1, branch: "z9hG4bKb"}}, "CANCEL has the branch of its INVITE"},
		{[]sent{invite, edited(invite, "sip:p@p.test", "sip:q@p.test")}, "is its copy"},
		{[]sent{invite, ok, ack, {what: "BYE", cseq: 1, branch: "z9hG4bKc", to: "B"}}, "requests of a dialog count up by one: 1 after 1"},
		{[]sent{invite, ok, ack, {what: "BYE", cseq: 3, branch: "z9hG4bKc", to: "B"}}, "requests of a dialog count up by one: 3 after 1"},
		{[]sent{theirs, refused, answer}, "nothing follows a final response"},
		{[]sent{invite, ok, ack, reinvite("z9hG4bKe", 2, "7 1 2")}, "a new session description has a new version"},
		{[]sent{invite, ok, ack, reinvite("z9hG4bKe", 2, "7 3 1")}, "counts up by one"},
		{[]sent{invite, ok, ack, reinvite("z9hG4bKe", 2, "9 2 1")}, "counts up by one"},
		{[]sent{theirs, {what: "200", method: "INVITE", cseq: 5, branch: "z9hG4bKd", to: "B", sdp: "7 2 1"}}, "1 for 2"},
		{[]sent{edited(invite, "Max-Forwards: 70\r\n", "")}, "Max-Forwards"},
		{[]sent{edited(invite, ";branch=z9hG4bKa", "")}, "has Via with a branch"},
		{[]sent{edited(invite, "z9hG4bKa", "a")}, "begins with z9hG4bK"},
		{[]sent{edited(invite, "1 INVITE", "1 BYE")}, "the method of the request"},
		{[]sent{edited(invite, "Content-Length: ", "Content-Length: 1")}, "Content-Length is that of the body"},
		{[]sent{edited(invite, "Contact: ", "X: ")}, "not contact"},
		{[]sent{edited(invite, "Allow: ", "X: ")}, "not allow"},
		{[]sent{theirs, edited(answer, "Supported: ", "X: ")}, "not supported"},
		{[]sent{edited(bye, "User-Agent: ", "X: ")}, "User-Agent"},
		{[]sent{theirs, edited(answer, "Server: ", "X: ")}, "a response Server"},
		{[]sent{{what: "486", method: "INVITE", cseq: 5, branch: "z9hG4bKd"}}, "has a tag in To"},
	}
	for i, c := range cases {
		w := &world{}
		w.parties = []*party{{def: &scenario.Party{Name: "alice"}, app: new(sipsimple.Application)}, {def: &scenario.Party{Name: "p"}}}
		r := newSIPRules(w)
		for _, m := range c.messages {
			from, to := "alice", "p"
			if m.arrives {
				from, to = to, from
			}
			r.take(m.after, m.after, from, to, m.octets(), false)
		}
		r.unacknowledged(true)
		switch {
		case c.want == "" && len(r.failures) > 0:
			t.Errorf("case %d: %v", i, r.failures)
		case c.want != "" && (len(r.failures) == 0 || !strings.Contains(r.failures[0].String(), c.want)):
			t.Errorf("case %d: %v, want %q", i, r.failures, c.want)
		}
	}
}
