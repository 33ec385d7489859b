package script

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Answer is one response of the script.
type Answer struct {
	Code   int
	To     string   // method or label of the request; "" = the last one received that has no final answer
	Dialog string   // label, "" = any
	Reason *string  // phrase; nil = the standard one
	ToTag  *string  // another tag than that of the dialog: another fork
	Once   bool     // no repetition
	Labels []string // names of the dialog from now on
	Content
}

// Respond answers a request that the script has received. A final answer to an
// INVITE is repeated until its ACK comes, a provisional one with RSeq until its
// PRACK comes.
func (p *Party) Respond(a Answer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.toAnswer(a)
	if err != nil {
		return err
	}
	return p.respond(s, a)
}

// toAnswer finds the request that is answered.
func (p *Party) toAnswer(a Answer) (*server, error) {
	var found *server
	for _, s := range slices.Backward(p.servers) {
		if !s.taken || a.Dialog != "" && !p.is(s.dialog, a.Dialog) {
			continue
		}
		if a.To != "" && string(s.request.Method) != a.To && !slices.Contains(s.labels, a.To) {
			continue
		}
		if s.final == 0 {
			return s, nil
		}
		if found == nil {
			found = s
		}
	}
	switch {
	case a.To == "":
		return nil, errors.New("no request was received that has no final answer yet")
	case found == nil:
		return nil, fmt.Errorf("no request %s was received", a.To)
	}
	return found, nil
}

func (p *Party) respond(s *server, a Answer) error {
	d, tag := p.dialogOfAnswer(s, a)
	phrase := phraseOf(strconv.Itoa(a.Code))
	if a.Reason != nil {
		phrase = *a.Reason
	}
	res := wire.NewResponse(s.request, a.Code, phrase, tag)
	if a.ToTag != nil {
		to := sip.HeaderClone(res.To()).(*sip.ToHeader) // that of the request stays as it is
		setTag(&to.Params, *a.ToTag)
		res.ReplaceHeader(to)
	}
	if a.Code > 100 && a.Code < 300 && makesDialog(s.request.Method) {
		res.AppendHeader(sip.NewHeader("Contact", p.contact(s.message.Transport)))
	}
	if err := p.fill(res, d, a.Content); err != nil {
		return err
	}
	d.label(a.Labels)
	p.touch(d)
	p.tracker.Fields(res, s.message.Transport)
	s.last = []byte(res.String())
	p.sendBack(s, s.last)
	p.repeatAnswer(s, res, s.last, a)
	return nil
}

// dialogOfAnswer is the dialog that the answer is in, and its To tag.
func (p *Party) dialogOfAnswer(s *server, a Answer) (*dialog, string) {
	d := s.dialog
	_, _, requested := tags(s.request)
	switch {
	case requested != "" || a.Code == 100:
		return d, ""
	case a.ToTag != nil && *a.ToTag == "":
		return d, ""
	case a.ToTag != nil:
		d = p.fork(d, &d.localTag, *a.ToTag)
	case d.localTag == "":
		d.localTag = p.token()
	}
	return d, d.localTag
}

// makesDialog tells whether the method refreshes the target and so has a
// Contact (RFC 3261 section 12, RFC 3311, 6665, 3515).
func makesDialog(method sip.RequestMethod) bool {
	switch method {
	case sip.INVITE, sip.SUBSCRIBE, sip.NOTIFY, sip.REFER, sip.UPDATE:
		return true
	}
	return false
}

// repeatAnswer begins the repetition of what the transport or the protocol
// does not make sure of.
func (p *Party) repeatAnswer(s *server, res *sip.Response, octets []byte, a Answer) {
	final := a.Code >= 200
	if final {
		s.final = a.Code
	}
	s.stop(provisional)
	reliable := s.message.Transport != "udp"
	limit := t2
	switch {
	case a.Once || !s.request.IsInvite() || a.Code >= 300 && reliable:
		return
	case !final:
		if len(res.GetHeaders("RSeq")) == 0 {
			return
		}
		limit = 0
	}
	r := p.repeatSending(limit, func() { p.sendBack(s, octets) })
	r.final = final
	_, _, r.tag = tags(res)
	s.repeats = append(s.repeats, r)
}

// answerItself is what the party does with an `auto` method.
func (p *Party) answerItself(s *server) {
	a := Answer{Code: 200}
	if s.request.IsInvite() && s.dialog.media.received != nil {
		a.SDP = "answer"
	}
	s.taken = true
	// It cannot fail: there is nothing in it that comes from the file.
	_ = p.respond(s, a)
}
