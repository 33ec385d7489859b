package play

import (
	"fmt"

	"github.com/go-sipsimple/callflow/conformance/scenario"
	"github.com/go-sipsimple/callflow/sipsimple/account"
)

// publish gives the default account a presence document, or takes it away.
func (p *party) publish(v *scenario.Call) error {
	acc := p.accounts[""]
	switch {
	case acc == nil:
		return fmt.Errorf("%s has no account", p.def.Name)
	case v.Name == "unpublish":
		return acc.Publish(nil)
	}
	contentType, _ := v.Params["type"].(string)
	return acc.Publish(&account.PresenceState{ContentType: contentType, Document: []byte(textToSend(v))})
}
