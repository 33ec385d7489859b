package peers_test

import (
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/peers"
)

const good = `callflow: 1
peers:
  baresip: {exec: "./baresip-adapter -v"}
  desk: {manual: "sip:100@192.0.2.9"}
scenarios: [call/, trm/TRM-02]
parties: [bob]
known_failures:
  - {peer: baresip, scenario: "call/basic[udp]", because: it rings by itself}
`

func TestRead(t *testing.T) {
	f, problems := peers.Read("peers.yaml", []byte(good))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if len(f.Peers) != 2 || f.Peers[0] != (peers.Peer{Name: "baresip", Source: "exec:./baresip-adapter -v"}) ||
		f.Peers[1].Source != "manual:sip:100@192.0.2.9" || len(f.Scenarios) != 2 || len(f.Parties) != 1 || len(f.Known) != 1 {
		t.Errorf("%+v", f)
	}
	k := f.Known[0]
	if !k.Concerns("call/basic", "call/basic[udp]", "baresip", "bob") || k.Concerns("call/basic", "call/basic[tcp]", "baresip", "bob") ||
		k.Concerns("call/basic", "call/basic[udp]", "desk", "bob") {
		t.Errorf("%+v", k)
	}
}

// TestMistakes: each is told with its place.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":     "peers.yaml: expected one YAML document",
		"a:":   `unknown key "a"`,
		"- a":  "peers.yaml:1:1: expected a map",
		"a: [": "this is not YAML",
		strings.Replace(good, "callflow: 1", "callflow: 2", 1):         "expected callflow: 1",
		strings.Replace(good, "exec:", "execute:", 1):                  `peers.yaml:3:13: unknown key "execute"`,
		strings.Replace(good, "scenarios: [call/, trm/TRM-02]", "", 1): "scenarios: expected a list",
		strings.Replace(good, "peer: baresip", "peer: other", 1):       `peers.yaml:8:5: known_failures: there is no peer "other"`,
		strings.Replace(good, ", because: it rings by itself", "", 1):  "needs peer, scenario and because",
		strings.Replace(good, "parties: [bob]", "parties: bob", 1):     "peers.yaml:6:10: expected a list",
		good + "parties: [alice]\n":                                    "the key parties is there already",
	} {
		if _, problems := peers.Read("peers.yaml", []byte(text)); !strings.Contains(problems.String(), want) {
			t.Errorf("%q\nexpected %q, got\n%s", text, want, problems)
		}
	}
}
