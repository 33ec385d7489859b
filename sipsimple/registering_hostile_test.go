package sipsimple_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
)

// TestHostileRegistrars: answers that lead nowhere end the attempt, and nobody
// else is ever asked.
func TestHostileRegistrars(t *testing.T) {
	header := func(name, value string) []sipserver.Header { return []sipserver.Header{{Name: name, Value: value}} }
	redirect := func(to string) []sipserver.Answer {
		return []sipserver.Answer{{Code: 302, Headers: header("Contact", to)}}
	}
	for name, c := range map[string]struct {
		answers []sipserver.Answer
		code    int
		failure string
	}{
		"redirected to a stranger": {redirect("<sip:mallory.test>"), 302, "No more routes to try"},
		"redirected to itself":     {redirect("<sip:reg.test>"), 302, "No more routes to try"},
		"use proxy":                {[]sipserver.Answer{{Code: 305, Headers: header("Contact", "<sip:mallory.test>")}}, 305, "No more routes to try"},
		"stale for ever":           {slices.Repeat([]sipserver.Answer{{Code: 401, Stale: true}}, 50), 401, "Authentication failed"},
		"wants huge registrations": {[]sipserver.Answer{{Code: 423, Headers: header("Min-Expires", "99999999999999999999")}}, 423, "Interval too short"},
		"wants negative ones":      {[]sipserver.Answer{{Code: 423, Headers: header("Min-Expires", "-1")}}, 423, "Interval too short"},
		"does not say how long":    {[]sipserver.Answer{{Code: 423}}, 423, "Interval too short"},
		"moved for ever":           {redirect("*"), 302, "No more routes to try"},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				server := l.registrar("reg", func(cfg *sipserver.Config) {
					cfg.Answers = map[string][]sipserver.Answer{"REGISTER": c.answers}
				})
				defer server.Close()
				stranger := l.registrar("mallory", func(cfg *sipserver.Config) { cfg.Users = nil })
				defer stranger.Close()
				p := l.phone("alice", stored("alice@reg.test auth.password=secret"))
				p.start()
				p.forget()
				pass(900 * time.Millisecond)
				p.expect(fmt.Sprintf("GotAnswer %d 192.0.2.1", c.code), "DidFail "+c.failure)
				if n := len(server.Requests()); n > 4 {
					t.Errorf("%d requests within the first attempt", n)
				}
				pass(time.Hour)
				if n := len(server.Requests()); n < 2 || n > 200 {
					t.Errorf("%d requests in an hour", n)
				}
				if list := stranger.Requests(); len(list) > 0 {
					t.Errorf("the stranger was asked: %+v", list)
				}
				p.stop()
			})
		})
	}
}

// TestAnswersFromElsewhere: a stranger that knows everything of a REGISTER but its
// branch, which is of chance, changes nothing. An answer with the branch counts
// wherever it comes from (RFC 3261 section 18.1.2): a registrar may have several
// addresses.
func TestAnswersFromElsewhere(t *testing.T) {
	for branch, want := range map[string][]string{
		"guessed": nil,
		"known":   {"GotAnswer 200 192.0.2.1", "DidSucceed 77"},
	} {
		t.Run(branch, func(t *testing.T) {
			inLab(t, func(l *lab) {
				reg, err := l.net.Host("reg", netip.Addr{})
				must(t, err)
				reg.Swallow(true)
				mallory, err := l.net.Host("mallory", netip.Addr{})
				must(t, err)
				conn, err := mallory.ListenPacket("udp", ":5060")
				must(t, err)
				defer conn.Close()
				sent := make(chan []byte, 100)
				l.net.TapDatagrams(func(p simnet.Packet) {
					if strings.HasPrefix(string(p.Data), "REGISTER ") {
						sent <- slices.Clone(p.Data)
					}
				})
				p := l.phone("alice", stored("alice@reg.test"))
				p.start()
				p.forget()
				request := string(<-sent)
				if branch == "guessed" {
					before, rest, _ := strings.Cut(request, ";branch=z9hG4bK")
					request = before + ";branch=z9hG4bK0" + rest[1:]
				}
				_, rest, _ := strings.Cut(request, "\r\n")
				response := "SIP/2.0 200 OK\r\n" + strings.Replace(rest, "Expires: 3600", "Expires: 77", 1)
				_, err = conn.WriteTo([]byte(response), &net.UDPAddr{IP: p.host.Addr().AsSlice(), Port: 5060})
				must(t, err)
				pass(5 * time.Second)
				p.expect(want...)
				p.stop()
			})
		})
	}
}
