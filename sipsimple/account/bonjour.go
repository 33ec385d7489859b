package account

import (
	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// BonjourAccount is the account of the local network: it has no registrar and no
// credentials, and finds its neighbours by DNS-SD (RFC 6763) over multicast DNS
// (RFC 6762; seed: BonjourAccount; application.md 12). It is never registered.
// Without multicast DNS it exists and cannot be enabled.
type BonjourAccount struct {
	*Account // who we are in calls

	manager  *Manager
	settings *configuration.Bonjour

	// Touched on the manager's executor only.
	started bool
	active  bool
	advert  *advertising // while active
}

// newBonjour makes the account from its settings in the configuration.
func (m *Manager) newBonjour() (*BonjourAccount, error) {
	b := &BonjourAccount{Account: &Account{ID: configuration.BonjourID, ContactUser: m.contactUser()}, manager: m}
	b.Account.local = b
	settings, err := configuration.NewBonjour(m.cfg.Configuration, configuration.BonjourConfig{
		AccountConfig: configuration.AccountConfig{Sender: b}, Available: m.cfg.Neighbourhood != nil, UserName: m.cfg.UserName,
	})
	if err != nil {
		return nil, err
	}
	b.settings = settings
	m.mu.Lock()
	m.bonjour = b
	m.mu.Unlock()
	return b, nil
}

// Settings are those of the account.
func (b *BonjourAccount) Settings() *configuration.Bonjour { return b.settings }

func (b *BonjourAccount) tell(data notification.Data) { b.manager.cfg.Center.Post(b, data) }

func (b *BonjourAccount) start() {
	b.started = true
	if b.settings.Enabled.Get() {
		b.activate()
	}
}

func (b *BonjourAccount) activate() {
	if b.active {
		return
	}
	b.active = true
	b.tell(SIPAccountWillActivate{})
	b.manager.soon(func() {
		if b.active && b.advert == nil {
			b.advert = newAdvertising(b)
			b.advert.begin()
		}
	})
	b.tell(SIPAccountDidActivate{})
}

func (b *BonjourAccount) deactivate() {
	if !b.active {
		return
	}
	b.active = false
	b.tell(SIPAccountWillDeactivate{})
	b.leave()
	b.tell(SIPAccountDidDeactivate{})
}

func (b *BonjourAccount) leave() {
	if b.advert != nil {
		b.advert.end()
		b.advert = nil
	}
}

func (b *BonjourAccount) stop(done func()) {
	b.started = false
	b.deactivate()
	done()
}

// changed follows settings that were saved.
func (b *BonjourAccount) changed(modified configuration.Modified) {
	switch {
	case !b.started:
	case modified.Has("enabled") && b.settings.Enabled.Get():
		b.activate()
	case modified.Has("enabled"):
		b.deactivate()
	case b.advert != nil && modified.Has("display_name"):
		b.advert.rename()
	}
}

// networkChanged looks around in the new network.
func (b *BonjourAccount) networkChanged() {
	if b.advert == nil {
		return
	}
	b.leave()
	b.advert = newAdvertising(b)
	b.advert.begin()
}
