package sipsimple_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/dnsserver"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
)

func answers(words ...string) func(*sipserver.Config) {
	return func(c *sipserver.Config) {
		var list []sipserver.Answer
		for _, word := range words {
			a, err := sipserver.ParseAnswer(word)
			if err != nil {
				panic(err)
			}
			list = append(list, a)
		}
		c.Answers = map[string][]sipserver.Answer{"REGISTER": list}
	}
}

// failures are answers to the first REGISTER and what comes of them.
func TestFailedRegistrations(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sipserver.Config)
		after  time.Duration // until the next try, at least half of it
		want   []string
		then   []string
	}{
		"5xx": {answers("500"), 2 * time.Second, []string{"AccountWillRegister", "GotAnswer 500 192.0.2.1", "DidFail No more routes to try"},
			[]string{"AccountWillRegister", "GotAnswer 200 192.0.2.1", "DidSucceed 3600"}},
		"redirected": {answers("302"), 2 * time.Second, []string{"AccountWillRegister", "GotAnswer 302 192.0.2.1", "DidFail No more routes to try"},
			[]string{"AccountWillRegister", "GotAnswer 200 192.0.2.1", "DidSucceed 3600"}},
		"401 loop": {answers("401", "401", "401", "401"), 120 * time.Second, []string{"AccountWillRegister", "GotAnswer 401 192.0.2.1", "DidFail Authentication failed"},
			[]string{"AccountWillRegister", "GotAnswer 401 192.0.2.1", "DidFail Authentication failed"}},
		"wrong password": {func(c *sipserver.Config) { c.Users = map[string]string{"alice": "other"} }, 120 * time.Second,
			[]string{"AccountWillRegister", "GotAnswer 401 192.0.2.1", "DidFail Authentication failed"},
			[]string{"AccountWillRegister", "GotAnswer 401 192.0.2.1", "DidFail Authentication failed"}},
		"407": {func(c *sipserver.Config) { c.Users = map[string]string{"alice": "other"}; c.Challenge = 407 }, 120 * time.Second,
			[]string{"AccountWillRegister", "GotAnswer 407 192.0.2.1", "DidFail Authentication failed"},
			[]string{"AccountWillRegister", "GotAnswer 407 192.0.2.1", "DidFail Authentication failed"}},
		"too brief": {func(c *sipserver.Config) { c.MinExpires, c.Expires = 5000*time.Second, 6000*time.Second }, 120 * time.Second,
			[]string{"AccountWillRegister", "GotAnswer 423 192.0.2.1", "DidFail Interval too short"},
			[]string{"AccountWillRegister", "GotAnswer 200 192.0.2.1", "DidSucceed 5000"}},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				server := l.registrar("reg", c.change)
				defer server.Close()
				p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
				p.start()
				p.forget()
				pass(c.after / 4)
				p.expect(c.want[1:]...)
				pass(c.after)
				p.expect(c.then...)
				p.stop()
			})
		})
	}
}

// Silence costs ten seconds a route; the wait grows from failure to failure, and
// nothing is left when the application stops meanwhile.
func TestSilentRegistrar(t *testing.T) {
	inLab(t, func(l *lab) {
		host, err := l.net.Host("reg", netip.Addr{})
		must(t, err)
		host.Swallow(true)
		p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
		p.start()
		p.forget()
		pass(10*time.Second + time.Millisecond)
		p.expect("GotAnswer 408 192.0.2.1", "DidFail No more routes to try")
		pass(10 * time.Minute)
		p.mu.Lock()
		var last float64
		for _, n := range p.all {
			if d, ok := n.Data.(account.SIPAccountRegistrationDidFail); ok {
				last = d.Timeout
			}
		}
		p.mu.Unlock()
		if last < 30 || last > 60 {
			t.Errorf("the last wait was %v s", last)
		}
		begun := time.Now()
		p.stop()
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}

// Two servers by DNS: the first refuses, the second takes over (RFC 3263).
func TestRegistrarsByDNS(t *testing.T) {
	inLab(t, func(l *lab) {
		one, two := l.registrar("one", answers("503", "503", "503")), l.registrar("two", func(c *sipserver.Config) { c.Domains = []string{"example.test"} })
		defer one.Close()
		defer two.Close()
		host, err := l.net.Host("dns", netip.Addr{})
		must(t, err)
		dns, err := dnsserver.New(dnsserver.Config{Net: host, Host: host.Addr(), Zone: []string{
			"example.test NAPTR 10 10 s SIP+D2U _sip._udp.example.test",
			"_sip._udp.example.test SRV 10 0 5060 one", "_sip._udp.example.test SRV 20 0 5060 two",
		}})
		must(t, err)
		defer dns.Close()
		p := l.phone("alice", stored("alice@example.test auth.password=secret"), func(c *sipsimple.Config) {
			c.Nameservers = func() []netip.AddrPort { return []netip.AddrPort{dns.Addr()} }
		})
		p.start()
		p.forget()
		pass(time.Second)
		p.expect("GotAnswer 503 192.0.2.1", "GotAnswer 200 192.0.2.2", "DidSucceed 3600")
		p.stop()
		if n := len(two.Bindings()); n != 0 {
			t.Errorf("%d bindings left", n)
		}
	})
}

// After a partition of any length the binding is renewed within the ceiling
// (I23), and the registrar never sees two REGISTERs at once.
func TestNetworkLossAndHealing(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg", func(c *sipserver.Config) { c.Expires = 60 * time.Second })
		defer server.Close()
		p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
		p.start()
		pass(time.Second)
		l.net.Cut("alice", "reg")
		l.net.Cut("reg", "alice")
		pass(time.Hour)
		if p.AccountManager().DefaultAccount().Registered() {
			t.Error("registered without network")
		}
		l.net.Heal("alice", "reg")
		l.net.Heal("reg", "alice")
		pass(75 * time.Second)
		if !p.AccountManager().DefaultAccount().Registered() || len(server.Bindings()) != 1 {
			t.Error("not registered after the healing")
		}
		p.stop()
	})
}

