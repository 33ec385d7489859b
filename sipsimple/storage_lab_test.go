package sipsimple_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
)

// phone is an application that starts from a storage, with the log of all it
// notifies but of DNS and messages.
type phone struct {
	*sipsimple.Application
	lab     *lab
	host    *simnet.Host
	storage storage.Storage

	mu  sync.Mutex
	log []string
	all []notification.Notification
}

// stored is a storage with some accounts: each is user@domain, then settings.
func stored(accounts ...string) *storage.Memory {
	tree := storage.Tree{}
	for _, line := range accounts {
		id, rest, _ := strings.Cut(line, " ")
		group := storage.Tree{"enabled": "true"}
		for setting := range strings.FieldsSeq(rest) {
			path, value, _ := strings.Cut(setting, "=")
			put(group, strings.Split(path, "."), value)
		}
		tree[id] = group
	}
	st := storage.NewMemory()
	err := st.ConfigurationBackend().Save(storage.Tree{
		"Accounts": tree,
		"SIPSimpleSettings": storage.Tree{
			"instance_id": "urn:uuid:00000000-0000-4000-8000-000000000001",
			"sip":         storage.Tree{"udp_port": "5060", "tcp_port": "5060", "transport_list": []string{"udp", "tcp"}},
		},
	})
	if err != nil {
		panic(err)
	}
	return st
}

func put(tree storage.Tree, path []string, value string) {
	if len(path) == 1 {
		tree[path[0]] = value
		return
	}
	sub, ok := tree[path[0]].(storage.Tree)
	if !ok {
		sub = storage.Tree{}
		tree[path[0]] = sub
	}
	put(sub, path[1:], value)
}

// phone makes an application on a host of that name; it is not started.
func (l *lab) phone(name string, st storage.Storage, change ...func(*sipsimple.Config)) *phone {
	l.t.Helper()
	host := l.host(name)
	p := &phone{lab: l, host: host, storage: st}
	cfg := sipsimple.Config{Net: host, Rand: rand.NewChaCha8([32]byte{1, name[0]}), Host: host.Addr()}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if p.Application, err = sipsimple.NewApplication(cfg); err != nil {
		l.t.Fatal(err)
	}
	p.Center().AddObserver(notification.ObserverFunc(p.observe))
	return p
}

func (p *phone) start() {
	p.lab.t.Helper()
	if err := p.StartFrom(context.Background(), p.storage); err != nil {
		p.lab.t.Fatal(err)
	}
	synctest.Wait()
}

func (p *phone) observe(n notification.Notification) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, n)
	for _, prefix := range []string{"DNSLookup", "SIPEngineSIPTrace", "SIPRegistration"} {
		if strings.HasPrefix(n.Name, prefix) {
			return
		}
	}
	p.log = append(p.log, brief(n))
}

// brief is a notification in few words.
func brief(n notification.Notification) string {
	switch d := n.Data.(type) {
	case account.SIPAccountRegistrationGotAnswer:
		return fmt.Sprintf("GotAnswer %d %s", d.Code, d.Registrar.Address)
	case account.SIPAccountRegistrationDidSucceed:
		return fmt.Sprintf("DidSucceed %d", d.Expires)
	case account.SIPAccountRegistrationDidFail:
		return "DidFail " + d.Error
	case account.SIPAccountRegistrationDidNotEnd:
		return fmt.Sprintf("DidNotEnd %d %s", d.Code, d.Reason)
	}
	return strings.TrimPrefix(strings.TrimPrefix(n.Name, "SIPAccountRegistration"), "SIP")
}

// expect compares all that was notified since the last expect.
func (p *phone) expect(want ...string) {
	p.lab.t.Helper()
	synctest.Wait()
	p.mu.Lock()
	got := p.log
	p.log = nil
	p.mu.Unlock()
	if !slices.Equal(got, want) {
		p.lab.t.Errorf("notified of\n  %s\nand should have been of\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// forget empties the log.
func (p *phone) forget() {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = nil
}

func (p *phone) stop() {
	p.Stop()
	<-p.Done()
	synctest.Wait()
	if open := p.host.OpenSockets(); len(open) > 0 {
		p.lab.t.Errorf("left open: %v", open)
	}
}

// registrar is a server at a host of that name.
func (l *lab) registrar(name string, change ...func(*sipserver.Config)) *sipserver.Server {
	l.t.Helper()
	host := l.host(name)
	cfg := sipserver.Config{
		Name: name, Net: host, Host: host.Addr(), Rand: rand.NewChaCha8([32]byte{2, name[0]}),
		Registrar: true, Proxy: true, Users: map[string]string{"alice": "secret"},
	}
	for _, f := range change {
		f(&cfg)
	}
	server, err := sipserver.New(cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	return server
}

var beforeStart = []string{
	"CFGSettingsObjectWasActivated", "CFGSettingsObjectWasActivated", "AccountManagerDidAddAccount",
	"CFGSettingsObjectWasActivated", "AccountManagerDidAddAccount",
}

var whileStarting = []string{
	"CFGSettingsObjectDidChange", "AccountManagerDidChangeDefaultAccount",
	"DNSResolverDidInitialize", "ApplicationWillStart", "EngineWillStart", "EngineDidStart",
	"AccountManagerWillStart", "AccountWillActivate", "AccountDidActivate", "AccountManagerDidStart",
	"SessionManagerWillStart", "SessionManagerDidStart", "ApplicationDidStart",
}

func TestRegistration(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg", func(c *sipserver.Config) { c.Expires = 120 * time.Second })
		defer server.Close()
		p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
		p.start()
		p.expect(slices.Concat(beforeStart, whileStarting, []string{"AccountWillRegister"})...)
		pass(time.Second)
		p.expect("GotAnswer 200 192.0.2.1", "DidSucceed 120")
		acc := p.AccountManager().DefaultAccount()
		if acc == nil || !acc.Registered() || acc.String() != "alice@reg.test" {
			t.Errorf("default account %v", acc)
		}
		pass(89 * time.Second)
		p.expect()
		pass(2 * time.Second)
		p.expect("WillRefresh", "GotAnswer 200 192.0.2.1", "DidSucceed 120")
		if n := len(server.Bindings()); n != 1 {
			t.Errorf("%d bindings", n)
		}
		p.stop()
		p.expect("ApplicationWillEnd", "AccountManagerWillEnd", "AccountWillDeactivate", "SessionManagerWillEnd", "SessionManagerDidEnd",
			"DidEnd", "AccountDidDeactivate", "AccountManagerDidEnd", "EngineWillEnd", "EngineDidEnd", "ApplicationDidEnd")
		if n := len(server.Bindings()); n != 0 {
			t.Errorf("%d bindings after the end", n)
		}
	})
}
