package core

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// busy is a callee that takes every call.
func busy(l *lab, change func(*Config)) (*Engine, *party) {
	bob := &party{}
	e := l.engine(2, func(cfg *Config) {
		answering(bob, func(i *Invitation) { i.Accept(Answer{SDP: offer}) })(cfg)
		if change != nil {
			change(cfg)
		}
	})
	return e, bob
}

func TestInvitesThatNeverReachTheApplication(t *testing.T) {
	for name, c := range map[string]struct {
		extra []string
		body  string
		code  int
		want  string // header of the answer: "Name: value"
	}{
		"unknown extension": {[]string{"Require: timer, 100rel, x"}, "", 420, "timer, x"},
		"no contact":        {[]string{"Contact: *"}, "", 400, ""},
		"two contacts":      {[]string{"Contact: <sip:alice@192.0.2.9>"}, "", 400, ""},
		"not SDP":           {[]string{"Content-Type: text/plain"}, "hello", 415, sdpType},
		"broken SDP":        {[]string{"Content-Type: application/sdp"}, "v=0\r\nnonsense\r\n", 400, ""},
		"no SDP wanted":     {[]string{"Accept: text/plain"}, "", 406, ""},
		"unknown Replaces":  {[]string{"Replaces: x;to-tag=1;from-tag=2"}, "", 481, ""},
		"two Replaces":      {[]string{"Replaces: x;to-tag=1;from-tag=2", "Replaces: y;to-tag=1;from-tag=2"}, "", 400, ""},
		"Replaces, no tag":  {[]string{"Replaces: x;to-tag=1"}, "", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				e, bob := busy(l, nil)
				alice := l.peer(1)
				lines := []string{
					"INVITE sip:bob@192.0.2.2 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", "Max-Forwards: 70",
					"From: <sip:alice@a.test>;tag=ft", "To: <sip:bob@b.test>", "Call-ID: call-1", "CSeq: 1 INVITE",
				}
				if name != "no contact" {
					lines = append(lines, "Contact: <sip:alice@192.0.2.1>")
				}
				alice.text("192.0.2.2", c.body, append(lines, c.extra...)...)
				pass(100 * time.Millisecond)
				if got := alice.codes(sip.INVITE); !slices.Equal(got, []int{c.code}) {
					t.Fatalf("answered %v, want %d", got, c.code)
				}
				header := map[int]string{420: "unsupported", 415: "accept", 400: "warning"}[c.code]
				if got := headerText(alice.messages()[0], header); header != "" && got == "" || c.want != "" && got != c.want {
					t.Errorf("%s: %q, want %q", header, got, c.want)
				}
				if bob.inv != nil {
					t.Error("the application heard of it")
				}
				pass(time.Minute)
				l.expectEmpty(e)
			})
		})
	}
}

func TestMergedAndLooped(t *testing.T) {
	inLab(t, func(l *lab) {
		_, bob := busy(l, nil)
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(50 * time.Millisecond)
		alice.inside("192.0.2.2", "ACK", 1)
		alice.invite("192.0.2.2", "2")
		pass(50 * time.Millisecond)
		if got := alice.codes(sip.INVITE); !slices.Equal(got, []int{200, 482}) {
			t.Errorf("answered %v", got)
		}
		bob.expect(t, "Acknowledged")
	})
	inLab(t, func(l *lab) {
		a, mirror := l.engine(1, answering(&party{}, nil)), l.peer(9)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.9")) })
		pass(50 * time.Millisecond)
		back := mirror.last(sip.INVITE).Clone()
		back.RemoveHeader("Via")
		back.PrependHeader(via("udp", mirror.addr, "z9hG4bKback"))
		mirror.send(back, "192.0.2.1")
		pass(50 * time.Millisecond)
		if got := mirror.codes(sip.INVITE); !slices.Equal(got, []int{482}) {
			t.Errorf("looped INVITE answered %v", got)
		}
	})
}

