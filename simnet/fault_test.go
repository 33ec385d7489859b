package simnet_test

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/go-sipsimple/callflow/simnet"
)

// parcel is a datagram as it arrived.
type parcel struct {
	text string
	at   time.Duration
}

// post sends the texts from alice to bob, an interval apart, and returns what bob gets and when, since the first was sent.
func post(t interface{ Fatal(...any) }, n *simnet.Network, every time.Duration, texts ...string) []parcel {
	alice, err := n.Host("alice", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	bob, err := n.Host("bob", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := alice.ListenPacket("udp", ":5060")
	if err != nil {
		t.Fatal(err)
	}
	in, err := bob.ListenPacket("udp", ":5060")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var got []parcel
	in.(*simnet.UDPConn).SetReceiver(func(data []byte, _ netip.AddrPort) {
		got = append(got, parcel{string(data), time.Since(start)})
	})
	dst := netip.AddrPortFrom(bob.Addr(), 5060)
	for _, text := range texts {
		out.(*simnet.UDPConn).WriteToAddrPort([]byte(text), dst)
		if every > 0 {
			time.Sleep(every)
		}
	}
	pass(10 * time.Second)
	return got
}

func texts(parcels []parcel) string {
	var all []string
	for _, p := range parcels {
		all = append(all, p.text)
	}
	return strings.Join(all, " ")
}

func numbers(count int) []string {
	var all []string
	for i := range count {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func TestFaultsHitTheMessageTheyName(t *testing.T) {
	isText := func(text string) func(*simnet.Packet) bool {
		return func(p *simnet.Packet) bool { return string(p.Data) == text }
	}
	for _, c := range []struct {
		name  string
		fault simnet.Fault
		send  string
		want  string
		hits  int
	}{
		{"drop", simnet.Fault{From: "alice", To: "bob", Match: isText("b")}, "a b c b", "a c", 2},
		{"drop first", simnet.Fault{Match: isText("b"), First: 1}, "a b c b", "a c b", 1},
		{"drop second", simnet.Fault{Match: isText("b"), Skip: 1, First: 1}, "a b c b b", "a b c b", 1},
		{"other direction", simnet.Fault{From: "bob"}, "a b", "a b", 0},
		{"duplicate", simnet.Fault{Match: isText("a"), Action: simnet.Duplicate}, "a b", "a a b", 1},
		{"duplicate later", simnet.Fault{Match: isText("a"), Action: simnet.Duplicate, By: time.Second}, "a b", "a b a", 1},
		{"delay", simnet.Fault{Match: isText("a"), Action: simnet.Delay, By: time.Second}, "a b", "b a", 1},
	} {
		inBubble(t, 1, func(n *simnet.Network) {
			h := n.AddFault(c.fault)
			got := texts(post(t, n, time.Millisecond, strings.Fields(c.send)...))
			if got != c.want || h.Hits() != c.hits || (h.Check() == nil) != (c.hits > 0) {
				t.Errorf("%s: got %q, %d hits, %v", c.name, got, h.Hits(), h.Check())
			}
		})
	}
}

func TestFaultsOfOneInstantAndTheirEnd(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		h := n.AddFault(simnet.Fault{Times: 2})
		if got := post(t, n, 0, "1", "2"); len(got) != 0 || h.Check() != nil {
			t.Errorf("got %v, %v", got, h.Check())
		}
		h.Remove()
		h.Remove()
		n.Lookup("alice").Close()
		n.Lookup("bob").Close()
		if got := post(t, n, 0, "3"); texts(got) != "3" || h.Hits() != 2 {
			t.Errorf("after Remove: %v", got)
		}
	})
}

func TestCorruptChangesOctetsAndTheTapTells(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		var seen []simnet.Packet
		remove := n.Tap(func(p simnet.Packet) { seen = append(seen, p) })
		n.AddFault(simnet.Fault{Action: simnet.Corrupt})
		got := post(t, n, 0, "some text that is long enough")
		if len(got) != 1 || got[0].text == string(seen[0].Data) || len(got[0].text) != len(seen[0].Data) || !seen[0].Corrupted {
			t.Errorf("got %v, tap %v", got, seen)
		}
		remove()
		n.Lookup("alice").Close()
		n.Lookup("bob").Close()
		if post(t, n, 0, "more"); len(seen) != 1 {
			t.Errorf("the tap goes on: %v", seen)
		}
	})
}

func TestTapTellsWhenAndWhat(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		start := time.Now()
		var lines []string
		n.Tap(func(p simnet.Packet) {
			arrives := p.Arrives.Sub(start)
			if p.Lost {
				arrives = 0
			}
			lines = append(lines, fmt.Sprint(p.From, ">", p.To, " ", string(p.Data), " ", p.Sent.Sub(start), " ", arrives, " ", p.Lost, " ", p.Copy))
			if time.Since(p.Sent) != 1 {
				t.Errorf("tapped %v after it was sent", time.Since(p.Sent))
			}
		})
		n.AddFault(simnet.Fault{Match: func(p *simnet.Packet) bool { return string(p.Data) == "2" }})
		n.AddFault(simnet.Fault{Match: func(p *simnet.Packet) bool { return string(p.Data) == "3" }, Action: simnet.Duplicate, By: time.Millisecond})
		post(t, n, 5*time.Millisecond, "1", "2", "3")
		want := []string{
			"alice>bob 1 0s 10ms false false", "alice>bob 2 5ms 0s true false",
			"alice>bob 3 10ms 20ms false false", "alice>bob 3 10ms 21ms false true",
		}
		if fmt.Sprint(lines) != fmt.Sprint(want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestTapOrderOfOneInstantIsThatOfTheHosts(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		var order []string
		n.TapSignalling(func(p simnet.Packet) { order = append(order, p.From+string(p.Data)) })
		var hosts []*simnet.Host
		for i := range 5 {
			hosts = append(hosts, mustHost(t, n, fmt.Sprint("h", i)))
		}
		for i := range hosts {
			from := hosts[len(hosts)-1-i]
			go func() {
				c, _ := from.Dial("udp", "h0:9")
				c.Write([]byte("a"))
				c.Write(append([]byte{0x80, 0}, make([]byte, 20)...)) // RTP
				c.Write([]byte("b"))
			}()
		}
		pass(time.Second)
		if got := strings.Join(order, " "); got != "h0a h0b h1a h1b h2a h2b h3a h3b h4a h4b" {
			t.Errorf("got %s", got)
		}
	})
}

