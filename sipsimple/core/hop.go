package core

import (
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// way is where a message goes and what stands in its Via.
type way struct {
	dest   wire.Destination
	sentBy netip.AddrPort
}

// find resolves a route and calls f on the mailbox: at once if the route has
// an address, else when the name has been looked up. f is not called after the
// engine closed. serverName is what a TLS certificate must carry, "" for the
// route's own name.
func (e *Engine) find(r Route, serverName string, f func(way, error)) {
	r = r.WithDefaults()
	if err := checkPort(r.Port, 1); err != nil {
		f(way{}, &Error{err})
		return
	}
	switch {
	case r.ServerName != "":
		serverName = r.ServerName
	case serverName == "":
		serverName = r.Address
	}
	finish := func(addr netip.Addr) {
		sentBy, err := e.sentBy(r.Transport, addr)
		if err != nil {
			err = &Error{err} // there is no way from here
		}
		f(way{wire.Destination{
			Transport:  r.Transport,
			Addr:       netip.AddrPortFrom(addr.Unmap(), uint16(r.Port)),
			ServerName: serverName,
		}, sentBy}, err)
	}
	if addr, err := netip.ParseAddr(r.Address); err == nil {
		finish(addr)
		return
	}
	e.lookup(r.Address, func(addr netip.Addr, err error) {
		if err != nil {
			f(way{}, err)
			return
		}
		finish(addr)
	})
}

// path sends the requests of one dialog one after another: a request whose
// next hop must be looked up first is not overtaken by a later one. The hop
// found last is kept.
type path struct {
	e       *Engine
	hop     string // of known
	known   way
	first   way      // way of the INVITE that made the dialog, taken again where the hop is the same
	busy    bool     // a look-up is under way
	waiting []func() // what to send, in order
}

// send calls f, in order, with the way to uri.
func (p *path) send(uri sip.Uri, f func(way, error)) {
	p.waiting = append(p.waiting, func() { p.resolve(uri, f) })
	p.run()
}

func (p *path) run() {
	for !p.busy && len(p.waiting) > 0 {
		next := p.waiting[0]
		p.waiting = p.waiting[1:]
		next()
	}
}

func (p *path) resolve(uri sip.Uri, f func(way, error)) {
	r := routeOf(uri)
	if p.hop == r.String() {
		f(p.known, nil)
		return
	}
	p.busy = true
	p.e.find(r, "", func(w way, err error) {
		p.busy = false
		if err == nil {
			if p.first.leads(w.dest) {
				w = p.first
			}
			p.hop, p.known = r.String(), w
		}
		f(w, err)
		p.run()
	})
}

// leads tells whether the way ends where dest does.
func (w way) leads(dest wire.Destination) bool {
	return w.dest.Transport == dest.Transport && w.dest.Addr == dest.Addr
}

// wayBack is the way to the element a request came from directly: over the
// same connection while it lives, else to where its Via says it listens.
func (e *Engine) wayBack(m wire.Message) way {
	sentBy, err := e.sentBy(m.Transport, m.Source.Addr())
	if err != nil {
		sentBy = m.Local
	}
	return way{wire.ResponseDestination(m), sentBy}
}
