package account

import (
	"strings"
	"testing"
)

// A disabled account is not called, by whatever name.
func TestDisabledAccountsAreNotCalled(t *testing.T) {
	off := &Account{ID: "alice@a.test", ContactUser: "abcdefgh", Disabled: true}
	on := &Account{ID: "alice@a.test", ContactUser: "abcdefgh"}
	for _, called := range []string{"abcdefgh@192.0.2.1", "alice@a.test", "alice@elsewhere.test"} {
		user, host, _ := strings.Cut(called, "@")
		if got := Match([]*Account{off}, off, user, host); got != nil {
			t.Errorf("%s calls a disabled account", called)
		}
		if got := Match([]*Account{off, on}, off, user, host); got != on {
			t.Errorf("%s does not call the enabled one of two", called)
		}
	}
}
