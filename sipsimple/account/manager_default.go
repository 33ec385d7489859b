package account

import (
	"errors"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
)

// ErrDisabled is returned for a disabled account as the default one.
var ErrDisabled = errors.New("a disabled account cannot be the default account")

// DefaultAccount is the account for calls that name none; nil without one (seed:
// default_account).
func (m *Manager) DefaultAccount() *Account {
	id, ok := m.cfg.General.DefaultAccount.Get()
	if !ok {
		return nil
	}
	a, _ := m.Account(id)
	return a
}

// SetDefaultAccount makes an account the default one, or none for nil, and saves
// that: SIPAccountManagerDidChangeDefaultAccount. Error: [ErrDisabled].
func (m *Manager) SetDefaultAccount(a *Account) error {
	if a != nil && !a.Enabled() {
		return ErrDisabled
	}
	if a == m.DefaultAccount() {
		return nil
	}
	return m.cfg.General.Update(func(d *configuration.Draft) error {
		if a == nil {
			m.cfg.General.DefaultAccount.SetNull(d)
		} else {
			m.cfg.General.DefaultAccount.Set(d, a.String())
		}
		return nil
	})
}

// chooseDefault takes another account when the default one is not there or is
// disabled: the first that is enabled, else none (application.md 5.2).
func (m *Manager) chooseDefault() {
	if a := m.DefaultAccount(); a != nil && a.Enabled() {
		return
	}
	id, set := m.cfg.General.DefaultAccount.Get()
	next := m.first()
	switch {
	case next == nil && !set:
		return
	case next != nil && set && id == next.String():
		return
	}
	err := m.cfg.General.Update(func(d *configuration.Draft) error {
		if next == nil {
			m.cfg.General.DefaultAccount.SetNull(d)
		} else {
			m.cfg.General.DefaultAccount.Set(d, next.String())
		}
		return nil
	})
	if err != nil {
		m.log().Error("the default account cannot be changed", "error", err)
	}
}

// defaultChanged tells of another default account. It runs on the dispatcher,
// behind the announcement of the account itself.
func (m *Manager) defaultChanged(change configuration.Change) {
	m.cfg.Center.Post(m, SIPAccountManagerDidChangeDefaultAccount{
		OldAccount: m.senderOf(change.Old), Account: m.senderOf(change.New),
	})
}

// senderOf is the account with an id, nil without one.
func (m *Manager) senderOf(id any) any {
	text, ok := id.(string)
	if !ok {
		return nil
	}
	a, ok := m.Account(text)
	if !ok {
		return nil
	}
	return sender(a)
}
