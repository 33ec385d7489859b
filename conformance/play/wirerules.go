package play

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/core/transaction"
)

// What an application sends is judged against what holds for all SIP messages,
// whether the file looks at the wire or not, on good links and on bad ones. The
// messages of scripts and servers, which may be wrong on purpose, are not.
//
//	number   requests of a dialog count up by one; ACK and CANCEL have the number of their INVITE (RFC 3261 12.2.1.1, 13.2.2.4, 9.1)
//	copy     a message with the branch of an earlier one is the same octets (17.1.1.2, 17.2.1)
//	final    a request has one final response, and nothing follows that but copies (17.2)
//	ACK      each final response to an INVITE that arrives, and each copy, has an ACK (13.2.2.4, 17.1.1.3)
//	version  a new session description has the next version, the same one the same (RFC 4566 5.2, RFC 3264 8)
//	lines    an answer has as many m-lines as its offer (RFC 3264 6)
//	form     Via, From and To, Call-ID, CSeq, Content-Length and, where they must be, Max-Forwards, Contact and tags (8.1.1, 12.1.1); Allow, Supported, User-Agent, Server (13.2.1, 20.41, 20.35)

// sipRules judges the messages of a run.
type sipRules struct {
	w        *world
	failures []Failure

	over     map[*party]time.Duration // when applications ended
	numbers  map[string]uint32        // by dialog: of the last request
	invites  map[string]*invited      // that were sent, by call and number
	branches map[string]string        // requests that were sent, by branch and method
	finals   map[string]string        // final responses that were sent, by transaction
	bodies   map[string][2]string     // session descriptions by side: version, body
	offers   map[string]int           // m-lines of INVITEs that have arrived, by call and number
	due      map[string]*dueACK       // by what is acknowledged
	dues     []*dueACK
}

// invited is an INVITE of an application.
type invited struct {
	branch  string
	at      time.Duration
	answer  int  // the first final response that arrived
	ringing bool // a provisional response has arrived
}

// expects tells whether a final response of this code is one that the transaction still waits for: it has given up after
// 64*T1 without any response, and a 2xx after a refusal is none of its (RFC 6026 section 7.2).
func (i *invited) expects(code int, at time.Duration) bool {
	if i.answer == 0 && !i.ringing && at > i.at+transaction.Lifetime {
		return false
	}
	if i.answer == 0 {
		i.answer = code
	}
	return i.answer < 300 || code >= 300
}

// dueACK are the ACKs that final responses ask for.
type dueACK struct {
	party     *party
	at        time.Duration
	what      string
	came, got int
}

// brokenSIP lists what applications have sent against the rules. ACKs are missed only when the run is over.
func (w *world) brokenSIP(over bool) []Failure {
	w.wire.collect()
	r := newSIPRules(w)
	for _, l := range w.log {
		if l.record.event.Name == "SIPApplicationDidEnd" {
			r.over[l.party] = l.at
		}
	}
	for _, m := range w.wire.messages {
		r.take(m.Event.At, m.arrives, m.From, m.To, m.Data, m.Event.Lost)
	}
	for _, o := range w.wire.unread {
		if o.protocol == "" {
			r.take(w.at(o.sent), w.at(o.arrives), o.from, o.to, o.data, o.lost)
		}
	}
	if over { // on a bad link of TCP, and on a busy machine, nobody sees when a copy came
		r.unacknowledged(w.c.Faults == "" && w.real == nil)
	}
	return r.failures
}

func newSIPRules(w *world) *sipRules {
	return &sipRules{
		w: w, over: map[*party]time.Duration{}, numbers: map[string]uint32{}, invites: map[string]*invited{}, branches: map[string]string{},
		finals: map[string]string{}, bodies: map[string][2]string{}, offers: map[string]int{}, due: map[string]*dueACK{},
	}
}

// unacknowledged wants an ACK for each final response, and for each of its copies if that can be told.
func (r *sipRules) unacknowledged(copies bool) {
	for _, d := range r.dues {
		if d.got < d.came && (d.got == 0 || copies) {
			r.wrong(d.party, d.at, fmt.Sprintf("each final response to an INVITE has its ACK: %d came and %d were sent", d.came, d.got), d.what)
		}
	}
}

// application is the party of a host if an application of ours runs there.
func (r *sipRules) application(host string) *party {
	if p := r.w.party(host); p != nil && p.app != nil {
		return p
	}
	return nil
}

func (r *sipRules) wrong(p *party, at time.Duration, rule, message string) {
	r.failures = append(r.failures, *failure(at, p.def.Pos, p.def.Name+": a rule of SIP is broken", rule, "at        "+message))
}

// take judges one message, in the order of sending.
func (r *sipRules) take(at, arrives time.Duration, from, to string, data []byte, lost bool) {
	sender, receiver := r.application(from), r.application(to)
	if sender == nil && receiver == nil {
		return
	}
	m, ok := readSIP(data)
	if !ok {
		return // scripts send such; what an application sends is read by the rest of the player
	}
	if sender != nil {
		for _, rule := range []string{r.form(&m), r.copied(&m), r.number(&m, at), r.final(&m), r.described(&m)} {
			if rule != "" {
				r.wrong(sender, at, rule, m.text())
			}
		}
		if m.method == "ACK" {
			if d := r.due[m.call()+" "+m.toTag]; d != nil {
				d.got++
			}
		}
	}
	if receiver != nil && !lost {
		r.arrived(receiver, arrives, &m)
	}
}

