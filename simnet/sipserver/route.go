package sipserver

import (
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// serve is normal service.
func (w *work) serve(authenticate bool) {
	user := ""
	if authenticate {
		var ok bool
		if user, ok = w.authorized(); !ok {
			return
		}
	}
	s := w.s
	switch {
	case w.req.Method == sip.REGISTER && s.cfg.Registrar && s.registersFor(w.req):
		w.registerAs(user)
	case w.req.Method == sip.OPTIONS && w.req.Recipient.User == "" && s.isOwn(w.req.Recipient):
		w.reply(sip.StatusOK, sip.NewHeader("Allow", s.allow()))
	case !s.cfg.Proxy, w.req.Method == sip.REGISTER && s.isOwn(w.req.Recipient):
		w.reply(sip.StatusMethodNotAllowed, sip.NewHeader("Allow", s.allow()))
	default:
		w.proxy()
	}
}

func (s *Server) allow() string {
	switch {
	case !s.cfg.Proxy:
		return "OPTIONS, REGISTER"
	case !s.cfg.Registrar:
		return "ACK, BYE, CANCEL, INFO, INVITE, MESSAGE, NOTIFY, OPTIONS, PRACK, PUBLISH, REFER, SUBSCRIBE, UPDATE"
	}
	return "ACK, BYE, CANCEL, INFO, INVITE, MESSAGE, NOTIFY, OPTIONS, PRACK, PUBLISH, REFER, REGISTER, SUBSCRIBE, UPDATE"
}

// registersFor tells whether a REGISTER is for us and not to be sent on.
func (s *Server) registersFor(req *sip.Request) bool {
	return len(s.cfg.Domains) == 0 || s.isOwn(req.Recipient) || s.inDomains(req.Recipient.Host)
}

func (s *Server) inDomains(host string) bool {
	return slices.ContainsFunc(s.cfg.Domains, func(d string) bool { return strings.EqualFold(d, host) })
}

// isOwn tells whether a URI means this server: its name or address, and one of its ports if it has one.
func (s *Server) isOwn(uri sip.Uri) bool {
	host := strings.ToLower(strings.Trim(uri.Host, "[]"))
	named := s.cfg.Name != "" && (host == strings.ToLower(s.cfg.Name) || host == strings.ToLower(s.cfg.Name)+".test")
	if !named && host != s.cfg.Host.Unmap().WithZone("").String() {
		return false
	}
	if uri.Port == 0 {
		return true
	}
	for _, transport := range []string{"udp", "tcp", "tls"} {
		if addr, ok := s.transport.Addr(transport); ok && int(addr.Port()) == uri.Port {
			return true
		}
	}
	return false
}

// proxy validates the request and forwards it (RFC 3261 sections 16.3 to 16.6).
func (w *work) proxy() {
	if h := w.req.MaxForwards(); h != nil && h.Val() == 0 {
		w.reply(sip.StatusTooManyHops)
		return
	}
	loop := loopMark(w.req)
	if w.s.looped(w.req, loop) {
		w.reply(sip.StatusLoopDetected)
		return
	}
	if unknown := wire.Values(w.req, "Proxy-Require"); len(unknown) > 0 {
		w.reply(sip.StatusBadExtension, sip.NewHeader("Unsupported", strings.Join(unknown, ", ")))
		return
	}
	req := w.req.Clone()
	w.forgetCredentials(req)
	w.s.takeRoutes(req)
	targets, code := w.s.targets(req)
	if code != 0 {
		w.reply(code)
		return
	}
	w.fork(req, targets, loop)
}

// takeRoutes removes what has led the request here (RFC 3261 section 16.4).
func (s *Server) takeRoutes(req *sip.Request) {
	routes := req.GetHeaders("route")
	if len(routes) > 0 && req.Recipient.UriParams.Has("lr") && s.isOwn(req.Recipient) {
		// A strict router was before us: the real Request-URI is the last route.
		if last, ok := routes[len(routes)-1].(*sip.RouteHeader); ok {
			req.Recipient = *last.Address.Clone()
			setRoutes(req, routes[:len(routes)-1])
		}
	}
	for top := req.Route(); top != nil && s.isOwn(top.Address); top = req.Route() {
		req.RemoveHeader("Route")
	}
}

func setRoutes(req *sip.Request, routes []sip.Header) {
	removeAll(req, "Route")
	for _, r := range routes {
		req.AppendHeader(sip.HeaderClone(r))
	}
}

// target is where a branch goes. binding is set where it is registered.
type target struct {
	uri     sip.Uri
	binding *binding
}

// targets are the branches of a request, or the code to refuse it with (RFC 3261 section 16.5).
func (s *Server) targets(req *sip.Request) ([]target, int) {
	uri, now := req.Recipient, time.Now()
	switch b, isGRUU := s.location.byGRUU(uri, now); {
	case b != nil:
		return []target{{*b.contact.Address.Clone(), b}}, 0
	case isGRUU && (s.isOwn(uri) || s.location.domains[strings.ToLower(uri.Host)]):
		return nil, s.absence(uri)
	}
	if req.To().Params.Has("tag") || req.Route() != nil {
		return []target{{uri, s.location.byContact(uri, now)}}, 0
	}
	if branches := s.forksOf(uri); len(branches) > 0 {
		return branches, 0
	}
	bindings := s.location.of(uri, now)
	own := s.isOwn(uri)
	if own && len(bindings) == 0 {
		bindings = s.location.ofUser(uri.User, now)
	}
	var list []target
	for _, b := range bindings {
		list = append(list, target{*b.contact.Address.Clone(), b})
	}
	switch {
	case len(list) > 0:
		return list, 0
	case own || s.location.domains[strings.ToLower(uri.Host)] || s.inDomains(uri.Host):
		return nil, s.absence(uri)
	}
	return []target{{uri, s.location.byContact(uri, now)}}, 0
}

// absence tells a user who is not there from one that is unknown.
func (s *Server) absence(uri sip.Uri) int {
	_, known := s.cfg.Users[uri.User]
	if known || s.location.records[aorOf(uri)] != nil {
		return sip.StatusTemporarilyUnavailable
	}
	return sip.StatusNotFound
}

// forksOf are the branches that the configuration has for a user.
func (s *Server) forksOf(uri sip.Uri) (list []target) {
	branches, ok := s.cfg.Forks[aorOf(uri)]
	if !ok {
		branches = s.cfg.Forks[uri.User]
	}
	for _, text := range branches {
		if !strings.Contains(text, ":") {
			text = "sip:" + text + "@" + text + ".test"
		}
		var branch sip.Uri
		if sip.ParseUri(text, &branch) == nil {
			list = append(list, target{uri: branch})
		}
	}
	return list
}
