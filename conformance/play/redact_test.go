package play_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/conformance/play"
)

// TestLogsKeepSecrets: the log of a run with a challenge, a key and a password in
// a URI has none of them, and is there all the same.
func TestLogsKeepSecrets(t *testing.T) {
	c := loadText(t, `spec: []
matrix: {srtp: [optional]}
parties:
  alice: {account: {rtp.use_srtp_without_tls: true, id: alice@proxy.test, auth.username: alice, auth.password: s3cret}}
  proxy: {server: proxy, users: {alice: s3cret}}
  bob: {}
steps:
  - alice: {call: "sip:bob:hidden@bob.test", routes: [udp proxy]}
  - bob: accept
  - expect:
      alice: [..., SIPSessionDidStart]
      bob: [..., SIPSessionDidStart]
  - alice: end
  - expect:
      alice: [...]
      bob: [...]
`)
	r := play.PlayAndLog(c)
	var log bytes.Buffer
	if err := play.WriteLog(&log, r.Log); err != nil || r.Verdict != play.Passed {
		t.Fatalf("%s %v, %v", r.Verdict, r.Failures, err)
	}
	text := log.String()
	for _, there := range []string{"inline:*", `response=\"*\"`, `cnonce=\"*\"`, "sip:bob:*@bob.test", "Proxy-Authorization: Digest username="} {
		if !strings.Contains(text, there) {
			t.Errorf("no %s in the log", there)
		}
	}
	if strings.Contains(text, "hidden") || strings.Contains(text, "s3cret") {
		t.Error("a password is in the log")
	}
}
