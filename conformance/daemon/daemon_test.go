package daemon_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/conformance/daemon"
)

func start(t *testing.T, cfg daemon.KamailioConfig) *daemon.Kamailio {
	t.Helper()
	k, err := daemon.StartKamailio(cfg)
	if errors.Is(err, daemon.ErrAbsent) {
		t.Skip("needs kamailio")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func TestKamailioRegisters(t *testing.T) {
	at, err := daemon.FreePort(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	k := start(t, daemon.KamailioConfig{Name: "reg", UDP: at, TCP: at, Registrar: true})
	conn, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	register := func(n, expires int) string {
		fmt.Fprintf(conn, "REGISTER sip:reg.test SIP/2.0\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bK%d;rport\r\nFrom: <sip:alice@reg.test>;tag=1\r\n"+
			"To: <sip:alice@reg.test>\r\nCall-ID: 1\r\nCSeq: %d REGISTER\r\nContact: <sip:alice@%v>\r\nExpires: %d\r\n"+
			"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n", conn.LocalAddr(), n, n, conn.LocalAddr(), expires)
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		buf := make([]byte, 4000)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(buf[:n]), "\r\n")
		return line
	}
	for i, want := range []int{1, 0} {
		if line := register(i+1, want*120); line != "SIP/2.0 200 OK" {
			t.Errorf("REGISTER is answered %q", line)
		}
		list, err := k.Bindings()
		if err != nil || len(list) != want {
			t.Fatalf("bindings %v, %v; want %d", list, err, want)
		}
		if want == 1 && (list[0].AOR != "alice@reg.test" || list[0].Contact != "sip:alice@"+conn.LocalAddr().String()) {
			t.Errorf("binding %+v", list[0])
		}
	}
}
