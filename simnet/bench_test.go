package simnet_test

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/go-sipsimple/callflow/simnet"
)

// The clock inside a bubble is virtual: the benchmarks' own must not be touched there.

// media is an RTP packet of 20 ms of G.711.
func media() []byte {
	data := make([]byte, 172)
	data[0], data[1] = 0x80, 0
	return data
}

func benchmarkHosts(b *testing.B, n *simnet.Network, name string) *simnet.UDPConn {
	h, err := n.Host(name, netip.Addr{})
	if err != nil {
		b.Fatal(err)
	}
	c, err := h.ListenPacket("udp", h.Addr().String()+":4000")
	if err != nil {
		b.Fatal(err)
	}
	return c.(*simnet.UDPConn)
}

func address(c *simnet.UDPConn) netip.AddrPort {
	return netip.MustParseAddrPort(c.LocalAddr().String())
}

// BenchmarkPipe sends media one way, 100 packets at a time, to a function that is called.
func BenchmarkPipe(b *testing.B) {
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		from, to := benchmarkHosts(b, n, "from"), benchmarkHosts(b, n, "to")
		got := 0
		to.SetReceiver(func([]byte, netip.AddrPort) { got++ })
		data, dst := media(), address(to)
		b.ReportAllocs()
		for i := range b.N {
			from.WriteToAddrPort(data, dst)
			if i%100 == 99 {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		if got != b.N {
			b.Errorf("%d of %d packets have arrived", got, b.N)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

// BenchmarkReader is one packet at a time to a blocked reader, each in an instant of its own.
func BenchmarkReader(b *testing.B) {
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		from, to := benchmarkHosts(b, n, "from"), benchmarkHosts(b, n, "to")
		done := make(chan int)
		go func() {
			got, buf := 0, make([]byte, 2000)
			for {
				if _, _, err := to.ReadFromUDPAddrPort(buf); err != nil {
					done <- got
					return
				}
				got++
			}
		}()
		data, dst := media(), address(to)
		b.ReportAllocs()
		for i := range b.N {
			from.WriteToAddrPort(data, dst)
			if i%100 == 99 {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		to.Close()
		if got := <-done; got != b.N {
			b.Errorf("%d of %d packets have arrived", got, b.N)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

// BenchmarkCalls is G.711 both ways between pairs of hosts, one clock for all; one operation is one second of one call.
func BenchmarkCalls(b *testing.B) {
	for _, calls := range []int{1, 10, 100} {
		b.Run(strconv.Itoa(calls), func(b *testing.B) { benchmarkCalls(b, calls) })
	}
}

func benchmarkCalls(b *testing.B, calls int) {
	err := simnet.Bubble(func() {
		n := simnet.New(1)
		defer n.Close()
		type end struct {
			conn *simnet.UDPConn
			dst  netip.AddrPort
		}
		var ends []end
		got := 0
		for i := range calls {
			x, y := benchmarkHosts(b, n, "x"+strconv.Itoa(i)), benchmarkHosts(b, n, "y"+strconv.Itoa(i))
			x.SetReceiver(func([]byte, netip.AddrPort) { got++ })
			y.SetReceiver(func([]byte, netip.AddrPort) { got++ })
			ends = append(ends, end{x, address(y)}, end{y, address(x)})
		}
		data := media()
		b.ReportAllocs()
		clock := time.NewTicker(20 * time.Millisecond)
		ticks := max(b.N*50/calls, 1)
		for range ticks {
			<-clock.C
			for _, e := range ends {
				e.conn.WriteToAddrPort(data, e.dst)
			}
		}
		clock.Stop()
		time.Sleep(time.Second)
		if got != ticks*len(ends) {
			b.Errorf("%d of %d packets have arrived", got, ticks*len(ends))
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "call-s/s")
}
