package streams

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
)

// limit bounds the waits for what arrives at once.
const limit = 30 * time.Second

// reading is a socket of the system whose datagrams come on a channel.
type reading struct {
	*systemSocket
	came chan string
}

func opened(t *testing.T, r *SocketReader) *systemSocket {
	t.Helper()
	socket, err := r.listen(&stdnet.Net{}, netip.MustParseAddr("127.0.0.1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	return socket.(*systemSocket)
}

func (s *systemSocket) begin(t *testing.T, handle func([]byte, netip.AddrPort)) {
	t.Helper()
	if taken, err := s.reader.add(s, handle); !taken || err != nil {
		t.Fatal("the socket is not read:", taken, err)
	}
}

func newReading(t *testing.T, r *SocketReader) reading {
	t.Helper()
	s := reading{opened(t, r), make(chan string, 1000)}
	s.begin(t, func(data []byte, from netip.AddrPort) { s.came <- string(data) + " from " + from.String() })
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s reading) send(t *testing.T, to reading, text string) {
	t.Helper()
	if _, err := s.WriteToAddrPort([]byte(text), to.local); err != nil {
		t.Fatal(err)
	}
}

func (s reading) hears(t *testing.T, from reading, text string) {
	t.Helper()
	select {
	case got := <-s.came:
		if want := text + " from " + from.local.String(); got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	case <-time.After(limit):
		t.Fatalf("%q does not arrive", text)
	}
}

// TestSocketReader: every datagram reaches the handler of its socket, in order, and
// there is a goroutine for as long as there are sockets.
func TestSocketReader(t *testing.T) {
	r := &SocketReader{}
	for range 3 { // each time anew
		a, b := newReading(t, r), newReading(t, r)
		for _, text := range []string{"one", "two", "three"} {
			a.send(t, b, text)
			b.hears(t, a, text)
			b.send(t, a, text)
		}
		for _, text := range []string{"one", "two", "three"} {
			a.hears(t, b, text)
		}
		w := r.watch
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); !errors.Is(err, net.ErrClosed) {
			t.Fatal("closed twice:", err)
		}
		if _, err := a.WriteToAddrPort([]byte("x"), b.local); !errors.Is(err, net.ErrClosed) {
			t.Fatal("sent from a closed socket:", err)
		}
		b.send(t, a, "late")
		c := newReading(t, r)
		c.send(t, b, "four")
		b.hears(t, c, "four")
		_ = c.Close()
		select {
		case <-w.ended:
			t.Fatal("the reader has ended with a socket left")
		default:
		}
		_ = b.Close()
		select {
		case <-w.ended:
		default:
			t.Fatal("the reader has not ended with its last socket")
		}
		if r.watch != nil || len(a.came)+len(b.came) > 0 {
			t.Fatalf("left: watch %v, %d datagrams", r.watch, len(a.came)+len(b.came))
		}
	}
}

// TestSocketReaderAwaitsHandler: nothing is handled any more when Close returns,
// whatever arrives meanwhile.
func TestSocketReaderAwaitsHandler(t *testing.T) {
	r := &SocketReader{}
	from := newReading(t, r)
	for range 20 {
		socket := opened(t, r)
		var mu sync.Mutex
		closed := false
		began := make(chan struct{}, 100)
		socket.begin(t, func([]byte, netip.AddrPort) {
			began <- struct{}{}
			mu.Lock()
			defer mu.Unlock()
			if closed {
				t.Error("handled after Close")
			}
		})
		for range 100 {
			if _, err := from.WriteToAddrPort([]byte("x"), socket.local); err != nil {
				t.Fatal(err)
			}
		}
		<-began
		_ = socket.Close()
		mu.Lock()
		closed = true
		mu.Unlock()
	}
}

// TestSocketReaderSurvivesRefusals: an ICMP answer to what was sent is passed over.
func TestSocketReaderSurvivesRefusals(t *testing.T) {
	r := &SocketReader{}
	a, b := newReading(t, r), newReading(t, r)
	gone := newReading(t, r)
	_ = gone.Close()
	for range 3 {
		_, _ = a.WriteToAddrPort([]byte("x"), gone.local) // the answer to one is the error of the next
		b.send(t, a, "still")
		a.hears(t, b, "still")
	}
}

// TestSystemSocket: families are kept apart, a port that is taken is an error with its
// address, and what is not the system's network opens its sockets itself.
func TestSystemSocket(t *testing.T) {
	r := &SocketReader{}
	four := newReading(t, r)
	if _, err := four.WriteToAddrPort([]byte("x"), netip.MustParseAddrPort("[::1]:9")); err == nil {
		t.Error("sent to IPv6 from IPv4")
	}
	_, err := r.listen(&stdnet.Net{}, four.local.Addr(), int(four.local.Port()))
	if err == nil || !strings.Contains(err.Error(), four.local.String()) || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port that is taken: %v", err)
	}
	if socket, err := r.listen(struct{ transport.Net }{&stdnet.Net{}}, four.local.Addr(), 0); socket != nil || err != nil {
		t.Errorf("a network that is not the system: %v, %v", socket, err)
	}
	six, err := r.listen(&stdnet.Net{}, netip.IPv6Loopback(), 0)
	if err != nil {
		t.Skip("needs IPv6 on the loopback interface: 1 part of a test is skipped")
	}
	came := make(chan netip.AddrPort, 1)
	six.(*systemSocket).begin(t, func(_ []byte, from netip.AddrPort) { came <- from })
	at := six.(*systemSocket).local
	if err := sendTo(six, []byte("x"), at); err != nil {
		t.Fatal(err)
	}
	if from := <-came; from != at {
		t.Errorf("from %v, want %v", from, at)
	}
	_ = six.Close()
}
