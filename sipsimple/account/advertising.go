package account

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// advertising is the Bonjour account on the network: it advertises itself and
// looks for neighbours (application.md 12). It runs on the manager's executor.
type advertising struct {
	b          *BonjourAccount
	over       bool
	registered []*advertised
	browsing   []func() // stop
	timers     []*time.Timer
	neighbours map[Neighbour]Found
}

// advertised is what is advertised for one transport.
type advertised struct {
	transport  string
	service    Service
	unregister func()
}

func newAdvertising(b *BonjourAccount) *advertising {
	return &advertising{b: b, neighbours: map[Neighbour]Found{}}
}

// serviceType is how a transport is advertised; tls goes as tcp.
func serviceType(transport string) string {
	if transport == "udp" {
		return "_sipuri._udp"
	}
	return "_sipuri._tcp"
}

func (a *advertising) begin() {
	for _, t := range a.transports() {
		a.register(t)
	}
	for _, transport := range []string{"udp", "tcp"} {
		a.browse(transport)
	}
}

// transports are those to advertise; tls needs a certificate.
func (a *advertising) transports() []string {
	var list []string
	for _, t := range a.b.manager.Transports() {
		if _, ok := a.b.settings.TLS.Certificate.Get(); ok || t != "tls" {
			list = append(list, t)
		}
	}
	return list
}

// retry does something again a second later.
func (a *advertising) retry(f func()) {
	a.timers = append(a.timers, time.AfterFunc(time.Second, func() {
		a.b.manager.post(func() {
			if !a.over {
				f()
			}
		})
	}))
}

func (a *advertising) register(transport string) {
	a.b.tell(BonjourAccountWillRegister{transport})
	service, err := a.service(transport)
	var unregister func()
	if err == nil {
		unregister, err = a.b.manager.cfg.Neighbourhood.Register(service)
	}
	if err != nil {
		a.b.tell(BonjourAccountRegistrationDidFail{err.Error(), transport})
		a.retry(func() { a.register(transport) })
		return
	}
	a.registered = append(a.registered, &advertised{transport, service, unregister})
	a.b.tell(BonjourAccountRegistrationDidSucceed{service.Name, transport})
}

// service describes us.
func (a *advertising) service(transport string) (Service, error) {
	uri, err := a.b.manager.contactURI(a.b.Account, transport)
	if err != nil {
		return Service{}, err
	}
	return Service{
		Name: uri.String(), Type: serviceType(transport), Port: portOf(uri), Text: a.text(uri),
	}, nil
}

func (a *advertising) text(uri sip.Uri) map[string]string {
	return map[string]string{"txtvers": "1", "name": a.b.Name(), "contact": "<" + uri.String() + ">"}
}

// rename advertises another display name.
func (a *advertising) rename() {
	for _, r := range a.registered {
		r.service.Text["name"] = a.b.Name()
		if err := a.b.manager.cfg.Neighbourhood.Update(r.service); err != nil {
			a.b.tell(BonjourAccountRegistrationUpdateDidFail{err.Error(), r.transport})
		}
	}
}

func (a *advertising) browse(transport string) {
	a.b.tell(BonjourAccountWillInitiateDiscovery{transport})
	stop, err := a.b.manager.cfg.Neighbourhood.Browse(serviceType(transport), func(f Found) {
		a.b.manager.post(func() {
			if !a.over {
				a.found(transport, f)
			}
		})
	})
	if err != nil {
		a.b.tell(BonjourAccountDiscoveryDidFail{err.Error(), transport})
		a.retry(func() { a.browse(transport) })
		return
	}
	a.browsing = append(a.browsing, stop)
}

// found takes what the neighbourhood tells.
func (a *advertising) found(transport string, f Found) {
	neighbour := Neighbour{f.Service.Name, f.Service.Type, f.Domain}
	known, there := a.neighbours[neighbour]
	switch {
	case f.Err != nil:
		a.b.tell(BonjourAccountDiscoveryFailure{f.Err.Error(), transport})
	case f.Gone && there:
		delete(a.neighbours, neighbour)
		a.b.tell(BonjourAccountDidRemoveNeighbour{neighbour})
	case f.Gone || !a.acceptable(f):
	case !there:
		a.neighbours[neighbour] = f
		uri := contactOf(f)
		a.b.tell(BonjourAccountDidAddNeighbour{neighbour, f.Service.Text["name"], f.Service.Host, uri.String()})
	case known.Service.Text["name"] != f.Service.Text["name"] || known.Service.Host != f.Service.Host ||
		known.Service.Text["contact"] != f.Service.Text["contact"]:
		a.neighbours[neighbour] = f
		uri := contactOf(f)
		a.b.tell(BonjourAccountDidUpdateNeighbour{neighbour, f.Service.Text["name"], f.Service.Host, uri.String()})
	}
}

// acceptable says whether a service is a neighbour: of this network, by a
// transport of ours, and not ourselves.
func (a *advertising) acceptable(f Found) bool {
	uri := contactOf(f)
	if strings.Trim(f.Domain, ".") != "local" || uri.Host == "" || uri.User == a.b.ContactUser {
		return false
	}
	transport := strings.ToLower(uri.UriParams.GetOr("transport", "udp"))
	for _, t := range a.b.manager.Transports() {
		if t == transport {
			return true
		}
	}
	return false
}

// contactOf is the URI in the TXT records, zero without one.
func contactOf(f Found) sip.Uri {
	var uri sip.Uri
	if err := sip.ParseUri(strings.Trim(f.Service.Text["contact"], "<> "), &uri); err != nil {
		return sip.Uri{}
	}
	return uri
}

func (a *advertising) end() {
	a.over = true
	for _, t := range a.timers {
		t.Stop()
	}
	for _, stop := range a.browsing {
		stop()
	}
	for _, r := range a.registered {
		r.unregister()
		a.b.tell(BonjourAccountRegistrationDidEnd{r.transport})
	}
}
