package streams

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// limit bounds the waits for what arrives at once.
const limit = 30 * time.Second

// reading is a socket of the system whose datagrams come on a channel.
type reading struct {
	conn net.PacketConn
	came chan string
}

func newReading(t *testing.T, r *SocketReader) reading {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := reading{conn, make(chan string, 1000)}
	if !r.add(conn, func(data []byte, from netip.AddrPort) { s.came <- string(data) + " from " + from.String() }) {
		t.Fatal("the socket is not read")
	}
	return s
}

func (s reading) send(t *testing.T, to reading, text string) {
	t.Helper()
	if _, err := s.conn.WriteTo([]byte(text), to.conn.LocalAddr()); err != nil {
		t.Fatal(err)
	}
}

func (s reading) hears(t *testing.T, from reading, text string) {
	t.Helper()
	select {
	case got := <-s.came:
		if want := text + " from " + from.conn.LocalAddr().String(); got != want {
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
		r.remove(a.conn)
		r.remove(a.conn)
		b.send(t, a, "late")
		a.send(t, b, "four")
		b.hears(t, a, "four")
		select {
		case <-w.ended:
			t.Fatal("the reader has ended with a socket left")
		default:
		}
		r.remove(b.conn)
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

// TestSocketReaderAwaitsHandler: nothing is handled any more when remove returns,
// whatever arrives meanwhile.
func TestSocketReaderAwaitsHandler(t *testing.T) {
	r := &SocketReader{}
	from := newReading(t, r)
	for range 20 {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		removed := false
		began := make(chan struct{}, 100)
		if !r.add(conn, func([]byte, netip.AddrPort) {
			began <- struct{}{}
			mu.Lock()
			defer mu.Unlock()
			if removed {
				t.Error("handled after remove")
			}
		}) {
			t.Fatal("the socket is not read")
		}
		for range 100 {
			if _, err := from.conn.WriteTo([]byte("x"), conn.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		<-began
		r.remove(conn)
		mu.Lock()
		removed = true
		mu.Unlock()
		_ = conn.Close()
	}
	r.remove(from.conn)
}

// TestSocketReaderSurvivesRefusals: an ICMP answer to what was sent is passed over.
func TestSocketReaderSurvivesRefusals(t *testing.T) {
	r := &SocketReader{}
	a, b := newReading(t, r), newReading(t, r)
	gone := newReading(t, r)
	r.remove(gone.conn)
	nowhere := gone.conn.LocalAddr()
	_ = gone.conn.Close()
	for range 3 {
		_, _ = a.conn.WriteTo([]byte("x"), nowhere) // the answer to one is the error of the next
		b.send(t, a, "still")
		a.hears(t, b, "still")
	}
	r.remove(a.conn)
	r.remove(b.conn)
}
