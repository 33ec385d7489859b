package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/pion/transport/v5/stdnet"

	"github.com/go-sipsimple/callflow/conformance/daemon"
	"github.com/go-sipsimple/callflow/simnet/sipserver"
)

// TestPhoneRegisters: an account of a configuration file registers, is called by
// way of its registrar, hears and is heard, and gives its registration back.
func TestPhoneRegisters(t *testing.T) {
	t.Parallel()
	network, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	server, err := sipserver.New(sipserver.Config{
		Name: "phone", Net: network, Host: netip.MustParseAddr("127.0.0.1"), Port: -1, Rand: rand.Reader,
		Registrar: true, Proxy: true, Users: map[string]string{"bob": "s3 cret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	addr, _ := server.Addr("udp")
	callByRegistrar(t, addr, func() int { return len(server.Bindings()) })
	var codes []int
	for _, r := range server.Requests() {
		if r.Method == "REGISTER" {
			codes = append(codes, r.Code)
		}
	}
	if !slices.Equal(codes, []int{401, 200, 200}) {
		t.Errorf("REGISTER was answered %v, want a challenge, the registration and its end", codes)
	}
}

// TestPhoneAtKamailio is TestPhoneRegisters with other people's registrar.
func TestPhoneAtKamailio(t *testing.T) {
	t.Parallel()
	at, err := daemon.FreePort(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := daemon.StartKamailio(daemon.KamailioConfig{
		Name: "phone", UDP: at, TCP: at, Registrar: true, Users: map[string]string{"bob": "s3 cret"},
	})
	if errors.Is(err, daemon.ErrAbsent) {
		t.Skip("needs kamailio")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	callByRegistrar(t, at, func() int {
		list, err := server.Bindings()
		if err != nil {
			t.Error(err)
		}
		return len(list)
	})
}

// callByRegistrar has a phone register at a registrar, with the password "s3
// cret" of bob@phone.test, and another one call it there. bindings counts what
// is registered.
func callByRegistrar(t *testing.T, registrar netip.AddrPort, bindings func() int) {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf(`Accounts:
    bob@phone.test:
        enabled: true
        auth:
            password: "s3 cret"
        sip:
            outbound_proxy: "%v;transport=udp"
SIPSimpleSettings:
    rtp:
        port_range: 40000..40099
        timeout: -1
    sip:
        transport_list: [udp]
`, registrar)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	heard := filepath.Join(dir, "heard.wav")
	bob := start(t, "bob", "phone", "answer", "--config", dir, "--listen", "127.0.0.1", "--auto-answer", "--calls", "1",
		"--play", toneFile(t, dir, 880), "--record", heard)
	bob.await("rtp.timeout.*-1.*the default is used")
	bob.await("registered at 127.0.0.1")
	if n := bindings(); n != 1 {
		t.Errorf("%d bindings, want 1", n)
	}
	alice := start(t, "alice", "phone", "call", "sip:bob@phone.test", "--id", "alice", "--listen", "127.0.0.1",
		"--proxy", registrar.String(), "--play", toneFile(t, dir, 440), "--duration", "2s")
	port, err := strconv.Atoi(bob.await(`talking with sip:alice@127.0.0.1, [A-Z0-9]+, from 127.0.0.1:(\d+)`)[1])
	if err != nil || port < 40000 || port > 40099 {
		t.Errorf("RTP from port %d (%v), want one of port_range", port, err)
	}
	alice.exit(exitOK)
	bob.exit(exitOK)
	bob.await("no longer registered")
	if n := bindings(); n != 0 {
		t.Errorf("%d bindings after the end, want none", n)
	}
	heardBoth(t, "bob", heard)
}
