package dnssd

import (
	"testing"

	"github.com/pion/mdns/v2"

	"github.com/go-sipsimple/callflow/sipsimple/account"
)

// The version comes first, and what was found reaches whoever browses its type.
func TestRecordsAndDiscovery(t *testing.T) {
	list := records(map[string]string{"name": "Bob", "contact": "<sip:bob@192.0.2.7>", "txtvers": "1"})
	if len(list) != 3 || list[0].Key != "txtvers" || list[1].Key != "contact" || string(list[2].Value) != "Bob" {
		t.Errorf("records %v", list)
	}
	var got []account.Found
	n := &Neighbourhood{found: map[string]func(account.Found){"_sipuri._udp": func(f account.Found) { got = append(got, f) }}}
	for _, service := range []string{"_sipuri._udp", "_http._tcp"} {
		n.discovered(mdns.ServiceEvent{Instance: mdns.ServiceInstance{
			Instance: "bob", Service: service, Domain: "local", Host: "bob.local.", Port: 5060, Text: list,
		}})
	}
	if len(got) != 1 || got[0].Service.Text["name"] != "Bob" || got[0].Service.Host != "bob.local" || got[0].Domain != "local" {
		t.Errorf("found %+v", got)
	}
}

// On a machine with multicast the account can be advertised and looked for.
func TestOnTheSystem(t *testing.T) {
	n, err := New("callflow-test.example")
	if err != nil {
		t.Log("no multicast here:", err)
		return
	}
	service := account.Service{Name: "sip:alice@192.0.2.1", Type: "_sipuri._udp", Port: 5060, Text: map[string]string{"txtvers": "1", "name": "Alice"}}
	unregister, err := n.Register(service)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := n.Browse("_sipuri._udp", func(account.Found) {})
	if err != nil {
		t.Fatal(err)
	}
	service.Text["name"] = "Bob"
	if err := n.Update(service); err != nil {
		t.Error(err)
	}
	stop()
	unregister()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
