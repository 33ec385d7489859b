package streams_test

import (
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

const allDigits = "0123456789*#ABCD"

func (p *party) dial(digits string) {
	for _, d := range digits {
		check(p.t, p.audio().SendDTMF(string(d)))
	}
}

// dialled is what was posted since the last call, as digits.
func (p *party) dialled() string {
	var digits strings.Builder
	for _, text := range p.take() {
		if digit, ok := strings.CutPrefix(text, "AudioStreamGotDTMF "); ok {
			digits.WriteString(digit)
		}
	}
	return digits.String()
}

// TestDTMFOnTheWire is P25: type, timestamp, marker, duration, end.
func TestDTMFOnTheWire(t *testing.T) {
	withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
		var mu sync.Mutex
		events := map[uint32][]rtp.Packet{}
		var order []uint32
		var last *rtp.Packet
		n.Tap(func(p simnet.Packet) {
			if p.From != "alice" || p.Src.Port()%2 == 1 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			var packet rtp.Packet
			check(t, packet.Unmarshal(p.Data))
			if last != nil && packet.SequenceNumber != last.SequenceNumber+1 {
				t.Errorf("packet %d after %d", packet.SequenceNumber, last.SequenceNumber)
			}
			last = &packet
			if packet.PayloadType == 101 {
				if events[packet.Timestamp] == nil {
					order = append(order, packet.Timestamp)
				}
				events[packet.Timestamp] = append(events[packet.Timestamp], packet)
			}
		})
		alice.dial(allDigits)
		time.Sleep(6 * time.Second)
		mu.Lock()
		seen, count := slices.Clone(order), maps.Clone(events)
		mu.Unlock() // the tap must not wait while time passes
		if len(seen) != len(allDigits) {
			t.Fatalf("%d events, want %d", len(seen), len(allDigits))
		}
		for i, timestamp := range seen {
			packets := count[timestamp]
			ends := 0
			for j, p := range packets {
				duration := int(p.Payload[2])<<8 | int(p.Payload[3])
				if int(p.Payload[0]) != i || p.Payload[1]&0x3F != 10 || p.Marker != (j == 0) || duration != min(j+1, 10)*160 {
					t.Errorf("event %d, packet %d: marker %t, payload % x", i, j, p.Marker, p.Payload)
				}
				ends += int(p.Payload[1] >> 7)
			}
			if len(packets) != 12 || ends != 3 {
				t.Errorf("event %d has %d packets, %d with the end", i, len(packets), ends)
			}
		}
		if got := bob.dialled(); got != allDigits {
			t.Errorf("bob got %s", got)
		}
		if r := bob.hears(alice, time.Second); r.SNR < 35 || r.LongestGap > 0 {
			t.Errorf("after the digits bob hears %+v", r)
		}
		if s := bob.audio().Totals().RX; s.Lost+s.Discarded+s.Unplayable != 0 {
			t.Errorf("statistics %+v", s)
		}
		begin := time.Now()
		alice.dial("1") // a gap of its length is nothing lost, and nothing to be concealed
		time.Sleep(time.Second)
		if s := bob.audio().Totals().RX; s.Lost+s.Discarded != 0 {
			t.Errorf("after a single digit: %+v", s)
		}
		quiet := 0
		for _, s := range bob.sound.Heard(begin, time.Now()) {
			if s == 0 {
				quiet++
			}
		}
		if quiet < 230*8 {
			t.Errorf("%d ms are silent in the place of a digit of 240 ms", quiet/8)
		}
	})
}

// TestDTMFUnderFaults is P26: once and in order, whatever the network does.
func TestDTMFUnderFaults(t *testing.T) {
	for name, link := range map[string]simnet.LinkConfig{
		"clean":     {Latency: 10 * time.Millisecond},
		"loss 20 %": {Latency: 10 * time.Millisecond, Loss: 0.2},
		"loss 50 %": {Latency: 10 * time.Millisecond, Loss: 0.5},
		"doubled":   {Latency: 10 * time.Millisecond, Duplicate: 0.5},
		"disorder":  {Latency: 10 * time.Millisecond, Reorder: 0.3, Jitter: 60 * time.Millisecond},
		"all":       {Latency: 10 * time.Millisecond, Reorder: 0.2, Jitter: 30 * time.Millisecond, Duplicate: 0.3, Loss: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			withCall(t, options{}, func(n *simnet.Network, alice, bob *party) {
				n.SetLink("alice", "bob", link)
				const digits = "11223344*#AABBCC0099DD555"
				alice.dial(digits)
				time.Sleep(10 * time.Second)
				if got := bob.dialled(); got != digits {
					t.Errorf("bob got %s, want %s", got, digits)
				}
			})
		})
	}
}

