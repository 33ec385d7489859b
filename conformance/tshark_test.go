package conformance_test

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple"
	"github.com/go-sipsimple/callflow/sipsimple/account"
	"github.com/go-sipsimple/callflow/sipsimple/core"
	"github.com/go-sipsimple/callflow/sipsimple/notification"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// TestDissector has tshark decode a call with a chat and a file transfer: every message of SIP and MSRP, and nothing
// malformed.
func TestDissector(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark: 1 capture is not decoded")
	}
	capture := newPCAP()
	if err := simnet.Bubble(func() { chatAndFile(t, capture) }); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "call.pcap")
	if err := os.WriteFile(name, capture.data, 0o600); err != nil {
		t.Fatal(err)
	}
	columns := []string{"_ws.malformed", "sip.Method", "sip.Status-Code", "msrp.method", "msrp.status.code"}
	args := []string{"-n", "-r", name, "-d", "tcp.port==2855,msrp", "-T", "fields", "-E", "separator=|"}
	for _, c := range columns {
		args = append(args, "-e", c)
	}
	out, err := exec.Command(tshark, args...).Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(out)) {
		for i, cell := range strings.Split(strings.TrimSpace(line), "|") {
			for value := range strings.SplitSeq(cell, ",") {
				if value != "" {
					seen[columns[i]+" "+value]++
				}
			}
		}
	}
	for what, n := range seen {
		if strings.HasPrefix(what, "_ws.malformed") {
			t.Errorf("%d malformed frames (%s)", n, what)
		}
	}
	for what, least := range map[string]int{
		"sip.Method INVITE": 1, "sip.Status-Code 200": 2, "sip.Method BYE": 1, "msrp.method SEND": 6, "msrp.method REPORT": 3,
		"msrp.status.code 200": 5,
	} {
		if seen[what] < least {
			t.Errorf("%s: %d frames, expected %d at least: %v", what, seen[what], least, seen)
		}
	}
}

// talker is one end of that call.
type talker struct {
	app  *sipsimple.Application
	acc  *account.Account
	host *simnet.Host
}

func newTalker(t *testing.T, n *simnet.Network, name string) *talker {
	host, err := n.Host(name, netip.Addr{})
	must(t, err)
	p := &talker{acc: &account.Account{ID: name + "@" + name + ".test"}, host: host}
	p.app, err = sipsimple.NewApplication(sipsimple.Config{
		Net: host, Host: host.Addr(), UDPPort: 5060, TCPPort: 5060, TLSPort: -1, Rand: rand.NewChaCha8([32]byte{name[0]}),
		Accounts: []*account.Account{p.acc},
	})
	must(t, err)
	must(t, p.app.Start())
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// chatAndFile is a call with a chat and a file of 100 kB.
func chatAndFile(t *testing.T, capture *pcap) {
	n := simnet.New(1)
	defer n.Close()
	n.Tap(capture.add)
	alice, bob := newTalker(t, n, "alice"), newTalker(t, n, "bob")
	bob.app.Center().AddObserver(notification.ObserverFunc(func(e notification.Notification) {
		s := e.Sender.(*sipsimple.Session)
		must(t, s.Accept(s.ProposedStreams(), nil))
	}), notification.Filter{Name: "SIPSessionNewIncoming"})
	chat, err := alice.app.NewStream(streams.ChatType, alice.acc)
	must(t, err)
	file, err := alice.app.NewStream(streams.FileTransferType, alice.acc)
	must(t, err)
	content := bytes.Repeat([]byte("callflow "), 100000/9)
	must(t, file.(*streams.FileTransferStream).SetFileSelector(streams.FileSelector{
		Name: "x.txt", Type: "text/plain", Size: int64(len(content)), Content: bytes.NewReader(content),
	}))
	to, err := core.ParseAddress("sip:bob@bob.test")
	must(t, err)
	call := sipsimple.NewSession(alice.app, alice.acc)
	route := core.Route{Address: bob.host.Addr().String(), Port: 5060, Transport: "udp"}
	must(t, call.Connect(to, []core.Route{route}, []streams.MediaStream{chat, file}, nil))
	<-time.After(time.Second)
	for _, text := range []string{"Hello", "ünïcödé", strings.Repeat("long ", 1000)} {
		_, err := chat.(*streams.ChatStream).SendMessage([]byte(text), nil)
		must(t, err)
	}
	_, err = chat.(*streams.ChatStream).SendComposingIndication("active", 60, time.Time{}, nil)
	must(t, err)
	<-time.After(time.Second)
	call.End()
	<-time.After(5 * time.Second)
	for _, p := range []*talker{alice, bob} {
		p.app.Stop()
		<-p.app.Done()
	}
}
