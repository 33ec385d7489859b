package account

import (
	"strings"
	"testing"
)

func TestMessageSummary(t *testing.T) {
	s, err := ParseMessageSummary([]byte("Messages-Waiting: yes\r\nMessage-Account: sip:alice@vm.test\r\nVoice-Message: 2/8 (0/2)\r\n" +
		"Fax-Message: 1/0\r\n\r\nTo: <alice@example.org>\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !s.MessagesWaiting || s.account() != "alice@vm.test" || s.Summaries["voice-message"] != (Messages{2, 8, 0, 2}) ||
		s.Summaries["fax-message"] != (Messages{New: 1}) || s.Headers["to"] == "" {
		t.Errorf("%+v", s)
	}
	for _, bad := range []string{"", "Messages-Waiting: perhaps\r\n", "Voice-Message: 1/2\r\n", "Messages-Waiting: no\r\nVoice-Message: -1/2\r\n",
		"Messages-Waiting: no\r\nVoice-Message: many\r\n", "Messages-Waiting\r\n", strings.Repeat("a: b\r\n", 1000)} {
		if s, err := ParseMessageSummary([]byte(bad)); err == nil {
			t.Errorf("%.40q is read as %+v", bad, s)
		}
	}
}

func FuzzMessageSummary(f *testing.F) {
	f.Add([]byte("Messages-Waiting: yes\r\nMessage-Account: sip:alice@vm.test\r\nVoice-Message: 2/8 (0/2)\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if s, err := ParseMessageSummary(body); err == nil {
			_ = s.FieldValue()
		}
	})
}