func TestLinks(t *testing.T) {
	inBubble(t, 1, func(n *simnet.Network) {
		n.SetLink("", "", simnet.LinkConfig{Latency: time.Second})
		n.SetLink("ALICE", "bob", simnet.LinkConfig{Latency: 20 * time.Millisecond, Bandwidth: 8 * 29 * 10})
		got := post(t, n, 0, "a", "b", "c") // 29 octets with headers: 100 ms each
		for i, p := range got {
			if want := 20*time.Millisecond + time.Duration(i+1)*100*time.Millisecond; p.at.Truncate(time.Microsecond) != want {
				t.Errorf("%s arrived at %v, not %v", p.text, p.at, want)
			}
		}
		if cfg, cut := n.Link("bob", "alice"); cfg.Latency != time.Second || cut {
			t.Errorf("other direction: %+v %v", cfg, cut)
		}
		n.Cut("", "bob")
		n.Heal("alice", "bob")
		if _, cut := n.Link("carol", "bob"); !cut {
			t.Error("carol > bob is not cut")
		}
	})
	inBubble(t, 1, func(n *simnet.Network) {
		n.Cut("alice", "bob")
		time.AfterFunc(25*time.Millisecond, func() { n.Heal("", "") })
		if got := texts(post(t, n, 10*time.Millisecond, "0", "1", "2", "3", "4")); got != "3 4" {
			t.Errorf("got %q", got)
		}
	})
}

// TestLinkProperties: without duplication nothing arrives twice, without reordering everything arrives in order, what
// arrives was sent and takes the latency and at most the jitter, and the loss is what was asked for.
func TestLinkProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const count = 400
		cfg := simnet.LinkConfig{
			Latency:   time.Duration(rapid.Int64Range(1, 1e8).Draw(t, "latency")),
			Jitter:    time.Duration(rapid.Int64Range(0, 1e8).Draw(t, "jitter")),
			Loss:      rapid.SampledFrom([]float64{0, 0.1, 0.5, 1}).Draw(t, "loss"),
			Duplicate: rapid.SampledFrom([]float64{0, 0, 0.3}).Draw(t, "duplicate"),
			Reorder:   rapid.SampledFrom([]float64{0, 0, 0.3}).Draw(t, "reorder"),
		}
		every := time.Duration(rapid.Int64Range(0, 3e7).Draw(t, "every"))
		var got []parcel
		err := simnet.Bubble(func() {
			n := simnet.New(rapid.Uint64().Draw(t, "seed"))
			defer n.Close()
			n.SetLink("alice", "bob", cfg)
			got = post(t, n, every, numbers(count)...)
		})
		if err != nil {
			t.Fatal(err)
		}
		checkParcels(t, cfg, every, count, got)
	})
}

func checkParcels(t *rapid.T, cfg simnet.LinkConfig, every time.Duration, count int, got []parcel) {
	seen := make([]int, count)
	last := -1
	for _, p := range got {
		var number int
		fmt.Sscan(p.text, &number)
		if seen[number]++; seen[number] > 2 || seen[number] > 1 && cfg.Duplicate == 0 {
			t.Fatalf("%d has arrived %d times", number, seen[number])
		}
		if cfg.Reorder == 0 && number < last {
			t.Fatalf("%d has arrived after %d", number, last)
		}
		last = number
		took := p.at - time.Duration(number)*every
		longest := cfg.Latency + cfg.Jitter + 25*time.Millisecond + time.Millisecond
		if took < cfg.Latency || took > longest {
			t.Fatalf("%d took %v, link %+v", number, took, cfg)
		}
	}
	arrived := 0
	for _, times := range seen {
		arrived += min(times, 1)
	}
	lost := 1 - float64(arrived)/float64(count)
	if math.Abs(lost-cfg.Loss) > 0.15 {
		t.Fatalf("loss is %v, not %v", lost, cfg.Loss)
	}
}

// TestAnotherFaultDoesNotDisturbTheDice: what is lost by chance stays the same when a fault elsewhere is added.
func TestAnotherFaultDoesNotDisturbTheDice(t *testing.T) {
	run := func(more bool) (got string) {
		inBubble(t, 3, func(n *simnet.Network) {
			n.SetLink("alice", "bob", simnet.LinkConfig{Loss: 0.3})
			if more {
				n.AddFault(simnet.Fault{From: "bob", Rate: 0.5})
				n.Trace(&bytes.Buffer{})
			}
			got = texts(post(t, n, time.Millisecond, numbers(100)...))
		})
		return got
	}
	if with, without := run(true), run(false); with != without {
		t.Errorf("with %s\nwithout %s", with, without)
	}
}
