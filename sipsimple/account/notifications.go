package account

import (
	"slices"

	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
)

// Notifications of the manager; the sender is the [Manager] (application.md
// 5.3). Account and OldAccount are an *[Account] or a *[BonjourAccount].
type (
	// SIPAccountManagerDidAddAccount: the account has been loaded or created.
	SIPAccountManagerDidAddAccount struct {
		Account any `field:"account"`
	}
	// SIPAccountManagerDidRemoveAccount: the account has been deleted.
	SIPAccountManagerDidRemoveAccount struct {
		Account any `field:"account"`
	}
	// SIPAccountManagerDidChangeDefaultAccount: another account, or none, is the
	// default one.
	SIPAccountManagerDidChangeDefaultAccount struct {
		OldAccount any `field:"old_account,null"`
		Account    any `field:"account,null"`
	}
	// SIPAccountManagerWillStart: accounts are about to be started.
	SIPAccountManagerWillStart struct{}
	// SIPAccountManagerDidStart: every enabled account is active.
	SIPAccountManagerDidStart struct{}
	// SIPAccountManagerWillEnd: accounts are about to be stopped.
	SIPAccountManagerWillEnd struct{}
	// SIPAccountManagerDidEnd: no account is active.
	SIPAccountManagerDidEnd struct{}
)

// Notifications of the life of an account; the sender is the *[Account] or the
// *[BonjourAccount] (application.md 6 and 8.1).
type (
	// SIPAccountWillActivate: the account is enabled and will be used.
	SIPAccountWillActivate struct{}
	// SIPAccountDidActivate: registration is queued, its outcome comes later.
	SIPAccountDidActivate struct{}
	// SIPAccountWillDeactivate: the account will leave the network.
	SIPAccountWillDeactivate struct{}
	// SIPAccountDidDeactivate: the account has left the network, as well as it
	// could within its limits.
	SIPAccountDidDeactivate struct{}
	// SIPAccountDidDiscoverXCAPSupport: the account has an XCAP server
	// ([Account.XCAP]). It is told once in the life of an account: the setting
	// xcap.discovered is true from then on.
	SIPAccountDidDiscoverXCAPSupport struct{}
	// SIPAccountMWIDidGetSummary: the server told of waiting messages (RFC 3842).
	SIPAccountMWIDidGetSummary struct {
		MessageSummary *MessageSummary `field:"message_summary"`
	}
)

// Notifications of the registration of an account; the sender is the *[Account]
// (application.md 7.1).
type (
	// SIPAccountWillRegister: a new registration is about to be made.
	SIPAccountWillRegister struct{}
	// SIPAccountRegistrationWillRefresh: the existing registration is about to be
	// renewed.
	SIPAccountRegistrationWillRefresh struct{}
	// SIPAccountRegistrationGotAnswer: a registrar has answered, or not in time
	// (408), or could not be reached (503).
	SIPAccountRegistrationGotAnswer struct {
		Code         int           `field:"code"`
		Reason       string        `field:"reason"`
		Registration *Registration `field:"registration"`
		Registrar    core.Route    `field:"registrar"`
	}
	// SIPAccountRegistrationDidSucceed: the account is registered.
	SIPAccountRegistrationDidSucceed struct {
		ContactHeader     core.Address   `field:"contact_header"`      // ours, as sent
		ContactHeaderList []core.Address `field:"contact_header_list"` // all that are registered
		Expires           int            `field:"expires"`             // seconds granted
		Registrar         core.Route     `field:"registrar"`
	}
	// SIPAccountRegistrationDidFail: the account is not registered; another try
	// follows.
	SIPAccountRegistrationDidFail struct {
		Error   string  `field:"error"`
		Timeout float64 `field:"timeout"` // seconds until the next try
	}
	// SIPAccountRegistrationDidEnd: the registration has been given back.
	SIPAccountRegistrationDidEnd struct {
		Registration *Registration `field:"registration"`
	}
	// SIPAccountRegistrationDidNotEnd: the registration could not be given back.
	SIPAccountRegistrationDidNotEnd struct {
		Code         int           `field:"code"`
		Reason       string        `field:"reason"`
		Registration *Registration `field:"registration"`
	}
)

// Notifications of one registration; the sender is the *[Registration].
type (
	// SIPRegistrationDidSucceed: a REGISTER was accepted.
	SIPRegistrationDidSucceed struct {
		Code              int            `field:"code"`
		Reason            string         `field:"reason"`
		ContactHeader     core.Address   `field:"contact_header"`
		ContactHeaderList []core.Address `field:"contact_header_list"`
		ExpiresIn         int            `field:"expires_in"`
		RouteHeader       core.Route     `field:"route_header"`
	}
	// SIPRegistrationDidFail: a REGISTER was refused or not answered.
	SIPRegistrationDidFail struct {
		Code        int        `field:"code"`
		Reason      string     `field:"reason"`
		RouteHeader core.Route `field:"route_header"`
	}
	// SIPRegistrationWillExpire: it is time to renew the registration.
	SIPRegistrationWillExpire struct {
		Expires int `field:"expires"` // seconds left
	}
	// SIPRegistrationWillEnd: the registration is about to be given back.
	SIPRegistrationWillEnd struct{}
	// SIPRegistrationDidEnd: the registration is over.
	SIPRegistrationDidEnd struct {
		Expired bool `field:"expired"` // nobody renewed it in time
	}
	// SIPRegistrationDidNotEnd: the registration could not be given back.
	SIPRegistrationDidNotEnd struct {
		Code   int    `field:"code"`
		Reason string `field:"reason"`
	}
)

