package play

import (
	"fmt"

	"github.com/go-sipsimple/callflow/sipsimple/account"
)

// postInput posts what the program around an application tells it.
func (p *party) postInput(name string) error {
	switch name {
	case "SystemIPAddressDidChange":
		p.app.Center().Post(p.app, account.SystemIPAddressDidChange{NewIPAddress: p.address().String()})
	case "SystemDidWakeUpFromSleep":
		p.app.Center().Post(p.app, account.SystemDidWakeUpFromSleep{})
	default:
		return fmt.Errorf("%s is no input", name)
	}
	return nil
}
