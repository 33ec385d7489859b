package account

import (
	"errors"
	"sync/atomic"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/storage"
	"github.com/go-sipsimple/callflow/sipsimple/xcap"
)

// stored is what an account from the configuration has beside its name.
type stored struct {
	account  *Account
	manager  *Manager
	settings *configuration.Account

	registered atomic.Bool
	mwiActive  atomic.Bool
	published  atomic.Bool
	voicemail  atomic.Pointer[string] // as the server told
	gruus      atomic.Pointer[gruus]
	xcap       atomic.Pointer[xcap.Client]

	// The rest is touched on the manager's executor only.
	started     bool // with the manager
	active      bool
	leaving     bool     // is being deactivated
	again       bool     // and to be activated afterwards
	waiting     []func() // told when it has been deactivated
	registering *registering
	watching    *watching
	publishing  *publishing
	searching   *xcapSearch
	presence    *PresenceState // nil: nothing is to be published
	documents   storage.XCAPStorage
}

// newStored makes an account from its settings in the configuration.
func (m *Manager) newStored(id string) (*Account, error) {
	a := &Account{ContactUser: m.contactUser()}
	s := &stored{account: a, manager: m}
	settings, err := configuration.NewAccount(m.cfg.Configuration, id, configuration.AccountConfig{
		Sender: a, BeforeActivation: func() { m.admit(a) },
	})
	if err != nil {
		return nil, err
	}
	s.settings = settings
	a.ID, a.stored = settings.ID(), s
	s.registering = newRegistering(s)
	s.watching = newWatching(s)
	s.publishing = newPublishing(s)
	s.searching = &xcapSearch{s: s}
	return a, nil
}

func (s *stored) tell(data notification.Data) { s.manager.cfg.Center.Post(s.account, data) }

// start begins the life of the account in a running manager.
func (s *stored) start() {
	if s.started {
		return
	}
	s.started = true
	s.openDocuments()
	if s.settings.Enabled.Get() {
		s.activate()
	}
}

// openDocuments makes the store of the account's XCAP documents.
func (s *stored) openDocuments() {
	if s.documents != nil || s.manager.cfg.Documents == nil {
		return
	}
	documents, err := s.manager.cfg.Documents(s.settings.ID())
	if err == nil && documents == nil {
		err = errors.New("the factory made nothing")
	}
	if err != nil {
		s.manager.log().Error("no store for XCAP documents", "account", s.settings.ID(), "error", err)
		return
	}
	s.documents = documents
}

// purgeDocuments removes them: the account has gone, or has another id.
func (s *stored) purgeDocuments() {
	if s.documents == nil {
		return
	}
	if err := s.documents.Purge(); err != nil {
		s.manager.log().Error("XCAP documents cannot be removed", "error", err)
	}
	s.documents = nil
}

func (s *stored) activate() {
	if s.leaving { // one after the other
		s.again = true
		return
	}
	if s.active {
		return
	}
	s.active = true
	s.tell(SIPAccountWillActivate{})
	s.manager.soon(func() {
		if !s.active {
			return
		}
		if s.settings.SIP.Register.Get() {
			s.registering.feed(regWanted{})
		}
		if s.settings.MessageSummary.Enabled.Get() {
			s.watching.feed(mwiWanted{})
		}
		if s.presence != nil {
			s.publishPresence()
		}
		if s.settings.XCAP.Enabled.Get() {
			s.searching.start()
		}
	})
	s.tell(SIPAccountDidActivate{})
}

// deactivate leaves the network: first the voice mail, then the presence, then the
// registrar, at last the XCAP server. done is told when that is over.
func (s *stored) deactivate(done func()) {
	s.again = false
	switch {
	case s.leaving:
		s.waiting = append(s.waiting, done)
		return
	case !s.active:
		done()
		return
	}
	s.active, s.leaving = false, true
	s.waiting = append(s.waiting, done)
	s.tell(SIPAccountWillDeactivate{})
	s.watching.leave(func() {
		s.publishing.leave(func() { s.registering.leave(s.left) })
	})
}

