package resolver

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// heard is a socket to which packets have come.
type heard struct {
	net.PacketConn // nil: nothing else is called
	from           []netip.AddrPort
	data           []byte
}

func (h *heard) SetReadDeadline(time.Time) error { return nil }

// ReadFrom gives the same data from one sender after the other.
func (h *heard) ReadFrom(p []byte) (int, net.Addr, error) {
	if len(h.from) == 0 {
		return 0, nil, net.ErrClosed
	}
	from := h.from[0]
	h.from = h.from[1:]
	return copy(p, h.data), net.UDPAddrFromAddrPort(from), nil
}

// An answer counts if it comes from a server that may have been asked (RFC 5452
// section 9.1).
func TestAnswerOfAStranger(t *testing.T) {
	q := question{"x.test.", typeA}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, Response: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("x.test."), Type: typeA, Class: dnsmessage.ClassINET}},
	}
	data, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	server := netip.MustParseAddrPort("192.0.2.53:53")
	conn := &heard{from: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.66:53"), netip.MustParseAddrPort("192.0.2.53:54"), server}, data: data}
	x := &exchange{q: q, id: 7, servers: []netip.AddrPort{server}}
	if _, from, err := x.listen(conn, time.Time{}); err != nil || from != server {
		t.Errorf("taken from %v, %v", from, err)
	}
}

// Of what comes along with an answer only that is used which it leads to.
func TestWhatComesAlong(t *testing.T) {
	s := &session{extra: map[question][]record{}}
	a, evil := question{"a.test.", typeA}, question{"bank.test.", typeA}
	s.keepExtra([]record{{target: "a.test."}}, []record{{question: a}, {question: evil}})
	if len(s.extra[a]) != 1 || len(s.extra[evil]) != 0 {
		t.Errorf("kept %v", s.extra)
	}
}

// What is remembered is forgotten with its shortest time to live, and after an hour
// at the latest.
func TestRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			ttls []uint32
			want time.Duration
		}{{[]uint32{60, 30, 90}, 30 * time.Second}, {[]uint32{1 << 31}, time.Hour}, {[]uint32{60, 0}, 0}} {
			r := &Resolver{cache: map[question]cached{}}
			q := question{"a.test.", typeA}
			var records []record
			for _, ttl := range c.ttls {
				records = append(records, record{question: q, ttl: ttl})
			}
			r.remember(q, records)
			lasts := time.Duration(0)
			if kept, ok := r.cache[q]; ok {
				lasts = time.Until(kept.until)
			}
			if lasts != c.want {
				t.Errorf("%v: remembered for %v, want %v", c.ttls, lasts, c.want)
			}
		}
	})
}

// A lot is a number from 0 to the sum of the weights, both included (RFC 2782);
// the sum may be 0.
func TestLots(t *testing.T) {
	for last, want := range map[byte]uint32{0: 0, 1: 1, 2: 2, 3: 0} {
		r := &Resolver{cfg: Config{Rand: bytes.NewReader([]byte{0, 0, 0, 0, 0, 0, 0, last})}}
		if got := r.lots()(2); got != want {
			t.Errorf("%d: lot %d, want %d", last, got, want)
		}
	}
	r := &Resolver{cfg: Config{Rand: bytes.NewReader(make([]byte, 8))}}
	if got := r.lots()(0); got != 0 {
		t.Errorf("lot %d of nothing", got)
	}
}

// The outcome of a probe that another change of the network has overtaken is void.
func TestProbeOvertaken(t *testing.T) {
	one, two := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53")}, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.2:53")}
	m := managerMachine{probing: true, public: one}
	first := m.networkChanged(one).probe
	second := m.networkChanged(two).probe
	if out := m.probed(first.round, true); out != (managerOutput{}) {
		t.Errorf("an old answer: %+v", out)
	}
	if out := m.timer(first.round); out != (managerOutput{}) {
		t.Errorf("an old timer: %+v", out)
	}
	if out := m.probed(second.round, true); !out.initialized || m.current[0] != two[0] {
		t.Errorf("%+v, in use %v", out, m.current)
	}
}