func TestRequestsOutsideDialogs(t *testing.T) {
	for method, want := range map[sip.RequestMethod]int{
		"OPTIONS": 200, "BYE": 481, "PRACK": 481, "UPDATE": 481, "NOTIFY": 481, "CANCEL": 481,
		"SUBSCRIBE": 489, "REFER": 403, "REGISTER": 405, "MESSAGE": 200, "INFO": 405, "DANCE": 501,
	} {
		for _, tag := range []string{"", ";tag=unknown"} {
			if tag != "" && want < 405 || tag != "" && want == 489 {
				want = 481
			}
			inLab(t, func(l *lab) {
				busy(l, nil)
				alice := l.peer(1)
				alice.text("192.0.2.2", "",
					string(method)+" sip:bob@192.0.2.2 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", "Max-Forwards: 70",
					"From: <sip:alice@a.test>;tag=ft", "To: <sip:bob@b.test>"+tag, "Call-ID: call-1", "CSeq: 1 "+string(method),
					"Contact: <sip:alice@192.0.2.1>")
				pass(100 * time.Millisecond)
				if got := alice.codes(method); !slices.Equal(got, []int{want}) {
					t.Errorf("%s%s answered %v, want %d", method, tag, got, want)
				}
			})
		}
	}
}

// TestNameOfTheAgentIsOneLine: whatever the name, every message can be sent.
func TestNameOfTheAgentIsOneLine(t *testing.T) {
	inLab(t, func(l *lab) {
		bob, alice := l.engine(2, func(c *Config) { c.UserAgent = "phone\r\nof bob" }), l.peer(1)
		for i, want := range []string{"phone  of bob", "another one"} {
			alice.text("192.0.2.2", "",
				"OPTIONS sip:bob@192.0.2.2 SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%d", i), "Max-Forwards: 70",
				"From: <sip:alice@a.test>;tag=ft", "To: <sip:bob@b.test>", fmt.Sprintf("Call-ID: call-%d", i), "CSeq: 1 OPTIONS")
			pass(100 * time.Millisecond)
			if got := alice.messages(); len(got) != i+1 || headerText(got[i], "server") != want {
				t.Errorf("%d answers, want one with Server: %s", len(got), want)
			}
			bob.SetUserAgent("another\none")
		}
	})
}

func TestOrderInTheDialog(t *testing.T) {
	inLab(t, func(l *lab) {
		_, bob := busy(l, nil)
		alice := l.peer(1)
		alice.invite("192.0.2.2", "1")
		pass(50 * time.Millisecond)
		alice.inside("192.0.2.2", "ACK", 1)
		alice.inside("192.0.2.2", "OPTIONS", 5)
		alice.inside("192.0.2.2", "OPTIONS", 5)
		pass(50 * time.Millisecond)
		alice.inside("192.0.2.2", "BYE", 4)
		pass(50 * time.Millisecond)
		if got := alice.codes(sip.OPTIONS); !slices.Equal(got, []int{200, 500}) {
			t.Errorf("OPTIONS answered %v", got)
		}
		if got := alice.codes(sip.BYE); !slices.Equal(got, []int{500}) {
			t.Errorf("BYE answered %v", got)
		}
		alice.inside("192.0.2.2", "BYE", 6)
		pass(50 * time.Millisecond)
		bob.expect(t, "Acknowledged ByeReceived")
		alice.inside("192.0.2.2", "INVITE", 7, "Contact: <sip:alice@192.0.2.1>")
		pass(50 * time.Millisecond)
		if got := alice.codes(sip.INVITE); !slices.Equal(got, []int{200, 481}) {
			t.Errorf("INVITE in the ended dialog answered %v", got)
		}
	})
}

func TestLimits(t *testing.T) {
	inLab(t, func(l *lab) {
		bob := &party{}
		e := l.engine(2, func(cfg *Config) {
			answering(bob, nil)(cfg)
			cfg.MaxPending = 1
		})
		alice, carol := l.peer(1), l.peer(3)
		alice.invite("192.0.2.2", "1")
		pass(50 * time.Millisecond)
		carol.text("192.0.2.2", "", "INVITE sip:bob@192.0.2.2 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.3:5060;branch=z9hG4bK1",
			"Max-Forwards: 70", "From: <sip:carol@c.test>;tag=ct", "To: <sip:bob@b.test>", "Call-ID: call-2", "CSeq: 1 INVITE",
			"Contact: <sip:carol@192.0.2.3>")
		pass(50 * time.Millisecond)
		if got := carol.codes(sip.INVITE); !slices.Equal(got, []int{503}) {
			t.Errorf("answered %v", got)
		}
		bob.do(func(i *Invitation) { i.Reject(603, "") })
		pass(time.Minute)
		l.expectEmpty(e)
	})
}