// Registrars may say what they like about how long a registration lasts.
func TestStrangeExpiries(t *testing.T) {
	for text, want := range map[string]string{
		"4294967295": "DidSucceed 2147483647", "-5": "DidSucceed 3600", "": "DidSucceed 3600", "1h": "DidSucceed 3600",
		"0": "DidSucceed 3600", // its Contact says so
	} {
		t.Run(text, func(t *testing.T) {
			inLab(t, func(l *lab) {
				server := l.registrar("reg", func(c *sipserver.Config) {
					c.Users = nil
					c.Answers = map[string][]sipserver.Answer{"REGISTER": {{Code: 200, Headers: []sipserver.Header{{Name: "Expires", Value: text}}}}}
				})
				defer server.Close()
				p := l.phone("alice", stored("alice@reg.test"))
				p.start()
				p.forget()
				pass(500 * time.Millisecond)
				p.expect("GotAnswer 200 192.0.2.1", want)
				pass(26 * time.Hour)
				if n := len(server.Requests()); n < 2 || n > 40 {
					t.Errorf("%d requests in a day", n)
				}
				p.stop()
			})
		})
	}
}

// Behind a NAT the Contact is rewritten to where the registrar sees us, and the
// one that leads nowhere is removed.
func TestContactBehindNAT(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg")
		defer server.Close()
		router, err := l.net.Router("router", simnet.RouterConfig{Kind: simnet.FullCone})
		must(t, err)
		host, err := router.Host("alice2", netip.Addr{})
		must(t, err)
		p := l.phone("alice", stored("alice@reg.test auth.password=secret"), func(c *sipsimple.Config) {
			c.Net, c.Host = host, host.Addr()
		})
		p.start()
		p.forget()
		pass(time.Second)
		p.expect("GotAnswer 200 192.0.2.1", "DidSucceed 3600", "WillRefresh", "GotAnswer 200 192.0.2.1", "DidSucceed 3600")
		bindings := server.Bindings()
		if len(bindings) != 1 || !strings.Contains(bindings[0].Contact, bindings[0].Source.String()) {
			t.Errorf("bindings %v", bindings)
		}
		p.stop()
		if n := len(server.Bindings()); n != 0 {
			t.Errorf("%d bindings left", n)
		}
	})
}

