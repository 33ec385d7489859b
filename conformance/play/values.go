package play

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/conferenceinfo"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/msrp/cpim"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// value turns what the middleware tells into what matchers understand: streams
// and sessions become things with names, instants become virtual time.
func (p *party) value(v any, owner *session) any {
	switch v := v.(type) {
	case cpim.Identity:
		return identityValue(v)
	case []cpim.Identity:
		return listValue(v, identityValue)
	case sipsimple.Streams:
		return p.streamValues(v, owner)
	case []streams.MediaStream:
		return p.streamValues(v, owner)
	case streams.MediaStream:
		return p.named(v, owner)
	case *sipsimple.Session:
		if v == nil {
			return nil
		}
		return sessionName{p.sessionOf(v)}
	case *sipsimple.TransferInfo:
		return transferInfo(v)
	case *sipsimple.TransferHandler:
		return p.transferValue(v, owner)
	case *sipsimple.ConferenceHandler:
		return map[string]any{"active": v.Active(), "subscribed": v.Subscribed()}
	case *conferenceinfo.Document:
		return conferenceValue(v)
	case sipsimple.Headers:
		return headerValues(v)
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return p.world.at(v)
	case *account.Account:
		if v == nil {
			return nil
		}
		return p.accountValue(v)
	case *account.BonjourAccount:
		return accountName{v.String(), "bonjour"}
	case core.Route:
		return routeValue(v, p.world)
	case *account.Registration, account.Neighbour, core.Address, core.Identity:
		return v.(fmt.Stringer).String()
	case []core.Address:
		if v == nil {
			return nil
		}
		return listValue(v, core.Address.String)
	case sipsimple.Originator, sipsimple.Action:
		return fmt.Sprint(v)
	case []byte:
		return string(v)
	case error:
		return v.Error()
	}
	return v
}

func (p *party) transferValue(t *sipsimple.TransferHandler, owner *session) any {
	if t == nil {
		return nil
	}
	return map[string]any{
		"direction": textOrNull(t.Direction()), "state": textOrNull(string(t.State())), "new_session": p.value(t.NewSession(), owner),
	}
}

func listValue[T, V any](list []T, value func(T) V) []any {
	values := make([]any, len(list))
	for i, v := range list {
		values[i] = value(v)
	}
	return values
}

func identityValue(id cpim.Identity) any {
	if id.URI == "" {
		return nil
	}
	return id.URI
}

// named is the record of a stream, which learns its name now.
func (p *party) named(s streams.MediaStream, owner *session) *stream {
	rec := p.streamOf(s, "", owner)
	rec.fileName()
	return rec
}

func (p *party) streamValues(list []streams.MediaStream, owner *session) any {
	return listValue(list, func(s streams.MediaStream) *stream { return p.named(s, owner) })
}

// sessionName is a session as a value: it goes by its labels.
type sessionName struct{ *session }

// Names implements [match.Named]: the labels of either end, then the party at
// the other end.
func (s sessionName) Names() []string {
	s.refresh()
	s.mu.Lock()
	names, tag, peer := slices.Clone(s.labels), s.tag, s.peer
	s.mu.Unlock()
	names = append(names, s.party.world.labelsOf(tag)...)
	if peer != "" {
		names = append(names, peer)
	}
	if len(names) == 0 {
		names = append(names, "session")
	}
	return names
}

// labelsOf lists the labels of both ends of a call.
func (w *world) labelsOf(tag string) []string {
	var labels []string
	if w == nil || tag == "" {
		return nil
	}
	for _, p := range w.parties {
		for _, s := range p.allSessions() {
			if s.callerTag() != tag {
				continue
			}
			s.mu.Lock()
			labels = append(labels, s.labels...)
			s.mu.Unlock()
		}
	}
	return labels
}

// accountName is an account as a value.
type accountName []string

// Names implements [match.Named].
func (a accountName) Names() []string { return a }

func (p *party) accountValue(acc *account.Account) any {
	names := accountName{acc.String()}
	for _, name := range sortedKeys(p.accountSettings()) {
		if name != "" && p.isAccount(acc, name) {
			names = append(names, name)
		}
	}
	return names
}

// isAccount tells whether acc is the account that the file calls name. It is
// asked while an application that starts from its storage may still be loading
// its accounts: those go by their id.
func (p *party) isAccount(acc *account.Account, name string) bool {
	if p.fromStorage {
		return p.idOf(p.accountSettings()[name]) == acc.String()
	}
	return p.accounts[name] == acc
}

// routeValue is a route as a file writes it: its transport, and the party or the
// address that it leads to, with the port where it is not the usual one.
func routeValue(r core.Route, w *world) any {
	r = r.WithDefaults()
	place := r.Address
	if addr, err := netip.ParseAddr(r.Address); err == nil {
		place = w.hostOf(addr)
	}
	if r.Port != (core.Route{Transport: r.Transport}).WithDefaults().Port {
		place = fmt.Sprintf("%s:%d", place, r.Port)
	}
	return r.Transport + " " + place
}
