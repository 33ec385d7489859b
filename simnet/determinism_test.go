package simnet_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

// chat is a program of many goroutines that all speak at once: every host sends to every other over UDP, answers what it
// hears after a time that collides with the timers of the others, and talks over TCP, on a bad network with faults. It
// returns the trace of the network and what each host has heard.
func chat(seed uint64) (string, error) {
	var trace bytes.Buffer
	var heard []*bytes.Buffer
	err := simnet.Bubble(func() {
		n := simnet.New(seed)
		defer n.Close()
		n.SetLink("", "", simnet.LinkConfig{Loss: 0.05, Duplicate: 0.05, Reorder: 0.05, Corrupt: 0.02, Jitter: 2 * time.Millisecond})
		n.SetLink("h0", "h1", simnet.LinkConfig{Bandwidth: 200_000})
		n.AddFault(simnet.Fault{From: "h2", Rate: 0.3, First: 20})
		n.AddFault(simnet.Fault{To: "h3", Action: simnet.Delay, By: 40 * time.Millisecond, Rate: 0.2})
		n.Trace(&trace)
		var hosts []*simnet.Host
		for i := range 5 {
			h, err := n.Host(fmt.Sprintf("h%d", i), netip.Addr{})
			if err != nil {
				panic(err)
			}
			hosts = append(hosts, h)
			heard = append(heard, new(bytes.Buffer))
		}
		var wg sync.WaitGroup
		for i, h := range hosts {
			c := talker{host: h, others: hosts, log: heard[i], start: time.Now()}
			wg.Go(c.datagrams)
			wg.Go(c.serve)
			wg.Go(func() { c.stream(hosts[(i+1)%len(hosts)]) })
		}
		time.Sleep(3 * time.Second)
		n.Cut("h1", "")
		time.Sleep(time.Second)
		n.Heal("h1", "")
		time.Sleep(60 * time.Second)
		for _, h := range hosts {
			h.Close()
		}
		wg.Wait()
	})
	for _, b := range heard {
		trace.Write(b.Bytes())
	}
	return trace.String(), err
}

type talker struct {
	host   *simnet.Host
	others []*simnet.Host
	mu     sync.Mutex // guards log
	log    *bytes.Buffer
	start  time.Time
}

func (c *talker) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.log, "%v %s ", time.Since(c.start), c.host.Name())
	fmt.Fprintf(c.log, format+"\n", args...)
}

// datagrams sends to all at the same instants as everybody else, and answers each question.
func (c *talker) datagrams() {
	conn, err := c.host.ListenPacket("udp", ":5060")
	if err != nil {
		panic(err)
	}
	go func() {
		for i := range 30 {
			for _, o := range c.others {
				if o != c.host {
					fmt.Fprintf(to{conn, netip.AddrPortFrom(o.Addr(), 5060)}, "question %d", i)
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	buf := make([]byte, 2000)
	for {
		size, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		c.note("%v %q", from, buf[:size])
		if bytes.HasPrefix(buf[:size], []byte("question")) {
			answer := append([]byte("answer to "), buf[:size]...)
			time.AfterFunc(50*time.Millisecond, func() { conn.WriteTo(answer, from) })
		}
	}
}

// to writes datagrams to one address.
type to struct {
	conn net.PacketConn
	addr netip.AddrPort
}

func (t to) Write(b []byte) (int, error) { return t.conn.WriteTo(b, net.UDPAddrFromAddrPort(t.addr)) }

func (c *talker) serve() {
	l, err := c.host.ListenTCP("tcp", &net.TCPAddr{Port: 5061})
	if err != nil {
		panic(err)
	}
	conn, err := l.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	io.Copy(conn, conn)
}

func (c *talker) stream(peer *simnet.Host) {
	conn, err := c.host.Dial("tcp", netip.AddrPortFrom(peer.Addr(), 5061).String())
	if err != nil {
		c.note("dial: %v", err)
		return
	}
	defer conn.Close()
	lines := bufio.NewReader(conn)
	for i := range 20 {
		fmt.Fprintf(conn, "line %d\n", i)
		line, err := lines.ReadString('\n')
		c.note("%q %v", line, err)
		if err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// sameTraceRuns is how often the program runs on each number of processors.
var sameTraceRuns = 150

func TestSameSeedSameTrace(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	want, err := chat(1)
	if err != nil {
		t.Fatal(err)
	}
	if other, _ := chat(2); other == want {
		t.Fatal("another seed gives the same trace")
	}
	for _, procs := range []int{1, 2} {
		runtime.GOMAXPROCS(procs)
		for i := range sameTraceRuns {
			got, err := chat(1)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Fatalf("GOMAXPROCS %d, run %d: %s", procs, i, firstDifference(want, got))
			}
		}
	}
}

func firstDifference(want, got string) string {
	w, g := bufio.NewScanner(bytes.NewBufferString(want)), bufio.NewScanner(bytes.NewBufferString(got))
	for line := 1; ; line++ {
		more, other := w.Scan(), g.Scan()
		if w.Text() != g.Text() || more != other {
			return fmt.Sprintf("line %d\nfirst run %s\nthis run  %s", line, w.Text(), g.Text())
		}
		if !more {
			return "none"
		}
	}
}

func TestBubblesInParallel(t *testing.T) {
	want, err := chat(1)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got, err := chat(1); err != nil || got != want {
				t.Errorf("%v %s", err, firstDifference(want, got))
			}
		})
	}
	wg.Wait()
}