// Settings that concern the registration make a new one, and the old binding is
// given back.
func TestChangedSettings(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg", func(c *sipserver.Config) { c.Users = map[string]string{"alice": "secret", "bob": "secret"} })
		defer server.Close()
		p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
		p.start()
		pass(time.Second)
		p.forget()
		acc := p.AccountManager().DefaultAccount()
		settings := acc.Settings()
		update := func(change func(d *configuration.Draft)) {
			t.Helper()
			must(t, settings.Update(func(d *configuration.Draft) error { change(d); return nil }))
			pass(time.Second)
		}
		update(func(d *configuration.Draft) { settings.SIP.RegisterInterval.Set(d, 900) })
		p.expect("CFGSettingsObjectDidChange", "DidEnd", "AccountWillRegister", "GotAnswer 200 192.0.2.1", "DidSucceed 900")
		update(func(d *configuration.Draft) { settings.SIP.Register.Set(d, false) })
		p.expect("CFGSettingsObjectDidChange", "DidEnd")
		if acc.Registered() || len(server.Bindings()) != 0 {
			t.Error("still registered")
		}
		update(func(d *configuration.Draft) { settings.SIP.Register.Set(d, true) })
		p.expect("CFGSettingsObjectDidChange", "AccountWillRegister", "GotAnswer 200 192.0.2.1", "DidSucceed 900")
		update(func(d *configuration.Draft) { d.SetID("bob@reg.test") })
		p.expect("CFGSettingsObjectDidChange", "DidEnd", "AccountWillRegister", "GotAnswer 200 192.0.2.1", "DidSucceed 900")
		if b := server.Bindings(); len(b) != 1 || !strings.HasPrefix(b[0].AOR, "bob@") {
			t.Errorf("bindings %v", b)
		}
		update(func(d *configuration.Draft) { settings.Enabled.Set(d, false) })
		p.expect("CFGSettingsObjectDidChange", "AccountWillDeactivate", "CFGSettingsObjectDidChange", "AccountManagerDidChangeDefaultAccount",
			"DidEnd", "AccountDidDeactivate")
		p.stop()
	})
}

// A disabled account cannot be the default one; none can.
func TestDefaultAccount(t *testing.T) {
	inLab(t, func(l *lab) {
		p := l.phone("alice", stored("alice@reg.test sip.register=false", "bob@reg.test sip.register=false enabled=false"))
		p.start()
		p.forget()
		m := p.AccountManager()
		alice := m.DefaultAccount()
		bob, _ := m.Account("bob@reg.test")
		if err := m.SetDefaultAccount(bob); !errors.Is(err, account.ErrDisabled) || m.DefaultAccount() != alice {
			t.Errorf("%v, default %v", err, m.DefaultAccount())
		}
		for _, a := range []*account.Account{nil, alice, alice} {
			if err := m.SetDefaultAccount(a); err != nil || m.DefaultAccount() != a {
				t.Errorf("%v, default %v, want %v", err, m.DefaultAccount(), a)
			}
		}
		p.expect("CFGSettingsObjectDidChange", "AccountManagerDidChangeDefaultAccount", "CFGSettingsObjectDidChange", "AccountManagerDidChangeDefaultAccount")
		p.stop()
	})
}

// Everything that makes an account register anew, its end, and another one.
func TestReregisterAndDelete(t *testing.T) {
	inLab(t, func(l *lab) {
		server := l.registrar("reg")
		defer server.Close()
		p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
		p.start()
		pass(time.Second)
		p.forget()
		acc := p.AccountManager().DefaultAccount()
		acc.Reregister()
		pass(time.Second)
		p.expect("DidEnd", "AccountWillRegister", "GotAnswer 200 192.0.2.1", "DidSucceed 3600")
		p.Center().Post(p, account.SystemIPAddressDidChange{})
		pass(time.Second)
		p.expect("SystemIPAddressDidChange", "WillRefresh", "GotAnswer 200 192.0.2.1", "DidSucceed 3600")
		p.Center().Post(p, account.SystemDidWakeUpFromSleep{})
		p.Center().Post(p, account.SystemDidWakeUpFromSleep{})
		pass(4 * time.Second)
		p.expect("SystemDidWakeUpFromSleep", "SystemDidWakeUpFromSleep")
		pass(2 * time.Second)
		p.expect("WillRefresh", "GotAnswer 200 192.0.2.1", "DidSucceed 3600")
		must(t, acc.Delete())
		must(t, acc.Delete())
		pass(time.Second)
		p.expect("CFGSettingsObjectWasDeleted", "AccountManagerDidRemoveAccount", "AccountWillDeactivate", "CFGSettingsObjectDidChange",
			"AccountManagerDidChangeDefaultAccount", "DidEnd", "AccountDidDeactivate")
		if n := len(server.Bindings()); n != 0 || len(p.AccountManager().Accounts()) != 0 {
			t.Errorf("%d bindings left", n)
		}
		_, err := p.AccountManager().NewAccount("carol@reg.test", func(s *configuration.Account, d *configuration.Draft) error {
			s.Enabled.Set(d, true)
			return nil
		})
		must(t, err)
		pass(time.Second)
		p.expect("CFGSettingsObjectWasActivated", "AccountManagerDidAddAccount", "CFGSettingsObjectWasCreated", "AccountWillActivate", "AccountDidActivate",
			"CFGSettingsObjectDidChange", "AccountManagerDidChangeDefaultAccount", "AccountWillRegister", "GotAnswer 401 192.0.2.1", "DidFail Authentication failed")
		p.stop()
	})
}