// Inputs from outside: whoever watches over the machine posts them to the
// notification centre of the application (application.md 2.7). The sender does
// not matter.
type (
	// SystemIPAddressDidChange: this host has another address.
	SystemIPAddressDidChange struct {
		OldIPAddress string `field:"old_ip_address"`
		NewIPAddress string `field:"new_ip_address"`
	}
	// SystemDidWakeUpFromSleep: the machine was suspended.
	SystemDidWakeUpFromSleep struct{}
)

// NotificationName implements [notification.Data].
func (SIPAccountManagerDidAddAccount) NotificationName() string {
	return "SIPAccountManagerDidAddAccount"
}
func (SIPAccountManagerDidRemoveAccount) NotificationName() string {
	return "SIPAccountManagerDidRemoveAccount"
}
func (SIPAccountManagerDidChangeDefaultAccount) NotificationName() string {
	return "SIPAccountManagerDidChangeDefaultAccount"
}
func (SIPAccountManagerWillStart) NotificationName() string { return "SIPAccountManagerWillStart" }
func (SIPAccountManagerDidStart) NotificationName() string  { return "SIPAccountManagerDidStart" }
func (SIPAccountManagerWillEnd) NotificationName() string   { return "SIPAccountManagerWillEnd" }
func (SIPAccountManagerDidEnd) NotificationName() string    { return "SIPAccountManagerDidEnd" }
func (SIPAccountWillActivate) NotificationName() string     { return "SIPAccountWillActivate" }
func (SIPAccountDidActivate) NotificationName() string      { return "SIPAccountDidActivate" }
func (SIPAccountWillDeactivate) NotificationName() string   { return "SIPAccountWillDeactivate" }
func (SIPAccountDidDeactivate) NotificationName() string    { return "SIPAccountDidDeactivate" }
func (SIPAccountDidDiscoverXCAPSupport) NotificationName() string {
	return "SIPAccountDidDiscoverXCAPSupport"
}
func (SIPAccountMWIDidGetSummary) NotificationName() string { return "SIPAccountMWIDidGetSummary" }
func (SIPAccountWillRegister) NotificationName() string     { return "SIPAccountWillRegister" }
func (SIPAccountRegistrationWillRefresh) NotificationName() string {
	return "SIPAccountRegistrationWillRefresh"
}
func (SIPAccountRegistrationGotAnswer) NotificationName() string {
	return "SIPAccountRegistrationGotAnswer"
}
func (SIPAccountRegistrationDidSucceed) NotificationName() string {
	return "SIPAccountRegistrationDidSucceed"
}
func (SIPAccountRegistrationDidFail) NotificationName() string {
	return "SIPAccountRegistrationDidFail"
}
func (SIPAccountRegistrationDidEnd) NotificationName() string { return "SIPAccountRegistrationDidEnd" }
func (SIPAccountRegistrationDidNotEnd) NotificationName() string {
	return "SIPAccountRegistrationDidNotEnd"
}
func (SIPRegistrationDidSucceed) NotificationName() string { return "SIPRegistrationDidSucceed" }
func (SIPRegistrationDidFail) NotificationName() string    { return "SIPRegistrationDidFail" }
func (SIPRegistrationWillExpire) NotificationName() string { return "SIPRegistrationWillExpire" }
func (SIPRegistrationWillEnd) NotificationName() string    { return "SIPRegistrationWillEnd" }
func (SIPRegistrationDidEnd) NotificationName() string     { return "SIPRegistrationDidEnd" }
func (SIPRegistrationDidNotEnd) NotificationName() string  { return "SIPRegistrationDidNotEnd" }
func (SystemIPAddressDidChange) NotificationName() string  { return "SystemIPAddressDidChange" }
func (SystemDidWakeUpFromSleep) NotificationName() string  { return "SystemDidWakeUpFromSleep" }

// Notifications are zero values of all notifications of this package.
func Notifications() []notification.Data {
	return append([]notification.Data{
		SIPAccountManagerDidAddAccount{}, SIPAccountManagerDidRemoveAccount{}, SIPAccountManagerDidChangeDefaultAccount{},
		SIPAccountManagerWillStart{}, SIPAccountManagerDidStart{}, SIPAccountManagerWillEnd{}, SIPAccountManagerDidEnd{},
		SIPAccountWillActivate{}, SIPAccountDidActivate{}, SIPAccountWillDeactivate{}, SIPAccountDidDeactivate{},
		SIPAccountMWIDidGetSummary{}, SIPAccountDidDiscoverXCAPSupport{}, SIPAccountWillRegister{}, SIPAccountRegistrationWillRefresh{},
		SIPAccountRegistrationGotAnswer{}, SIPAccountRegistrationDidSucceed{}, SIPAccountRegistrationDidFail{},
		SIPAccountRegistrationDidEnd{}, SIPAccountRegistrationDidNotEnd{}, SIPRegistrationDidSucceed{},
		SIPRegistrationDidFail{}, SIPRegistrationWillExpire{}, SIPRegistrationWillEnd{}, SIPRegistrationDidEnd{},
		SIPRegistrationDidNotEnd{}, SystemIPAddressDidChange{}, SystemDidWakeUpFromSleep{},
	}, slices.Concat(publicationNotifications(), bonjourNotifications())...)
}
