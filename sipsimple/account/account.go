package account

import (
	"fmt"
	"io"

	"github.com/emiago/sipgo/sip"

	"github.com/go-sipsimple/callflow/sipsimple/configuration"
	"github.com/go-sipsimple/callflow/sipsimple/core"
)

// Account is one identity of the user (seed: sipsimple.account.Account).
//
// One that a [Manager] has made comes from the configuration: read it with its
// methods, change it by way of [Account.Settings]. Of its fields only ID and
// ContactUser mean something, and they never change.
//
// Any other is a plain value that identifies its owner in calls and does not
// register; it must not be changed once a session uses it.
type Account struct {
	ID          string // address of record without scheme, such as alice@example.test
	DisplayName string // of the From header; may be empty
	ContactUser string // user part of our Contact; empty means the user part of ID
	Username    string // for digest authentication; empty means the user part of ID
	Password    string // for digest authentication; empty means there are no credentials
	Disabled    bool   // a disabled account takes no calls

	stored *stored         // of an account from the configuration
	local  *BonjourAccount // of the Bonjour account
}

// Settings are those of an account from the configuration, nil for others.
func (a *Account) Settings() *configuration.Account {
	if a.stored == nil {
		return nil
	}
	return a.stored.settings
}

// URI is the address of record as a SIP URI. A malformed ID gives a zero URI.
func (a *Account) URI() sip.Uri {
	id := a.ID
	if a.stored != nil {
		id = a.stored.settings.ID()
	}
	var uri sip.Uri
	if err := sip.ParseUri("sip:"+id, &uri); err != nil {
		return sip.Uri{}
	}
	return uri
}

// Name is the display name of the From header; may be empty.
func (a *Account) Name() string {
	switch {
	case a.stored != nil:
		return a.stored.settings.DisplayName.Or("")
	case a.local != nil:
		return a.local.settings.DisplayName.Or("")
	}
	return a.DisplayName
}

// Address is the account in a From header.
func (a *Account) Address() core.Address {
	return core.Address{DisplayName: a.Name(), URI: a.URI()}
}

// Contact is the user part of our Contact.
func (a *Account) Contact() string {
	if a.ContactUser != "" {
		return a.ContactUser
	}
	uri := a.URI()
	return uri.User
}

// Credentials answer challenges in the account's name; nil without a password.
func (a *Account) Credentials() *core.Credentials {
	username, password := a.Username, a.Password
	if a.stored != nil {
		username, password = a.stored.settings.Auth.Username.Or(""), a.stored.settings.Auth.Password.Get().Reveal()
	}
	if password == "" {
		return nil
	}
	if username == "" {
		uri := a.URI()
		username = uri.User
	}
	return &core.Credentials{Username: username, Password: password}
}

// Enabled says whether the account may be used.
func (a *Account) Enabled() bool {
	switch {
	case a.stored != nil:
		return a.stored.settings.Enabled.Get() && !a.stored.settings.Deleted()
	case a.local != nil:
		return a.local.settings.Enabled.Get()
	}
	return !a.Disabled
}

// Registered says whether a registrar has us at this moment.
func (a *Account) Registered() bool { return a.stored != nil && a.stored.registered.Load() }

// MWIActive says whether a server tells us of waiting messages (seed:
// mwi_active).
func (a *Account) MWIActive() bool { return a.stored != nil && a.stored.mwiActive.Load() }

// VoicemailURI is where waiting messages are: as the server said, else the
// setting, without scheme; "" if unknown (seed: voicemail_uri).
func (a *Account) VoicemailURI() string {
	if a.stored == nil {
		return ""
	}
	if told := a.stored.voicemail.Load(); told != nil {
		return *told
	}
	if uri, ok := a.stored.settings.MessageSummary.VoicemailURI.Get(); ok {
		return uri.String()
	}
	return ""
}

// PublicGRUU and TemporaryGRUU are what the registrar gave us (RFC 5627), "" if
// it did not.
func (a *Account) PublicGRUU() string { return a.gruu().public }

// TemporaryGRUU is described at [Account.PublicGRUU].
func (a *Account) TemporaryGRUU() string { return a.gruu().temporary }

func (a *Account) gruu() gruus {
	if a.stored == nil {
		return gruus{}
	}
	if g := a.stored.gruus.Load(); g != nil {
		return *g
	}
	return gruus{}
}

// Reregister gives the registration back and registers again, if the account is
// active and registers at all (seed: reregister).
func (a *Account) Reregister() {
	if s := a.stored; s != nil {
		s.manager.post(func() {
			if s.active && s.settings.SIP.Register.Get() {
				s.registering.feed(regReload{})
			}
		})
	}
}

// Delete stops the account and removes it, with its documents, from the
// configuration: SIPAccountManagerDidRemoveAccount. Deleting it again does
// nothing. Error: [configuration.ErrFixedID] for an account that is not from the
// configuration.
func (a *Account) Delete() error {
	if a.stored == nil {
		return configuration.ErrFixedID
	}
	return a.stored.settings.Delete()
}

// String is the id.
func (a *Account) String() string {
	if a.stored != nil {
		return a.stored.settings.ID()
	}
	return a.ID
}

// Format writes the id, whatever the verb: an account has a password.
func (a *Account) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// RTPSettings are the settings of media, nil of an account that is not from the
// configuration.
func (a *Account) RTPSettings() *configuration.AccountRTP {
	switch {
	case a.stored != nil:
		return &a.stored.settings.RTP
	case a.local != nil:
		return &a.local.settings.RTP
	}
	return nil
}

// MSRPTransport is how the account wants MSRP to travel, "" of an account that is
// not from the configuration.
func (a *Account) MSRPTransport() configuration.MSRPTransport {
	switch {
	case a.stored != nil:
		return a.stored.settings.MSRP.Transport.Get()
	case a.local != nil:
		return a.local.settings.MSRP.Transport.Get()
	}
	return ""
}

// TLSSettings are the settings of TLS, nil as those of media.
func (a *Account) TLSSettings() *configuration.AccountTLS {
	switch {
	case a.stored != nil:
		return &a.stored.settings.TLS
	case a.local != nil:
		return &a.local.settings.TLS
	}
	return nil
}
