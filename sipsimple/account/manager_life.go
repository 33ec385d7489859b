package account

import (
	"context"
	"time"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core/resolver"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Load makes the Bonjour account and the stored ones: for each
// CFGSettingsObjectWasActivated and SIPAccountManagerDidAddAccount. Then the
// default account is checked. It waits for observers, until ctx ends. After an
// error nothing is left behind but what was notified; the manager is of no use
// then.
func (m *Manager) Load(ctx context.Context) error {
	bonjour, err := m.newBonjour()
	if err != nil {
		return err
	}
	ids, err := configuration.AccountIDs(m.cfg.Configuration)
	if err != nil {
		return err
	}
	list := make([]*Account, len(ids))
	for i, id := range ids {
		if list[i], err = m.newStored(id); err != nil {
			return err
		}
	}
	m.observe()
	if err := bonjour.settings.Activate(ctx); err != nil {
		m.Close()
		return err
	}
	for _, a := range list {
		if err := a.stored.settings.Activate(ctx); err != nil {
			m.Close()
			return err
		}
	}
	m.chooseDefault()
	return nil
}

// Close ends the interest in notifications. It is the last call, after
// [Manager.Stop] if the manager was started.
func (m *Manager) Close() {
	for _, h := range m.handles {
		h.Cancel()
	}
	m.handles = nil
}

// observe registers for what accounts follow.
func (m *Manager) observe() {
	filters := []notification.Filter{
		{Name: "CFGSettingsObjectWasActivated"}, {Name: "CFGSettingsObjectDidChange"}, {Name: "CFGSettingsObjectWasDeleted"},
		{Name: "SystemIPAddressDidChange"}, {Name: "SystemDidWakeUpFromSleep"}, {Name: "DNSNameserversDidChange"},
	}
	m.handles = append(m.handles, m.cfg.Center.AddObserver(m, filters...))
}

// HandleNotification implements [notification.Observer].
func (m *Manager) HandleNotification(n notification.Notification) {
	switch data := n.Data.(type) {
	case configuration.CFGSettingsObjectWasActivated:
		m.activated(n.Sender)
	case configuration.CFGSettingsObjectDidChange:
		m.changed(n.Sender, data.Modified)
	case configuration.CFGSettingsObjectWasDeleted:
		m.deleted(n.Sender)
	case SystemIPAddressDidChange, resolver.DNSNameserversDidChange:
		m.post(m.networkChanged)
	case SystemDidWakeUpFromSleep:
		m.post(m.wokeUp)
	}
}

// activated follows an account that has been loaded, or saved for the first
// time. It runs on the dispatcher, as the next two do.
func (m *Manager) activated(sender any) {
	switch a := sender.(type) {
	case *BonjourAccount:
		if a.manager == m {
			m.cfg.Center.Post(m, SIPAccountManagerDidAddAccount{Account: a})
		}
	case *Account:
		if a.stored == nil || a.stored.manager != m {
			return
		}
		m.cfg.Center.Post(m, SIPAccountManagerDidAddAccount{Account: a})
		m.post(func() { m.soon(func() { m.added(a) }) })
	}
}

// added starts an account that was created while the manager runs.
func (m *Manager) added(a *Account) {
	if m.network == nil {
		return
	}
	a.stored.start()
	m.chooseDefault()
}

func (m *Manager) changed(sender any, modified configuration.Modified) {
	switch s := sender.(type) {
	case *Account:
		if s.stored != nil && s.stored.manager == m {
			m.post(func() {
				s.stored.changed(modified)
				m.accountChanged(modified)
			})
		}
	case *BonjourAccount:
		if s.manager == m {
			m.post(func() {
				s.changed(modified)
				m.accountChanged(modified)
			})
		}
	case *configuration.General:
		if s == m.cfg.General {
			m.generalChanged(modified)
		}
	}
}

func (m *Manager) accountChanged(modified configuration.Modified) {
	if modified.Has("enabled") {
		m.chooseDefault()
	}
}

func (m *Manager) generalChanged(modified configuration.Modified) {
	if change, ok := modified["default_account"]; ok {
		m.defaultChanged(change)
	}
	if modified.Has("sip.transport_list") {
		m.post(func() { m.each((*stored).transportsChanged) })
	}
}

func (m *Manager) deleted(sender any) {
	a, ok := sender.(*Account)
	if !ok || a.stored == nil || a.stored.manager != m {
		return
	}
	m.remove(a)
	m.cfg.Center.Post(m, SIPAccountManagerDidRemoveAccount{Account: a})
	m.post(func() {
		a.stored.deleted()
		if m.network != nil {
			m.chooseDefault()
		}
	})
}

// each does something to every account. It runs on the executor.
func (m *Manager) each(f func(*stored)) {
	for _, a := range m.Accounts() {
		f(a.stored)
	}
}

func (m *Manager) networkChanged() {
	if m.network == nil {
		return
	}
	m.each((*stored).networkChanged)
	m.Bonjour().networkChanged()
}

// wokeUp waits for the network to come back; a second time meanwhile changes
// nothing (application.md 2.7).
func (m *Manager) wokeUp() {
	if m.network == nil || m.wakeUp != nil {
		return
	}
	m.wakeUp = time.AfterFunc(5*time.Second, func() {
		m.post(func() {
			m.wakeUp = nil
			m.networkChanged()
		})
	})
}

// Start activates the enabled accounts: SIPAccountManagerWillStart,
// SIPAccountWillActivate and DidActivate for each, SIPAccountManagerDidStart.
// What they do on the network begins with [Manager.Go]. It returns when all of
// that is posted, and must not be called from an observer.
func (m *Manager) Start(network Network) {
	m.do(func() {
		m.network, m.quiet = &network, true
		m.cfg.Center.Post(m, SIPAccountManagerWillStart{})
		m.Bonjour().start()
		m.each((*stored).start)
		m.cfg.Center.Post(m, SIPAccountManagerDidStart{})
	})
}

// Go lets accounts that were activated by [Manager.Start] use the network.
func (m *Manager) Go() {
	m.post(func() {
		m.quiet = false
		queued := m.queued
		m.queued = nil
		for _, f := range queued {
			f()
		}
	})
}

// BeginStop deactivates all accounts at once: SIPAccountManagerWillEnd,
// SIPAccountWillDeactivate for each active one. When all have left the network,
// which takes four seconds at most, SIPAccountManagerDidEnd follows and the
// channel is closed. It returns when what can be done at once has been posted.
func (m *Manager) BeginStop() (stopped <-chan struct{}) {
	done := make(chan struct{})
	m.do(func() {
		m.cfg.Center.Post(m, SIPAccountManagerWillEnd{})
		m.quiet, m.queued = false, nil
		if m.wakeUp != nil {
			m.wakeUp.Stop()
		}
		left := 1
		one := func() {
			if left--; left > 0 {
				return
			}
			m.network = nil
			m.cfg.Center.Post(m, SIPAccountManagerDidEnd{})
			close(done)
		}
		m.each(func(s *stored) {
			left++
			s.stop(one)
		})
		left++
		m.Bonjour().stop(one)
		one()
	})
	return done
}

// Wait waits for look-ups that were abandoned.
func (m *Manager) Wait() { m.lookups.Wait() }
