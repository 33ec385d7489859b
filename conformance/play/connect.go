package play

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// connect makes a session, or takes one in the null state, and calls.
func (p *party) connect(t *target, v *scenario.Call, label string) error {
	to, callee, err := p.whom(fmt.Sprint(v.Arg))
	if err != nil {
		return err
	}
	routes := t.routes
	if routes == nil {
		if routes, err = p.routes(v, to, callee); err != nil {
			return err
		}
	}
	account := p.accounts[""]
	if name, ok := v.Params["account"].(string); ok {
		if account = p.accounts[name]; account == nil {
			return fmt.Errorf("%s has no account %s", p.def.Name, name)
		}
	}
	s := t.session
	if s == nil {
		s = p.sessionOf(sipsimple.NewSession(p.app, account))
	}
	s.label(label)
	s.setPeer(callee)
	names, ok := v.Params["streams"].([]string)
	if !ok {
		names = []string{"audio"}
	}
	list := []streams.MediaStream{}
	for _, name := range names {
		made, err := p.newStream(name, s)
		if err != nil {
			return err
		}
		list = append(list, made)
	}
	return s.session.Connect(to, routes, list, connectOptions(v))
}

func connectOptions(v *scenario.Call) *sipsimple.ConnectOptions {
	opts := &sipsimple.ConnectOptions{}
	opts.Focus, _ = v.Params["focus"].(bool)
	if subject, ok := v.Params["subject"].(string); ok {
		opts.Subject = &subject
	}
	return opts
}

func (s *session) setPeer(p *party) {
	if p == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peer = p.def.Name
}

// whom reads the callee: a party, `contact of bob`, a URI. The party is nil
// when the URI belongs to none.
func (p *party) whom(text string) (core.Address, *party, error) {
	if callee := p.world.party(text); callee != nil {
		to, err := callee.addressOf()
		return to, callee, err
	}
	if subject, ok := strings.CutPrefix(text, "contact of "); ok {
		name, _, _ := strings.Cut(subject, "/")
		callee := p.world.party(name)
		if callee == nil {
			return core.Address{}, nil, fmt.Errorf("no party %s", name)
		}
		to, err := core.ParseAddress("sip:" + callee.contactUser() + "@" + callee.address().String())
		return to, callee, err
	}
	if text == "nobody" || text == "nowhere" {
		to, err := core.ParseAddress("sip:" + text + "@" + text + ".test")
		return to, nil, err
	}
	to, err := addressIn(text)
	if err != nil {
		return to, nil, err
	}
	return to, p.world.party(p.world.partyOf(to)), nil
}

// addressIn reads a URI or a name-addr. What follows a URI without brackets are parameters of the URI: in a header they
// would be those of the header.
func addressIn(text string) (core.Address, error) {
	if strings.Contains(text, "<") {
		return core.ParseAddress(text)
	}
	return core.ParseAddress("<" + text + ">")
}

func (p *party) contactUser() string {
	if acc := p.accounts[""]; acc != nil && acc.ContactUser != "" {
		return acc.ContactUser
	}
	return p.def.Name
}

// routes reads the routes of a call; without any the way goes straight to the
// callee, by the transport of the knob.
func (p *party) routes(v *scenario.Call, to core.Address, callee *party) ([]core.Route, error) {
	texts, ok := v.Params["routes"].([]string)
	if p.looksUp(v) {
		return nil, errLookupInObserver
	}
	if !ok {
		host := to.URI.Host
		if callee != nil {
			host = callee.def.Name
		}
		texts = []string{p.world.transport() + " " + host}
	}
	routes := []core.Route{}
	for _, text := range texts {
		route, err := p.world.route(text)
		if err != nil {
			return nil, err
		}
		routes = append(routes, route)
	}
	return routes, nil
}

func (w *world) transport() string {
	if w.c.Knobs.Transport == "" {
		return "udp"
	}
	return w.c.Knobs.Transport
}

// route reads "udp bob", "tls proxy:5081", "udp nowhere" or a URI.
func (w *world) route(text string) (core.Route, error) {
	transport, rest, ok := strings.Cut(text, " ")
	if !ok {
		var uri sip.Uri
		if err := sip.ParseUri(text, &uri); err != nil {
			return core.Route{}, fmt.Errorf("route %q: %w", text, err)
		}
		route := core.Route{Address: uri.Host, Port: uri.Port, Transport: uri.UriParams.GetOr("transport", w.transport())}
		return w.resolved(route), nil
	}
	host, port, _ := strings.Cut(strings.TrimSpace(rest), ":")
	route := core.Route{Address: host, Transport: transport}
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil {
			return route, fmt.Errorf("route %q: %w", text, err)
		}
		route.Port = n
	}
	return w.resolved(route), nil
}

// resolved is a route with the address of a party in place of its name, but
// for TLS, which checks the name.
func (w *world) resolved(r core.Route) core.Route {
	name := strings.TrimSuffix(r.Address, ".test")
	switch p := w.party(name); {
	case name == "nowhere":
		r.Address = addressOfNowhere.String()
	case name == "nobody":
		r.Address = addressOfNobody.String()
	case p != nil && p.phone != nil:
		r.Address, r.Port = p.uri.URI.Host, p.uri.URI.Port
	case p != nil && r.Transport == "tls":
		r.Address = name + ".test"
	case p != nil:
		r.Address = p.host.Outside().String()
	}
	return r
}
