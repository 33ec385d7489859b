package script

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// ErrClosed is what a step that waits gets when the party is closed.
var ErrClosed = errors.New("script: the party is closed")

// Received is one message that came, copies excluded.
type Received struct {
	At     time.Time
	From   netip.AddrPort
	Msg    sip.Message
	Fields map[string]any // see package wirefields

	server *server // of a request
	client *client // of a response
	dialog *dialog // nil if it belongs to none

	line   *msrpLine // of a message of MSRP, which has no Msg
	labels []string  // of such a message
}

// Request is the message if it is a request, else nil.
func (r *Received) Request() *sip.Request { req, _ := r.Msg.(*sip.Request); return req }

// Response is the message if it is a response, else nil.
func (r *Received) Response() *sip.Response { res, _ := r.Msg.(*sip.Response); return res }

// unasked tells whether it may be left unread.
func (p *Party) unasked(r *Received) bool {
	res := r.Response()
	return res != nil && (res.StatusCode == sip.StatusTrying || slices.Contains(p.cfg.Unasked, res.StatusCode))
}

// offer puts a message before the script.
func (p *Party) offer(m wire.Message, fields map[string]any, d *dialog) *Received {
	r := &Received{At: m.Received, From: m.Source, Msg: m.Msg, Fields: fields, dialog: d}
	p.unread = append(p.unread, r)
	p.wake()
	return r
}

// Receive takes the first unread message that is in view, and waits for it
// until ctx ends. The view must not call the party.
func (p *Party) Receive(ctx context.Context, view func(*Received) bool) (*Received, error) {
	for {
		p.mu.Lock()
		r := p.first(view)
		if r != nil {
			p.take(r)
		}
		changed, closed := p.changed, p.closed
		p.mu.Unlock()
		switch {
		case r != nil:
			return r, nil
		case closed:
			return nil, ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (p *Party) first(view func(*Received) bool) *Received {
	if i := slices.IndexFunc(p.unread, view); i >= 0 {
		return p.unread[i]
	}
	return nil
}

// take marks a message as received by the script. What nobody asked for before it
// in its transaction will not be asked for any more.
func (p *Party) take(r *Received) {
	p.unread = slices.DeleteFunc(p.unread, func(x *Received) bool {
		return x == r || p.unasked(x) && x.client != nil && x.client == r.client
	})
	if r.server != nil {
		r.server.taken = true
	}
	p.touch(r.dialog)
}

// Unread is what the script has not received so far, in order of arrival,
// without the 100s, which may be left. At the end of a run it should be empty.
func (p *Party) Unread() []*Received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(slices.DeleteFunc(slices.Clone(p.unread), p.unasked), p.unreadMSRP()...)
}
