package sipsimple

import (
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// follower reacts to changed settings and to changes of the network while the
// application runs (application.md 2.6 and 2.7). Each key is treated by itself,
// on the application's worker: what goes wrong is logged and the rest follows.
type follower struct {
	p    *parts
	wake *time.Timer // 5 s after waking up; touched on the worker, as is the next
	over bool
}

var followed = []notification.Filter{
	{Name: "CFGSettingsObjectDidChange"}, {Name: "SystemIPAddressDidChange"}, {Name: "SystemDidWakeUpFromSleep"},
	{Name: "DNSNameserversDidChange"},
}

// HandleNotification implements [notification.Observer].
func (f *follower) HandleNotification(n notification.Notification) {
	a := f.p.app
	switch data := n.Data.(type) {
	case configuration.CFGSettingsObjectDidChange:
		a.worker.Post(func() { a.guarded(func() { f.changed(n.Sender, data.Modified) }) })
	case account.SystemIPAddressDidChange:
		f.p.dns.NetworkChanged()
		f.networkChanged()
	case account.SystemDidWakeUpFromSleep:
		a.worker.Post(f.wokeUp)
	case resolver.DNSNameserversDidChange:
		f.networkChanged()
	}
}

// networkChanged is what our address and our name servers have in common.
func (f *follower) networkChanged() {
	f.p.lookAround()
	f.p.app.manager.networkChanged()
}

// wokeUp waits for the network to come back; a second time meanwhile changes
// nothing.
func (f *follower) wokeUp() {
	if f.wake != nil || f.over {
		return
	}
	f.wake = time.AfterFunc(5*time.Second, func() {
		f.p.app.worker.Post(func() {
			if f.wake = nil; !f.over {
				f.p.dns.NetworkChanged()
				f.networkChanged()
			}
		})
	})
}

// end stops the follower; it runs on the worker.
func (f *follower) end() {
	f.over = true
	if f.wake != nil {
		f.wake.Stop()
	}
}

func (f *follower) changed(sender any, modified configuration.Modified) {
	l := f.p.loaded
	if !f.p.app.Running() {
		return
	}
	if sender == l.general {
		f.generalChanged(l.general, modified)
		return
	}
	if acc := l.accounts.DefaultAccount(); acc != nil && modified.Has("tls.verify_server", "tls.certificate") && isAccount(sender, acc) {
		f.restartTLS()
	}
}

// isAccount says whether a sender is that account.
func isAccount(sender any, acc *account.Account) bool {
	switch s := sender.(type) {
	case *account.Account:
		return s == acc
	case *account.BonjourAccount:
		return s.Account == acc
	}
	return false
}

func (f *follower) generalChanged(g *configuration.General, modified configuration.Modified) {
	if modified.Has("audio.sample_rate", "audio.input_device", "audio.output_device", "audio.tail_length", "audio.alert_device", "audio.silent") {
		if err := f.p.sound.Apply(f.p.app.audioSettings()); err != nil {
			f.log("audio", err)
		}
	}
	if modified.Has("user_agent") {
		f.p.engine.SetUserAgent(g.UserAgent.Get())
	}
	if modified.Has("tls.timeout") {
		f.p.limitHandshakes()
	}
	if modified.Has("sip.udp_port", "sip.transport_list") {
		f.log("sip.udp_port", f.p.engine.SetPort("udp", portOf(g, configuration.TransportUDP)))
	}
	if modified.Has("sip.tcp_port", "sip.transport_list") {
		f.log("sip.tcp_port", f.p.engine.SetPort("tcp", portOf(g, configuration.TransportTCP)))
	}
	if modified.Has("sip.tls_port", "tls.protocol", "tls.ca_list", "default_account", "sip.transport_list") {
		f.restartTLS()
	}
}

// restartTLS follows other ports, certificates or trust. After an error TLS is
// as it was.
func (f *follower) restartTLS() {
	if portOf(f.p.loaded.general, configuration.TransportTLS) < 0 {
		f.log("tls", f.p.engine.SetPort("tls", -1))
		return
	}
	_ = f.p.openTLS() // it tells of its errors
}

func (f *follower) log(what string, err error) {
	if err != nil {
		f.p.app.cfg.Logger.Error("a changed setting could not be applied", "setting", what, "error", err)
	}
}
