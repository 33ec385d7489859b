package streams

import (
	"context"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/msrp"
)

// TestConnectionModel: who connects, and what a=setup says of it, by model, direction and the offer's a=setup, which is
// active where it is missing (RFC 4975 section 8, RFC 6135 section 4).
func TestConnectionModel(t *testing.T) {
	relay := MSRPSettings{Relay: &msrp.Relay{Host: "relay.test"}}
	always := MSRPSettings{Relay: relay.Relay, RelayForOutbound: true}
	found := MSRPSettings{FindRelay: func(context.Context, bool) ([]msrp.Relay, error) { return nil, nil }}
	acm := MSRPSettings{}
	bonjour := MSRPSettings{Model: ModelBonjour}
	for _, c := range []struct {
		name      string
		settings  MSRPSettings
		direction Direction
		remote    string
		mode      msrp.Mode
		setup     string
	}{
		{"bonjour", bonjour, Outgoing, "", msrp.Connect, "active"},
		{"bonjour", bonjour, Incoming, "active", msrp.Listen, "passive"},
		{"bonjour", bonjour, Incoming, "actpass", msrp.Listen, "passive"},
		{"bonjour", bonjour, Incoming, "passive", msrp.Connect, "active"}, // one of the two must connect
		{"relay", relay, Outgoing, "", msrp.Connect, "active"},
		{"relay", relay, Incoming, "actpass", msrp.Connect, "active"},
		{"relay", relay, Incoming, "passive", msrp.Connect, "active"},
		{"relay", relay, Incoming, "active", msrp.ViaRelay, "passive"},
		{"relay that is looked for", found, Incoming, "active", msrp.ViaRelay, "passive"},
		{"relay for all", always, Outgoing, "", msrp.ViaRelay, "actpass"},
		{"relay for all", always, Incoming, "active", msrp.ViaRelay, "passive"},
		{"acm", acm, Outgoing, "", msrp.Listen, "actpass"},
		{"acm", acm, Incoming, "actpass", msrp.Connect, "active"},
		{"acm", acm, Incoming, "passive", msrp.Connect, "active"},
		{"acm", acm, Incoming, "active", msrp.Listen, "passive"},
	} {
		if mode, setup := c.settings.connection(c.direction, c.remote); mode != c.mode || setup != c.setup {
			t.Errorf("%s, %s, offer %q: mode %d and setup:%s, want %d and setup:%s", c.name, c.direction, c.remote, mode, setup, c.mode, c.setup)
		}
	}
}