// There is room for so many dialogs and no more; a call that replaces one which
// we have just ended is declined (RFC 3891 section 3).
func TestRoomForOneDialog(t *testing.T) {
	inLab(t, func(l *lab) {
		_, bob := busy(l, func(cfg *Config) { cfg.MaxDialogs = 2 })
		alice, carol := l.peer(1), l.peer(3)
		alice.invite("192.0.2.2", "1")
		pass(50 * time.Millisecond)
		alice.inside("192.0.2.2", "ACK", 1)
		pass(50 * time.Millisecond)
		invite := func(id string, extra ...string) *sip.Response {
			carol.text("192.0.2.2", "", append([]string{"INVITE sip:bob@192.0.2.2 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.3:5060;branch=z9hG4bK" + id,
				"Max-Forwards: 70", "From: <sip:carol@c.test>;tag=ct", "To: <sip:bob@b.test>", "Call-ID: " + id, "CSeq: 1 INVITE",
				"Contact: <sip:carol@192.0.2.3>"}, extra...)...)
			pass(50 * time.Millisecond)
			return carol.messages()[len(carol.messages())-1].(*sip.Response)
		}
		tag := toTag(alice.messages()[0].(*sip.Response))
		bob.do(func(i *Invitation) { i.Bye(0, "") })
		if res := invite("2", "Replaces: call-1;to-tag="+tag+";from-tag=ft"); res.StatusCode != 603 {
			t.Errorf("replacing a call that ends: %s", res.StartLine())
		}
		if res := invite("3"); res.StatusCode != 200 {
			t.Errorf("the second call: %s", res.StartLine())
		}
		if res := invite("4"); res.StatusCode != 503 || headerText(res, "retry-after") != "10" {
			t.Errorf("the third call:\n%s", res)
		}
	})
}

func TestResponsesOutOfRange(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		alice := l.caller(a, nil)
		alice.do(func(i *Invitation) { i.Invite(toBob("192.0.2.2")) })
		pass(50 * time.Millisecond)
		invite := bob.last(sip.INVITE)
		for _, code := range []string{"799", "099"} {
			text := bob.answer(invite, 200, "bt").String()
			l.sendAny(bob.addr, "192.0.2.1", "SIP/2.0 "+code+" Odd"+text[len("SIP/2.0 200 OK"):])
		}
		pass(50 * time.Millisecond)
		alice.expect(t, "")
		bob.reply(invite, 499, "bt")
		pass(50 * time.Millisecond)
		alice.expect(t, "Rejected499")
	})
}

// tortureFiles are the collected test messages, found at $SIP_TORTURE or in a
// folder shared/data/torture beside one of the folders above.
func tortureFiles(t *testing.T) (files []string) {
	root := os.Getenv("SIP_TORTURE")
	for dir, _ := os.Getwd(); root == "" && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found := filepath.Join(dir, "shared", "data", "torture"); isDir(found) {
			root = found
		}
	}
	if !isDir(root) {
		t.Skip("no torture messages: neither $SIP_TORTURE nor shared/data/torture above this folder")
	}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); ext == ".dat" || ext == ".sip" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Messages made to break SIP stacks, those of RFC 4475 among them, to an engine
// that refuses every call: it must survive them, keep nothing of them and
// answer calls afterwards.
func TestTortureMessages(t *testing.T) {
	files := tortureFiles(t)
	inLab(t, func(l *lab) {
		l.hostile = true
		calls := 0
		e := l.engine(2, func(cfg *Config) {
			cfg.OnInvite = func(i *Invitation) {
				calls++
				i.Reject(486, "")
			}
		})
		alice := l.peer(1)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			l.sendAny(alice.addr, "192.0.2.2", string(data))
			pass(50 * time.Millisecond)
		}
		alice.invite("192.0.2.2", "last")
		pass(2 * time.Minute)
		if calls < 2 {
			t.Errorf("%d calls got through", calls)
		}
		l.expectEmpty(e)
	})
}

// TestImpossiblePorts: nothing is sent to a port that is cut down to one there is.
func TestImpossiblePorts(t *testing.T) {
	inLab(t, func(l *lab) {
		a, bob := l.engine(1, nil), l.peer(2)
		for _, port := range []int{-1, 65536, 65536 + 5060} {
			alice := l.caller(a, nil)
			to := toBob("192.0.2.2")
			to.Route.Port = port
			alice.do(func(i *Invitation) { i.Invite(to) })
			pass(time.Second)
			alice.expect(t, "TransportFailed")
			var wrong *PortError
			if _, err := ParseAddress(fmt.Sprintf("<sip:bob@192.0.2.2:%d>", port)); !errors.As(err, &wrong) || wrong.Port != port {
				t.Errorf("an address with port %d: %v", port, err)
			}
		}
		if got := bob.messages(); len(got) != 0 {
			t.Errorf("bob has received %v", got)
		}
	})
}