// left ends the deactivation.
func (s *stored) left() {
	s.searching.stop()
	s.leaving = false
	s.tell(SIPAccountDidDeactivate{})
	waiting := s.waiting
	s.waiting = nil
	for _, done := range waiting {
		done()
	}
	if s.again && s.started {
		s.again = false
		s.activate()
	}
}

// stop ends the account with its manager.
func (s *stored) stop(done func()) {
	s.started = false
	s.deactivate(done)
}

// changed follows settings of the account that were saved (application.md 6).
func (s *stored) changed(modified configuration.Modified) {
	if !s.started {
		return
	}
	if modified.Has(configuration.IDPath) {
		s.purgeDocuments()
		s.openDocuments()
	}
	switch {
	case modified.Has("enabled"):
		if s.settings.Enabled.Get() {
			s.activate()
		} else {
			s.deactivate(func() {})
		}
		return
	case !s.active:
		return
	}
	s.registrationChanged(modified)
	s.watchingChanged(modified)
	s.presenceChanged(modified)
	s.xcapChanged(modified)
}

var registrationKeys = []string{
	configuration.IDPath, "auth.username", "auth.password", "sip.outbound_proxy", "sip.register_interval",
}

func (s *stored) registrationChanged(modified configuration.Modified) {
	switch wanted := s.settings.SIP.Register.Get(); {
	case modified.Has("sip.register") && wanted:
		s.registering.feed(regWanted{})
	case modified.Has("sip.register"):
		s.registering.feed(regUnwanted{})
	case wanted && modified.Has(registrationKeys...):
		s.registering.feed(regReload{})
	}
}

func (s *stored) watchingChanged(modified configuration.Modified) {
	switch wanted := s.settings.MessageSummary.Enabled.Get(); {
	case modified.Has("message_summary.enabled") && wanted:
		s.watching.feed(mwiWanted{})
	case modified.Has("message_summary.enabled"):
		s.watching.feed(mwiUnwanted{})
	case wanted && (modified.Has(registrationKeys...) ||
		modified.Has("sip.always_use_my_proxy", "sip.subscribe_interval", "message_summary.voicemail_uri")):
		s.watching.feed(mwiReload{})
	}
}

func (s *stored) presenceChanged(modified configuration.Modified) {
	switch {
	case modified.Has("presence.enabled"):
		s.publishPresence()
	case modified.Has(registrationKeys...) || modified.Has("sip.publish_interval"):
		s.publishing.feed(pubReload{})
	}
}

func (s *stored) xcapChanged(modified configuration.Modified) {
	switch {
	case modified.Has("xcap.enabled") && s.settings.XCAP.Enabled.Get():
		s.searching.start()
	case modified.Has("xcap.enabled"):
		s.searching.stop()
	case modified.Has(configuration.IDPath, "auth.username", "auth.password", "xcap.xcap_root"):
		s.searching.anew()
	}
}

// deleted follows the removal of the account from the configuration.
func (s *stored) deleted() {
	s.stop(func() {})
	s.purgeDocuments()
}

// transportsChanged follows another list of transports in the general settings.
func (s *stored) transportsChanged() {
	if s.active && s.settings.SIP.Register.Get() {
		s.registering.feed(regReload{})
	}
	if s.active && s.settings.MessageSummary.Enabled.Get() {
		s.watching.feed(mwiReload{})
	}
	if s.active {
		s.publishing.feed(pubReload{})
	}
}

// networkChanged follows another address of this host, or other name servers.
func (s *stored) networkChanged() {
	if s.active {
		s.registering.feed(regNetwork{})
		s.watching.feed(mwiNetwork{})
		s.publishing.feed(pubNetwork{})
		s.searching.anew()
	}
}