// TestDTMFRules: state, digits, the length of the queue.
func TestDTMFRules(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		alice, bob := newParty(t, n, "alice", options{}), newParty(t, n, "bob", options{})
		defer alice.close()
		defer bob.close()
		idle := streams.NewAudioStream(alice.env)
		if err := idle.SendDTMF("1"); !isIllegal(err) {
			t.Errorf("before the start: %v", err)
		}
		idle.End()
		establish(t, alice, bob)
		for _, wrong := range []string{"", "a", "12", "E", "١", " "} {
			if err := alice.audio().SendDTMF(wrong); !errors.Is(err, streams.ErrNoDigit) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		alice.dial(strings.Repeat("7", 40))
		time.Sleep(12 * time.Second)
		if got := bob.dialled(); got != strings.Repeat("7", 31) {
			t.Errorf("of 40 digits at once bob got %d", len(got))
		}
		alice.stream.End()
		if err := alice.audio().SendDTMF("1"); !isIllegal(err) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestDTMFNotUnderstood: nothing is sent to a peer without events, nor an event
// that it does not list.
func TestDTMFNotUnderstood(t *testing.T) {
	for _, test := range []struct{ formats, want string }{
		{"0\r\n", ""},
		{"0 97\r\na=rtpmap:97 telephone-event/48000\r\n", ""},
		{"0 97\r\na=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-9\r\n", "12"},
		{"0 97\r\na=rtpmap:97 telephone-event/8000\r\na=fmtp:97 1,11-15,x-,300\r\n", "1#D"},
		{"0 97\r\na=rtpmap:97 TELEPHONE-EVENT/8000\r\n", "12#D"},
	} {
		inLab(t, func(n *simnet.Network) {
			bob := newParty(t, n, "bob", options{})
			defer bob.close()
			p := newPeer(t, n, "p", 4000)
			defer p.conn.Close()
			var mu sync.Mutex
			got := ""
			n.Tap(func(packet simnet.Packet) {
				mu.Lock()
				defer mu.Unlock()
				if packet.Src.Port()%2 == 0 && packet.Data[1]&0x80 != 0 && packet.Data[1]&0x7F == 97 {
					got += string(allDigits[packet.Data[12]])
				}
			})
			bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP "+test.formats))
			bob.dial("12#D")
			time.Sleep(2 * time.Second)
			mu.Lock()
			defer mu.Unlock()
			if got != test.want {
				t.Errorf("%q: sent %q, want %q", test.formats, got, test.want)
			}
		})
	}
}

// TestDTMFGivenUp: what waits is not sent to a peer that takes no events any more.
func TestDTMFGivenUp(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		sent := watchPackets(t, n, "bob")
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n"))
		bob.dial("12345")
		time.Sleep(100 * time.Millisecond)
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0\r\n"))
		before := len(sent.all())
		time.Sleep(time.Second)
		list := sent.all()
		if list[before-1].PayloadType != 97 || len(list) < before+48 {
			t.Fatalf("%d packets, %d before the change, of them the last %+v", len(list), before, list[before-1].Header)
		}
		for i, packet := range list[before:] {
			if packet.PayloadType != 0 || len(packet.Payload) != 160 {
				t.Fatalf("packet %d after the change: %+v, %d octets", i, packet.Header, len(packet.Payload))
			}
		}
	})
}

// TestOddEvents: damaged and unknown events are no digits; a sender that begins
// anew is heard.
func TestOddEvents(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{})
		defer bob.close()
		p := newPeer(t, n, "p", 4000)
		defer p.conn.Close()
		bob.answered(t, p.offer(t, "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n"))
		to := net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress())
		sequence := uint16(65530)
		send := func(ssrc, timestamp uint32, payload ...byte) {
			packet := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 97, SequenceNumber: sequence, Timestamp: timestamp, SSRC: ssrc}, Payload: payload}
			sequence++
			data, err := packet.Marshal()
			check(t, err)
			_, err = p.conn.WriteTo(data, to)
			check(t, err)
			time.Sleep(20 * time.Millisecond)
		}
		send(1, 1<<32-10, 1, 10, 0, 160)
		send(1, 1<<32-10, 1, 0x8A, 1, 64)
		send(1, 5, 2)             // too short
		send(1, 5, 16, 10, 0, 16) // no digit: a flash
		send(1, 50, 255, 255, 255, 255)
		send(1, 700, 2, 0x8A, 0, 16)        // only the end of it
		send(1, 1600, 2, 10, 0xFF, 0xFF)    // the same key again
		send(1, 1600+0xFFFF, 2, 10, 0, 160) // still held down
		send(2, 1600+0xFFFF, 3, 10, 0, 160) // another source, which happens to be as far
		sequence = 30000
		send(2, 10, 4, 10, 0, 160) // restarted
		send(2, 10, 4, 10, 0, 160)
		if got := bob.dialled(); got != "12234" {
			t.Errorf("bob got %s", got)
		}
		if s := bob.audio().Totals().RX; s.Malformed != 1 || s.Packets != 11 {
			t.Errorf("statistics %+v", s)
		}
	})
}
