package udp_test

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/go-sipsimple/callflow/sipsimple/internal/udp"
)

func opened(t *testing.T, network, at string) (*udp.Conn, netip.AddrPort) {
	t.Helper()
	socket, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		t.Skipf("needs %s on the loopback interface: 1 part of a test is skipped", network)
	}
	t.Cleanup(func() { _ = socket.Close() })
	conn, err := udp.Of(socket)
	if err != nil {
		t.Fatal(err)
	}
	return conn, socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

func exchange(t *testing.T, from *udp.Conn, source netip.AddrPort, to *udp.Conn, target netip.AddrPort) {
	t.Helper()
	for _, text := range []string{"one", "", "three"} {
		if err := from.WriteTo([]byte(text), target); err != nil {
			t.Fatal(err)
		}
		var space [100]byte
		n, sender, err := to.ReadFrom(space[:])
		if err != nil || string(space[:n]) != text || netip.AddrPortFrom(sender.Addr().Unmap(), sender.Port()) != source {
			t.Fatalf("%q from %v, %v, want %q from %v", space[:n], sender, err, text, source)
		}
	}
}

func TestBothFamilies(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			a, from := opened(t, "udp", at)
			b, to := opened(t, "udp", at)
			exchange(t, a, from, b, to)
			exchange(t, b, to, a, from)
		})
	}
	t.Run("of one socket", func(t *testing.T) {
		a, from := opened(t, "udp4", "127.0.0.1:0")
		b, bound := opened(t, "udp", "[::]:0")
		to := netip.AddrPortFrom(from.Addr(), bound.Port())
		exchange(t, a, from, b, to)
		exchange(t, b, to, a, from)
	})
}

func TestErrors(t *testing.T) {
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := udp.Of(socket)
	if err != nil {
		t.Fatal(err)
	}
	here := socket.LocalAddr().(*net.UDPAddr).AddrPort()
	if err := conn.WriteTo(make([]byte, 70_000), here); err == nil || !strings.Contains(err.Error(), here.String()) {
		t.Errorf("a datagram that is too long: %v, want an error with both addresses", err)
	}
	if err := conn.WriteTo([]byte("x"), netip.MustParseAddrPort("[::1]:9")); err == nil {
		t.Error("sent to IPv6 from IPv4")
	}
	if err := conn.WriteTo([]byte("x"), netip.AddrPort{}); err == nil {
		t.Error("sent to nowhere")
	}
	ended := make(chan error)
	go func() {
		_, _, err := conn.ReadFrom(make([]byte, 10))
		ended <- err
	}()
	_ = socket.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading while the socket is closed: %v", err)
	}
	if err := conn.WriteTo([]byte("x"), here); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing on a closed socket: %v", err)
	}
}

// TestOthersHaveTurns: a socket at which something has always arrived leaves the only
// processor to others now and then.
func TestOthersHaveTurns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	conn, here := opened(t, "udp", "127.0.0.1:0")
	over := make(chan struct{})
	var space [10]byte
	read := 0
	go func() { close(over) }()
	for running := true; running; read++ {
		if err := conn.WriteTo([]byte("x"), here); err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.ReadFrom(space[:]); err != nil {
			t.Fatal(err)
		}
		select {
		case <-over:
			running = false
		default:
		}
	}
	if read > 2*udp.Turn {
		t.Errorf("%d datagrams before another goroutine had a turn", read)
	}
}
