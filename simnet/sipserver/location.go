package sipserver

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/core/wire"
)

// Bounds of the location service.
const (
	maxContacts = 64     // of an address of record
	maxRecords  = 50_000 // addresses of record
)

// location is the location service: what is registered (RFC 3261 section 10). Its zero value is empty.
type location struct {
	records map[string]*aorRecord
	order   []*aorRecord    // as they were first registered
	domains map[string]bool // of all that was ever registered
}

type aorRecord struct {
	aor, user string
	bindings  []*binding
}

type binding struct {
	contact *sip.ContactHeader // without expires
	expires time.Time
	callID  string
	cseq    uint32
	msg     wire.Message // of the REGISTER
	gruus
}

// aorOf is the address of record that a URI stands for.
func aorOf(uri sip.Uri) string { return uri.User + "@" + strings.ToLower(uri.Host) }

// record finds or makes an address of record; nil when there are too many.
func (l *location) record(uri sip.Uri) *aorRecord {
	aor := aorOf(uri)
	if r := l.records[aor]; r != nil {
		return r
	}
	if len(l.order) >= maxRecords {
		return nil
	}
	if l.records == nil {
		l.records, l.domains = map[string]*aorRecord{}, map[string]bool{}
	}
	r := &aorRecord{aor: aor, user: uri.User}
	l.records[aor] = r
	l.order = append(l.order, r)
	l.domains[strings.ToLower(uri.Host)] = true
	return r
}

// alive are the bindings that have not expired.
func (r *aorRecord) alive(now time.Time) []*binding {
	kept := r.bindings[:0:0]
	for _, b := range r.bindings {
		if now.Before(b.expires) {
			kept = append(kept, b)
		}
	}
	r.bindings = kept
	return kept
}

// find gives the binding with that contact.
func (r *aorRecord) find(contact sip.Uri) *binding {
	for _, b := range r.bindings {
		if sameURI(b.contact.Address, contact) {
			return b
		}
	}
	return nil
}

func (r *aorRecord) remove(old *binding) {
	for i, b := range r.bindings {
		if b == old {
			r.bindings = append(r.bindings[:i:i], r.bindings[i+1:]...)
			return
		}
	}
}

// of are the bindings of an address of record.
func (l *location) of(uri sip.Uri, now time.Time) []*binding {
	if r := l.records[aorOf(uri)]; r != nil {
		return r.alive(now)
	}
	return nil
}

// ofUser are the bindings of all addresses of record with that user part.
func (l *location) ofUser(user string, now time.Time) (found []*binding) {
	for _, r := range l.order {
		if r.user == user {
			found = append(found, r.alive(now)...)
		}
	}
	return found
}

// byContact is the binding with that contact, whosever it is.
func (l *location) byContact(contact sip.Uri, now time.Time) *binding {
	for _, r := range l.order {
		if b := r.find(contact); b != nil && now.Before(b.expires) {
			return b
		}
	}
	return nil
}

// snapshot is for those who watch.
func (r *aorRecord) snapshot(now time.Time) (list []Binding) {
	for _, b := range r.alive(now) {
		list = append(list, Binding{
			AOR: r.aor, Contact: b.contact.Address.String(), Expires: b.expires, CallID: b.callID, CSeq: b.cseq,
			Source: b.msg.Source, Transport: b.msg.Transport,
		})
	}
	return list
}

// sameURI compares URIs (RFC 3261 section 19.1.4), header parts apart.
func sameURI(a, b sip.Uri) bool {
	if !strings.EqualFold(a.Scheme, b.Scheme) || a.User != b.User || a.Password != b.Password ||
		!strings.EqualFold(a.Host, b.Host) || a.Port != b.Port {
		return false
	}
	return paramsAgree(a.UriParams, b.UriParams) && paramsAgree(b.UriParams, a.UriParams)
}

// paramsAgree: some parameters must be in both or in none, the others are compared when both have them.
func paramsAgree(a, b sip.HeaderParams) bool {
	for _, p := range a {
		other, there := b.Get(p.K)
		if there && !strings.EqualFold(p.V, other) {
			return false
		}
		switch p.K {
		case "transport", "user", "ttl", "method", "maddr":
			if !there {
				return false
			}
		}
	}
	return true
}
