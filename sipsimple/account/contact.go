package account

import (
	"errors"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// anywhere is an address on the other side of the default route. Nothing is sent
// there.
var anywhere = map[bool]string{true: "192.0.2.255", false: "2001:db8::ffff"}

// contactURI is the Contact of an account for a transport when no peer is known:
// at our address on the way to anywhere (application.md 11.1).
func (m *Manager) contactURI(a *Account, transport string) (sip.Uri, error) {
	var errs []error
	for _, v4 := range []bool{true, false} {
		uri, err := m.network.Engine.ContactFor(a.Contact(), core.Route{Address: anywhere[v4], Transport: transport})
		if err == nil {
			return uri, nil
		}
		errs = append(errs, err)
	}
	return sip.Uri{}, errors.Join(errs...)
}

// ContactKind says which Contact [Account.ContactURI] gives.
type ContactKind int

// The kinds of Contact.
const (
	PlainContact  ContactKind = iota // our own address
	PublicGRUU                       // the public GRUU (RFC 5627); an error without one
	TemporaryGRUU                    // the temporary one
	PublicGRUUIfAvailable
	TemporaryGRUUIfAvailable
)

// DialogContact is our Contact in calls and subscriptions of ours
// (application.md 11.1): the public GRUU, or without one a URI with a user part
// only, for the address that the route asks for.
func (a *Account) DialogContact() sip.Uri {
	var uri sip.Uri
	if gruu := a.PublicGRUU(); gruu != "" && sip.ParseUri(gruu, &uri) == nil {
		return uri
	}
	return sip.Uri{User: a.Contact()}
}

// ErrNoGRUU says that the registrar has given us no such GRUU.
var ErrNoGRUU = errors.New("there is no GRUU")

// ContactURI is the Contact of the account for requests by a route of an engine
// (application.md 11.1). The route's address must not be a name. Errors:
// [ErrNoGRUU], and those of [core.Engine.ContactFor].
func (a *Account) ContactURI(engine *core.Engine, route core.Route, kind ContactKind) (sip.Uri, error) {
	gruu := ""
	switch kind {
	case PublicGRUU, PublicGRUUIfAvailable:
		gruu = a.PublicGRUU()
	case TemporaryGRUU, TemporaryGRUUIfAvailable:
		gruu = a.TemporaryGRUU()
	}
	var uri sip.Uri
	if gruu != "" && sip.ParseUri(gruu, &uri) == nil {
		return uri, nil
	}
	if kind == PublicGRUU || kind == TemporaryGRUU {
		return sip.Uri{}, ErrNoGRUU
	}
	if _, err := netip.ParseAddr(route.Address); err != nil {
		return sip.Uri{}, err
	}
	return engine.ContactFor(a.Contact(), route)
}
