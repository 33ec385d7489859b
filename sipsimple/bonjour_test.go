package sipsimple_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
)

// village is a neighbourhood in memory.
type village struct {
	mu       sync.Mutex
	services []account.Service
	watchers map[int]func(account.Found)
	next     int
	broken   int // so many registrations fail
}

func (v *village) Register(s account.Service) (func(), error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.broken > 0 {
		v.broken--
		return nil, errors.New("no multicast")
	}
	v.services = append(v.services, s)
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.services = slices.DeleteFunc(v.services, func(o account.Service) bool { return o.Name == s.Name && o.Type == s.Type })
	}, nil
}

func (v *village) Update(account.Service) error { return nil }

func (v *village) Browse(_ string, found func(account.Found)) (func(), error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := v.next
	v.next++
	if v.watchers == nil {
		v.watchers = map[int]func(account.Found){}
	}
	v.watchers[id] = found
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.watchers, id)
	}, nil
}

// tell tells the first watcher, which is that of udp.
func (v *village) tell(f account.Found) {
	v.mu.Lock()
	watcher := v.watchers[0]
	v.mu.Unlock()
	watcher(f)
}

// The Bonjour account advertises itself, finds its neighbours, and can be
// called.
func TestBonjourAccount(t *testing.T) {
	inLab(t, func(l *lab) {
		v := &village{broken: 1}
		p := l.phone("alice", stored(), func(c *sipsimple.Config) { c.Neighbourhood, c.UserName = v, "Alice" })
		p.start()
		p.expect("CFGSettingsObjectWasActivated", "CFGSettingsObjectWasActivated", "AccountManagerDidAddAccount",
			"DNSResolverDidInitialize", "ApplicationWillStart", "EngineWillStart", "EngineDidStart",
			"AccountManagerWillStart", "AccountWillActivate", "AccountDidActivate", "AccountManagerDidStart",
			"SessionManagerWillStart", "SessionManagerDidStart", "ApplicationDidStart",
			"BonjourAccountWillRegister", "BonjourAccountRegistrationDidFail", "BonjourAccountWillRegister", "BonjourAccountRegistrationDidSucceed",
			"BonjourAccountWillInitiateDiscovery", "BonjourAccountWillInitiateDiscovery")
		pass(1100 * time.Millisecond)
		p.expect("BonjourAccountWillRegister", "BonjourAccountRegistrationDidSucceed")
		b := p.AccountManager().Bonjour()
		service := v.services[1]
		if want := fmt.Sprintf("<sip:%s@%v:5060>", b.ContactUser, p.host.Addr()); service.Type != "_sipuri._udp" || service.Port != 5060 ||
			service.Text["contact"] != want || service.Text["name"] != "Alice" || service.Text["txtvers"] != "1" {
			t.Errorf("advertised %+v, want contact %s", service, want)
		}
		if b.Registered() || b.Credentials() != nil || p.AccountManager().DefaultAccount() != b.Account {
			t.Error("attributes of the account")
		}
		bob := account.Found{Domain: "local.", Service: account.Service{Name: "bob", Type: "_sipuri._udp", Host: "bob.local",
			Text: map[string]string{"name": "Bob", "contact": "<sip:bob@192.0.2.77>"}}}
		v.tell(bob)
		v.tell(bob)
		ourselves := bob
		ourselves.Service.Text = service.Text
		v.tell(ourselves)
		far := bob
		far.Domain = "example.org."
		v.tell(far)
		p.expect("BonjourAccountDidAddNeighbour")
		bob.Service.Text = map[string]string{"name": "Robert", "contact": "<sip:bob@192.0.2.77>"}
		v.tell(bob)
		bob.Gone = true
		v.tell(bob)
		v.tell(account.Found{Err: errors.New("garbled")})
		p.expect("BonjourAccountDidUpdateNeighbour", "BonjourAccountDidRemoveNeighbour", "BonjourAccountDiscoveryFailure")
		if got := p.AccountManager().Match(b.ContactUser, "192.0.2.1"); got != b.Account {
			t.Errorf("a call for it goes to %v", got)
		}
		must(t, b.Settings().Update(func(d *configuration.Draft) error { b.Settings().Enabled.Set(d, false); return nil }))
		pass(time.Millisecond)
		p.expect("CFGSettingsObjectDidChange", "AccountWillDeactivate", "BonjourAccountRegistrationDidEnd", "BonjourAccountRegistrationDidEnd",
			"AccountDidDeactivate", "CFGSettingsObjectDidChange", "AccountManagerDidChangeDefaultAccount")
		if len(v.services) != 0 || len(v.watchers) != 0 {
			t.Errorf("left: %v", v.services)
		}
		p.stop()
	})
}
