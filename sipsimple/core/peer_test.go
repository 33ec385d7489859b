package core

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// peer is a scripted party on the wire: it keeps what it gets and sends what
// it is told to.
type peer struct {
	l    *lab
	addr netip.AddrPort
	got  []sip.Message
	auto func(*sip.Request) // answers requests as they come; may be nil
}

func (l *lab) peer(n int) *peer {
	p := &peer{l: l, addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), 5060)}
	l.exclusively(func() {
		l.nodes[p.addr] = func(m wire.Message) {
			l.exclusively(func() { p.got = append(p.got, m.Msg) })
			if req := m.Request(); req != nil && p.auto != nil {
				p.auto(req)
			}
		}
	})
	return p
}

// messages are those received so far.
func (p *peer) messages() (got []sip.Message) {
	p.l.exclusively(func() { got = slices.Clone(p.got) })
	return got
}

// forget empties the list of received messages but for the first n.
func (p *peer) forget(n int) { p.l.exclusively(func() { p.got = p.got[:n] }) }

// requests are those received of a method.
func (p *peer) requests(method sip.RequestMethod) []*sip.Request {
	var found []*sip.Request
	for _, m := range p.messages() {
		if req, ok := m.(*sip.Request); ok && req.Method == method {
			found = append(found, req)
		}
	}
	return found
}

// last is the last request received of a method.
func (p *peer) last(method sip.RequestMethod) *sip.Request {
	p.l.t.Helper()
	found := p.requests(method)
	if len(found) == 0 {
		p.l.t.Fatalf("no %s came", method)
	}
	return found[len(found)-1]
}

// codes are the status codes received for a method.
func (p *peer) codes(method sip.RequestMethod) []int {
	var codes []int
	for _, m := range p.messages() {
		if res, ok := m.(*sip.Response); ok && res.CSeq().MethodName == method {
			codes = append(codes, res.StatusCode)
		}
	}
	return codes
}

// answer builds a response to a request with this To tag.
func (p *peer) answer(req *sip.Request, code int, tag string, headers ...string) *sip.Response {
	res := wire.NewResponse(req, code, Phrase(code), tag)
	if req.Method == sip.INVITE && code > 100 && code < 300 {
		res.AppendHeader(sip.NewHeader("Contact", "<sip:bob@"+p.addr.String()+">"))
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		res.AppendHeader(sip.NewHeader(name, value))
	}
	return res
}

// reply sends such a response to where the request came from.
func (p *peer) reply(req *sip.Request, code int, tag string, headers ...string) {
	p.send(p.answer(req, code, tag, headers...), req.Via().Host)
}

// replySDP is reply with a session description.
func (p *peer) replySDP(req *sip.Request, code int, tag string, headers ...string) {
	res := p.answer(req, code, tag, headers...)
	setSDP(res, offer)
	p.send(res, req.Via().Host)
}

func (p *peer) send(msg sip.Message, host string) {
	octets, err := wire.Marshal(msg)
	if err != nil {
		p.l.t.Fatal(err)
	}
	p.l.send(p.addr, netip.AddrPortFrom(netip.MustParseAddr(host), 5060), octets, nil)
}

// text sends a request written out, lines joined with CRLF.
func (p *peer) text(host string, body string, lines ...string) {
	data := strings.Join(lines, "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	p.l.send(p.addr, netip.AddrPortFrom(netip.MustParseAddr(host), 5060), []byte(data), nil)
}

// invite sends an INVITE of this peer with an offer and further header lines.
func (p *peer) invite(host, branch string, extra ...string) {
	lines := append([]string{
		"INVITE sip:bob@" + host + " SIP/2.0",
		"Via: SIP/2.0/UDP " + p.addr.String() + ";branch=z9hG4bK" + branch,
		"Max-Forwards: 70",
		"From: <sip:alice@a.test>;tag=ft",
		"To: <sip:bob@b.test>",
		"Call-ID: call-1",
		"CSeq: 1 INVITE",
	}, extra...)
	if !strings.Contains(strings.Join(extra, "\n"), "Contact:") {
		lines = append(lines, "Contact: <sip:alice@"+p.addr.String()+">")
	}
	p.text(host, string(offer), append(lines, "Content-Type: application/sdp")...)
}

// inside sends a request in the dialog of invite, with the To tag of the last
// response to it.
func (p *peer) inside(host string, method string, seq int, extra ...string) {
	p.insideBody(host, method, seq, "", extra...)
}

func (p *peer) insideBody(host string, method string, seq int, body string, extra ...string) {
	tag := ""
	for _, m := range p.messages() {
		if res, ok := m.(*sip.Response); ok && toTag(res) != "" {
			tag = toTag(res)
		}
	}
	lines := append([]string{
		method + " sip:bob@" + host + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%d", p.addr, method, len(p.l.wireLog())),
		"Max-Forwards: 70",
		"From: <sip:alice@a.test>;tag=ft",
		"To: <sip:bob@b.test>;tag=" + tag,
		"Call-ID: call-1",
		fmt.Sprintf("CSeq: %d %s", seq, method),
	}, extra...)
	p.text(host, body, lines...)
}

// pass lets virtual time pass and everything happen that happens by then.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
