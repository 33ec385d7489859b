package streams_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/go-sipsimple/callflow/simnet"
	"github.com/go-sipsimple/callflow/sipsimple/streams"
)

// tapped remembers the last RTP packet of a host.
type tapped struct {
	mu   sync.Mutex
	last []byte
}

func (p *tapped) packet() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]byte(nil), p.last...)
}

// listen opens a socket on a new host, and counts what comes there.
func listen(t *testing.T, n *simnet.Network, name string) (net.PacketConn, func() int) {
	host, err := n.Host(name, netip.Addr{})
	check(t, err)
	conn, err := host.ListenPacket("udp", ":7000")
	check(t, err)
	var mu sync.Mutex
	packets := 0
	conn.(*simnet.UDPConn).SetReceiver(func([]byte, netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		packets++
	})
	return conn, func() int {
		mu.Lock()
		defer mu.Unlock()
		return packets
	}
}

// Who sends from another address is followed after ten packets in a row that could be the peer's, and no sooner; sound
// goes back to the right address as soon as something comes from there.
func TestWanderer(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(packet []byte, i int)
		packets int
		silent  bool // the peer sends nothing meanwhile
		follows bool
		call    options
	}{
		"nine packets":                {func([]byte, int) {}, 9, true, false, options{}},
		"ten packets":                 {func([]byte, int) {}, 10, true, true, options{}},
		"while the peer sends":        {func([]byte, int) {}, 40, false, false, options{}},
		"of another source":           {func(p []byte, i int) { p[8] ^= byte(1 - min(i, 1)) }, 40, true, false, options{}},
		"of another payload type":     {func(p []byte, _ int) { p[1] = 77 }, 40, true, false, options{}},
		"the same again and again":    {func(p []byte, i int) { binary.BigEndian.PutUint16(p[2:], 7) }, 40, true, false, options{}},
		"going backwards":             {func(p []byte, i int) { binary.BigEndian.PutUint16(p[2:], uint16(1000-i)) }, 40, true, false, options{}},
		"not RTP":                     {func(p []byte, _ int) { p[0] = 0x40 }, 40, true, false, options{}},
		"RTCP":                        {func(p []byte, _ int) { p[1] = 200 }, 40, true, false, options{}},
		"forged in an encrypted call": {func([]byte, int) {}, 40, true, false, options{srtp: streams.EncryptionMandatory, sip: "tls"}},
		"in a call with ICE":          {func([]byte, int) {}, 40, true, false, options{ice: true}},
		"with a gap, as after loss":   {func(p []byte, i int) { binary.BigEndian.PutUint16(p[2:], uint16(3*i)) }, 10, true, true, options{}},
	} {
		t.Run(name, func(t *testing.T) {
			withCall(t, c.call, func(n *simnet.Network, alice, bob *party) {
				var tap tapped
				n.Tap(func(p simnet.Packet) {
					if p.From == "alice" && p.Kind().Is("rtp") {
						tap.mu.Lock()
						tap.last = p.Data
						tap.mu.Unlock()
					}
				})
				elsewhere, got := listen(t, n, "elsewhere")
				time.Sleep(500 * time.Millisecond)
				if c.silent {
					n.Cut("alice", "bob")
				}
				time.Sleep(time.Second)
				packet := tap.packet()
				seq := binary.BigEndian.Uint16(packet[2:])
				for i := range c.packets {
					binary.BigEndian.PutUint16(packet[2:], seq+uint16(i)+1)
					c.change(packet, i)
					_, err := elsewhere.WriteTo(packet, net.UDPAddrFromAddrPort(bob.audio().LocalRTPAddress()))
					check(t, err)
					time.Sleep(10 * time.Millisecond)
				}
				time.Sleep(200 * time.Millisecond)
				if followed := got() > 0; followed != c.follows {
					t.Errorf("followed: %v", followed)
				}
				n.Heal("alice", "bob")
				time.Sleep(100 * time.Millisecond)
				before := got()
				time.Sleep(time.Second)
				if now := got(); now != before {
					t.Errorf("%d packets still go elsewhere", now-before)
				}
				if r := bob.hears(alice, time.Second); r.SNR < 25 {
					t.Errorf("bob hears %+v", r)
				}
			})
		})
	}
}

// A peer whose SDP has an address behind its NAT is heard where its packets come from, and again after a re-INVITE with
// another codec, for which many devices begin another source.
func TestWandererChangesCodec(t *testing.T) {
	inLab(t, func(n *simnet.Network) {
		bob := newParty(t, n, "bob", options{}, 440)
		defer bob.close()
		inside, outside := newPeer(t, n, "inside", 4000), newPeer(t, n, "outside", 6000)
		defer inside.conn.Close()
		defer outside.conn.Close()
		var reports atomic.Int64
		n.Tap(func(p simnet.Packet) {
			if p.To == "outside" && p.Dst.Port() == 6001 {
				reports.Add(1)
			}
		})
		for i, payloadType := range []uint8{0, 8} {
			bob.answered(t, inside.offer(t, fmt.Sprintf("m=audio 4000 RTP/AVP %d\r\n", payloadType)))
			outside.got.Store(0)
			for seq := range uint16(50) {
				outside.send(t, bob, rtp.Header{SSRC: uint32(i), SequenceNumber: seq, Timestamp: 160 * uint32(seq), PayloadType: payloadType}, 160)
				time.Sleep(20 * time.Millisecond)
			}
			if got := outside.got.Load(); got < 38 || got > 41 {
				t.Errorf("codec %d: %d packets in the second in which 50 came from outside", payloadType, got)
			}
			time.Sleep(6 * time.Second)
			if reports.Swap(0) == 0 {
				t.Errorf("codec %d: RTCP does not follow", payloadType)
			}
			if s := bob.audio().Totals().RX; s.Packets != uint64(40*(i+1)) || s.Strangers != uint64(10*(i+1)) {
				t.Errorf("codec %d: %+v", payloadType, s)
			}
		}
	})
}
