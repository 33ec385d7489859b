// Package account holds who a user is: the address of record, the user part
// of the Contact and the credentials. Accounts are plain values for now: they
// do not register.
package account

import "github.com/emiago/sipgo/sip"

// Account is one identity of the user. It must not be changed once a session
// uses it.
type Account struct {
	ID          string // address of record without scheme, such as alice@example.test
	DisplayName string // of the From header; may be empty
	ContactUser string // user part of our Contact; empty means the user part of ID
	Username    string // for digest authentication; empty means the user part of ID
	Password    string // for digest authentication; empty means there are no credentials
	Disabled    bool   // a disabled account takes no calls
}

// URI is the address of record as a SIP URI. A malformed ID gives a zero URI.
func (a *Account) URI() sip.Uri {
	var uri sip.Uri
	if err := sip.ParseUri("sip:"+a.ID, &uri); err != nil {
		return sip.Uri{}
	}
	return uri
}
