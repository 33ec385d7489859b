package account

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Match finds the account that a Request-URI calls among enabled ones
// (application.md 11.4): by the user part of its Contact; else by a GRUU, or by its
// whole address of record; else by the user part of that, if one account has it or the
// preferred one of several. preferred may be nil; the result is nil if nobody is
// called.
func Match(accounts []*Account, preferred *Account, user, host string) *Account {
	if user == "" {
		return nil
	}
	var named []*Account
	for _, a := range accounts {
		if a.Enabled() && a.ContactUser != "" && a.ContactUser == user {
			return a
		}
	}
	for _, a := range accounts {
		if a.Enabled() && (names(a.PublicGRUU(), user, host) || names(a.TemporaryGRUU(), user, host)) {
			return a
		}
	}
	for _, a := range accounts {
		uri := a.URI()
		if !a.Enabled() || uri.User != user || uri.Host == "" {
			continue
		}
		if strings.EqualFold(uri.Host, host) {
			return a
		}
		named = append(named, a)
	}
	for _, a := range named {
		if a == preferred {
			return a
		}
	}
	if len(named) == 0 {
		return nil
	}
	return named[0]
}

// names says whether a URI has that user part and host.
func names(text, user, host string) bool {
	if text == "" {
		return false
	}
	var uri sip.Uri
	return sip.ParseUri(text, &uri) == nil && uri.User == user && strings.EqualFold(uri.Host, host)
}

// Match finds the account that a Request-URI calls, nil if nobody is called.
func (m *Manager) Match(user, host string) *Account {
	return Match(m.all(), m.DefaultAccount(), user, host)
}