// arrived remembers what an application must react to.
func (r *sipRules) arrived(p *party, at time.Duration, m *sipText) {
	if end, ended := r.over[p]; ended && at >= end {
		return
	}
	if m.method == "INVITE" {
		r.offers[m.call()] = m.lines()
	}
	invite := r.invites[m.call()]
	if m.cseqMethod != "INVITE" || m.code < 100 || m.code > 699 || invite == nil {
		return
	}
	if m.code < 200 {
		invite.ringing = true
		return
	}
	if !invite.expects(m.code, at) {
		return
	}
	key := m.call() + " " + m.toTag
	d := r.due[key]
	if d == nil {
		d = &dueACK{party: p, at: at, what: m.text()}
		r.due[key] = d
		r.dues = append(r.dues, d)
	}
	d.came++
}

func (r *sipRules) form(m *sipText) string {
	switch {
	case m.branch == "" || m.callID == "" || m.cseqMethod == "" || m.fromTag == "":
		return "a message has Via with a branch, Call-ID, CSeq and From with a tag"
	case m.method != "" && m.method != m.cseqMethod:
		return "CSeq has the method of the request"
	case m.method != "" && !strings.HasPrefix(m.branch, "z9hG4bK"):
		return "a branch begins with z9hG4bK"
	case m.method != "" && !m.has["max-forwards"]:
		return "a request has Max-Forwards"
	case m.code > 100 && m.toTag == "":
		return "a response but 100 has a tag in To"
	case m.length != len(m.body):
		return fmt.Sprintf("Content-Length is that of the body: %d and not %d", len(m.body), m.length)
	case m.method != "" && m.method != "ACK" && !m.has["user-agent"], m.code > 0 && !m.has["server"]:
		return "a request but ACK has User-Agent, a response Server"
	case m.method == "INVITE" || m.cseqMethod == "INVITE" && m.code/100 == 2:
		for _, name := range []string{"contact", "allow", "supported"} {
			if !m.has[name] {
				return "an INVITE and its 2xx have Contact, Allow and Supported: not " + name
			}
		}
	}
	return ""
}

// copied: what has a branch that was there is the same again.
func (r *sipRules) copied(m *sipText) string {
	if m.method == "" {
		return ""
	}
	key := m.branch + " " + m.method
	before, again := r.branches[key]
	r.branches[key], m.copy = string(m.data), again
	if again && before != string(m.data) {
		return "a request with the branch of an earlier one is its copy"
	}
	return ""
}

// number judges CSeq.
func (r *sipRules) number(m *sipText, at time.Duration) string {
	if m.method == "" {
		return ""
	}
	invite := r.invites[m.call()]
	switch m.method {
	case "ACK", "CANCEL":
		switch {
		case invite == nil:
			return m.method + " has the number of an INVITE"
		case m.method == "CANCEL" && invite.branch != m.branch:
			return "CANCEL has the branch of its INVITE"
		}
		return ""
	case "INVITE":
		if invite == nil {
			r.invites[m.call()] = &invited{branch: m.branch, at: at}
		}
	}
	if m.copy {
		return ""
	}
	dialog := m.callID + " " + m.fromTag + " "
	last, ok := r.numbers[dialog+m.toTag]
	if !ok {
		last, ok = r.numbers[dialog]
	}
	r.numbers[dialog+m.toTag] = m.cseq
	if ok && m.cseq != last+1 {
		return fmt.Sprintf("requests of a dialog count up by one: %d after %d", m.cseq, last)
	}
	return ""
}

// final: there is one final response.
func (r *sipRules) final(m *sipText) string {
	if m.code == 0 {
		return ""
	}
	key := m.callID + " " + m.fromTag + " " + m.branch + " " + m.cseqMethod
	before := r.finals[key]
	if before != "" && before != string(m.data) {
		return "nothing follows a final response but its copies"
	}
	if m.code >= 200 {
		r.finals[key] = string(m.data)
	}
	return ""
}

// described judges session descriptions.
func (r *sipRules) described(m *sipText) string {
	version, ok := m.origin()
	if !ok {
		return ""
	}
	own := m.fromTag
	if m.code > 0 {
		own = m.toTag
	}
	side := m.callID + " " + own
	before, again := r.bodies[side]
	r.bodies[side] = [2]string{version, string(m.body)}
	switch offered := r.offers[m.call()]; {
	case again && (before[0] == version) != (before[1] == string(m.body)):
		return "a new session description has a new version in o=, and only a new one: " + before[0] + ", then " + version
	case again && before[0] != version && !follows(before[0], version):
		return "the version in o= counts up by one: " + before[0] + ", then " + version
	case m.code/100 == 2 && m.cseqMethod == "INVITE" && offered > 0 && offered != m.lines():
		return fmt.Sprintf("an answer has as many m-lines as its offer: %d for %d", m.lines(), offered)
	}
	return ""
}

// follows tells whether two texts "id version" are of one session and neighbours.
func follows(before, after string) bool {
	var id1, id2 string
	var v1, v2 uint64
	_, err1 := fmt.Sscan(before, &id1, &v1)
	_, err2 := fmt.Sscan(after, &id2, &v2)
	return err1 == nil && err2 == nil && id1 == id2 && v2 == v1+1
}
